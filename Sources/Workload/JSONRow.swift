/// One line of JSON: where the values of three keys stand.
///
/// Reads no more of JSON than it must: values of other keys are skipped by their brackets and quotes.
struct JSONRow {
  /// The bytes of each value, in the order of the keys.
  private(set) var values = (0..<0, 0..<0, 0..<0)

  private let line: UnsafeBufferPointer<UInt8>
  private var index = 0

  /// The places of `keys`, three of them, in the object that `line` is.
  /// - Throws: a fault where the line is no object, or has a key twice or not at all.
  init(_ line: UnsafeBufferPointer<UInt8>, keys: [String]) throws(TraceField.Fault) {
    self.line = line
    var found = [false, false, false]
    try expect(UInt8(ascii: "{"))
    repeat {
      skipBlanks()
      let keyStart = index
      try skipString()
      let key = TraceField(line, keyStart + 1, index - 1)
      try expect(UInt8(ascii: ":"))
      skipBlanks()
      let start = index
      try skipValue()
      guard let place = keys.firstIndex(where: { key.equals($0) }) else { continue }
      guard !found[place] else {
        throw TraceField.Fault(
          offset: keyStart, what: "the row has the key \(keys[place]) twice", why: "only one of them can be meant",
          fix: "delete one")
      }
      found[place] = true
      switch place {
      case 0: values.0 = start..<index
      case 1: values.1 = start..<index
      default: values.2 = start..<index
      }
    } while try continues()
    skipBlanks()
    guard index == line.count else { throw malformed("something follows the object") }
    if let missing = found.firstIndex(of: false) {
      throw TraceField.Fault(
        offset: 0, what: "the row has no key \(keys[missing])",
        why: "every row has the keys \(keys.joined(separator: ", "))", fix: "add the key, or drop the row")
    }
  }

  private func malformed(_ what: String) -> TraceField.Fault {
    TraceField.Fault(
      offset: index, what: what, why: "every line is one JSON object", fix: "write the row as one JSON object")
  }

  private mutating func skipBlanks() {
    while index < line.count, TraceField.isBlank(line[index]) { index += 1 }
  }

  private mutating func expect(_ byte: UInt8) throws(TraceField.Fault) {
    skipBlanks()
    guard index < line.count, line[index] == byte else {
      throw malformed("'\(String(UnicodeScalar(byte)))' is missing")
    }
    index += 1
  }

  /// Whether a comma follows, and not the end of the object.
  private mutating func continues() throws(TraceField.Fault) -> Bool {
    skipBlanks()
    if index < line.count, line[index] == UInt8(ascii: ",") {
      index += 1
      return true
    }
    try expect(UInt8(ascii: "}"))
    return false
  }

  private mutating func skipString() throws(TraceField.Fault) {
    try expect(UInt8(ascii: "\""))
    while index < line.count, line[index] != UInt8(ascii: "\"") {
      index += line[index] == UInt8(ascii: "\\") ? 2 : 1
    }
    guard index < line.count else {
      index = line.count
      throw malformed("a text is not closed")
    }
    index += 1
  }

  private mutating func skipValue() throws(TraceField.Fault) {
    var depth = 0
    repeat {
      guard index < line.count else { throw malformed("the object is not closed") }
      switch line[index] {
      case UInt8(ascii: "\""):
        try skipString()
        continue
      case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
      case UInt8(ascii: "]"), UInt8(ascii: "}"):
        if depth == 0 { return }
        depth -= 1
      case UInt8(ascii: ",") where depth == 0: return
      default: break
      }
      index += 1
    } while depth > 0 || index < line.count && line[index] != UInt8(ascii: ",") && line[index] != UInt8(ascii: "}")
  }
}
