/// Parses one JSON text (RFC 8259), with the `NaN` and `Infinity` that Python writes.
///
/// Objects and lists stand at most ``depth`` inside each other and no object has a key twice. Complexity: O(bytes).
struct JSONParser {
  /// What is wrong with the text, and where.
  struct Fault: Error, Hashable {
    var offset: Int
    var why: String
  }

  /// Objects and lists inside each other.
  static let depth = 24

  private let bytes: [UInt8]
  private var index = 0

  /// The value that `bytes`, UTF-8, are.
  static func parse(_ bytes: [UInt8]) throws(Fault) -> JSONNode {
    var parser = JSONParser(bytes: bytes)
    let node = try parser.value(depth: 0)
    parser.skipBlanks()
    guard parser.index == bytes.count else { throw Fault(offset: parser.index, why: "something follows the value") }
    return node
  }

  private init(bytes: [UInt8]) {
    self.bytes = bytes
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { index = 3 }
  }

  private var next: UInt8? { index < bytes.count ? bytes[index] : nil }

  private func fault(_ why: String) -> Fault { Fault(offset: index, why: why) }

  private mutating func skipBlanks() {
    while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { index += 1 }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    index += 1
    return true
  }

  private mutating func value(depth: Int) throws(Fault) -> JSONNode {
    skipBlanks()
    let start = index
    guard let byte = next else { throw fault("a value is missing") }
    guard depth < Self.depth else { throw fault("lists and objects stand more than \(Self.depth) deep") }
    let value: JSONValue
    switch byte {
    case UInt8(ascii: "{"): value = .object(try members(depth: depth))
    case UInt8(ascii: "["): value = .array(try elements(depth: depth))
    case UInt8(ascii: "\""): value = .string(try string())
    default: value = try bare()
    }
    return JSONNode(offset: start, value: value)
  }

  private mutating func members(depth: Int) throws(Fault) -> [JSONMember] {
    index += 1
    var members: [JSONMember] = []
    var keys: Set<String> = []
    skipBlanks()
    if take(UInt8(ascii: "}")) { return members }
    repeat {
      skipBlanks()
      let start = index
      guard next == UInt8(ascii: "\"") else { throw fault("a key in quotes is missing") }
      let key = try string()
      guard keys.insert(key).inserted else {
        throw Fault(offset: start, why: "the key \"\(key.prefix(40))\" stands here a second time")
      }
      skipBlanks()
      guard take(UInt8(ascii: ":")) else { throw fault("':' is missing") }
      members.append(JSONMember(key: key, offset: start, node: try value(depth: depth + 1)))
      skipBlanks()
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "}")) else { throw fault("',' or '}' is missing") }
    return members
  }

  private mutating func elements(depth: Int) throws(Fault) -> [JSONNode] {
    index += 1
    var elements: [JSONNode] = []
    skipBlanks()
    if take(UInt8(ascii: "]")) { return elements }
    repeat {
      elements.append(try value(depth: depth + 1))
      skipBlanks()
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "]")) else { throw fault("',' or ']' is missing") }
    return elements
  }

  private mutating func string() throws(Fault) -> String {
    index += 1
    var text: [UInt8] = []
    while let byte = next {
      index += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"): text += try escaped()
      case 0..<0x20:
        index -= 1
        throw fault("a text has a line break or another control character")
      default: text.append(byte)
      }
    }
    throw fault("a text is not closed")
  }

  private mutating func escaped() throws(Fault) -> [UInt8] {
    guard let byte = next else { throw fault("a text is not closed") }
    index += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0C]
    case UInt8(ascii: "n"): return [0x0A]
    case UInt8(ascii: "r"): return [0x0D]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "u"):
      var units = [try codeUnit()]
      if units[0] & 0xFC00 == 0xD800, take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) { units.append(try codeUnit()) }
      return Array(String(decoding: units, as: UTF16.self).utf8)
    default:
      index -= 1
      throw fault("'\\' is followed by no escape of JSON")
    }
  }

  private mutating func codeUnit() throws(Fault) -> UInt16 {
    guard index + 4 <= bytes.count,
      let unit = UInt16(String(decoding: bytes[index..<index + 4], as: UTF8.self), radix: 16)
    else { throw fault("\\u is followed by four hexadecimal digits") }
    index += 4
    return unit
  }

  /// A number or a word.
  private mutating func bare() throws(Fault) -> JSONValue {
    let start = index
    while let byte = next, Self.isBare(byte) { index += 1 }
    let text = String(decoding: bytes[start..<index], as: UTF8.self)
    switch text {
    case "null": return .null
    case "true": return .bool(true)
    case "false": return .bool(false)
    case "NaN": return .number(.nan)
    case "Infinity": return .number(.infinity)
    case "-Infinity": return .number(-.infinity)
    default: break
    }
    let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
    let isNumber = digits.utf8.allSatisfy { $0 <= 0x39 || $0 == UInt8(ascii: "e") || $0 == UInt8(ascii: "E") }
    if let first = digits.utf8.first, (0x30...0x39).contains(first), isNumber, text.utf8.count <= 400 {
      if let whole = Int(text) { return .integer(whole) }
      if let number = Double(text) { return .number(number) }
    }
    throw Fault(offset: start, why: "'\(text.prefix(40))' is no value of JSON")
  }

  private static func isBare(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."): true
    default: false
    }
  }
}
