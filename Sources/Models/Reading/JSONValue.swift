/// A JSON value as written.
enum JSONValue: Hashable, Sendable {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSONNode])
  case object([JSONMember])

  /// The value as an error message shows it, cut to 40 characters.
  var shown: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .string(let value): "\"\(value.prefix(40))\""
    case .array: "a list"
    case .object: "an object"
    }
  }

  /// Whether the value turns nothing on: null, false, zero, and what is empty.
  var isOff: Bool {
    switch self {
    case .null, .bool(false), .integer(0), .number(0), .string(""), .array([]), .object([]): true
    default: false
    }
  }
}

/// A JSON value and where it begins.
struct JSONNode: Hashable, Sendable {
  /// Bytes before it.
  var offset: Int
  /// The value.
  var value: JSONValue
}

/// A key of a JSON object and its value.
struct JSONMember: Hashable, Sendable {
  /// The key.
  var key: String
  /// Bytes before the key's quote.
  var offset: Int
  /// The value.
  var node: JSONNode
}
