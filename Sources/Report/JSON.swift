/// A JSON value whose objects keep the order of their keys.
public enum JSON: Hashable, Sendable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral
{
  case null
  case bool(Bool)
  case integer(Int)
  /// A number in the shortest decimal form that reads back equal; `null` where it is not finite.
  case number(Double)
  case string(String)
  case array([JSON])
  case object([Member])

  /// One key of an object and its value.
  public struct Member: Hashable, Sendable {
    /// The key.
    public var key: String
    /// The value.
    public var value: JSON

    /// A key and its value.
    public init(_ key: String, _ value: JSON) {
      self.key = key
      self.value = value
    }
  }

  /// A string.
  public init(stringLiteral value: String) { self = .string(value) }
  /// A whole number.
  public init(integerLiteral value: Int) { self = .integer(value) }
  /// An array.
  public init(arrayLiteral elements: JSON...) { self = .array(elements) }

  /// A number, or `null` for nil.
  public static func optional(_ value: Double?) -> JSON { value.map { .number($0) } ?? .null }

  /// The value as text over several lines, indented by two blanks; ends with a line feed.
  public var text: String {
    var text = ""
    write(to: &text, indent: "")
    return text + "\n"
  }

  private func write(to text: inout String, indent: String) {
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .integer(let value): text += String(value)
    case .number(let value): text += value.isFinite ? Self.shortest(value) : "null"
    case .string(let value): text += Self.quoted(value)
    case .array(let values):
      Self.write(values.count, "[", "]", indent, isFlat: values.allSatisfy(\.isScalar), to: &text) {
        values[$0].write(to: &$1, indent: indent + "  ")
      }
    case .object(let members):
      Self.write(members.count, "{", "}", indent, isFlat: false, to: &text) {
        $1 += Self.quoted(members[$0].key) + ": "
        members[$0].value.write(to: &$1, indent: indent + "  ")
      }
    }
  }

  private static func write(
    _ count: Int, _ open: String, _ close: String, _ indent: String, isFlat: Bool, to text: inout String,
    element: (Int, inout String) -> Void
  ) {
    text += open
    for index in 0..<count {
      if index > 0 { text += isFlat ? ", " : "," }
      if !isFlat { text += "\n" + indent + "  " }
      element(index, &text)
    }
    if count > 0, !isFlat { text += "\n" + indent }
    text += close
  }

  private var isScalar: Bool {
    switch self {
    case .array, .object: false
    default: true
    }
  }

  /// The shortest decimal form of a finite number; whole numbers without a point.
  static func shortest(_ value: Double) -> String {
    if value == value.rounded(), abs(value) < 1e15 { return String(Int64(value)) }
    return "\(value)"
  }

  private static func quoted(_ value: String) -> String {
    var text = "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case "\0"..<" ", "\u{7f}":
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "\""
  }
}
