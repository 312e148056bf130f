/// A place in one line of JSON.
///
/// Reads no more of JSON than it must: values that nobody asks for are skipped by their brackets and quotes, without
/// recursion.
struct JSONCursor {
  private let line: UnsafeBufferPointer<UInt8>
  private var index: Int
  private let end: Int

  /// The beginning of `range` of a line.
  init(_ line: UnsafeBufferPointer<UInt8>, _ range: Range<Int>? = nil) {
    self.line = line
    index = range?.lowerBound ?? 0
    end = range?.upperBound ?? line.count
  }

  /// Finds the values of an object that ends where the range does: `places[i]` becomes the range of bytes of key
  /// `names[i]`, or stays as it was where the object lacks the key.
  /// - Throws: a fault where there is no object, or it has a key twice.
  mutating func object(_ names: [[UInt8]], into places: inout [Range<Int>]) throws(TraceField.Fault) {
    try expect(UInt8(ascii: "{"))
    repeat {
      skipBlanks()
      let keyStart = index
      try skipString()
      let key = (keyStart + 1)..<(index - 1)
      try expect(UInt8(ascii: ":"))
      skipBlanks()
      let start = index
      try skipValue()
      guard let place = names.firstIndex(where: { equals(key, $0) }) else { continue }
      guard places[place] == TraceField.absent else {
        let name = String(decoding: names[place], as: UTF8.self)
        throw TraceField.Fault(
          offset: keyStart, what: "the row has the key \(name) twice", why: "only one of them can be meant",
          fix: "delete one")
      }
      places[place] = start..<index
    } while try continues()
    skipBlanks()
    guard index == end else { throw malformed("something follows the object") }
  }

  /// Calls `body` with the range of bytes of each element of an array that ends where the range does.
  /// - Throws: a fault where there is no array, and what `body` throws.
  mutating func elements(_ body: (Range<Int>) throws(TraceField.Fault) -> Void) throws(TraceField.Fault) {
    try expect(UInt8(ascii: "["))
    skipBlanks()
    if index < end, line[index] == UInt8(ascii: "]") { return }
    while true {
      skipBlanks()
      let start = index
      try skipValue()
      try body(start..<index)
      skipBlanks()
      guard index < end, line[index] == UInt8(ascii: ",") else { break }
      index += 1
    }
    try expect(UInt8(ascii: "]"))
  }

  /// The characters of a text: Unicode scalars, an escape counting as what it stands for.
  static func characters(_ line: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) throws(TraceField.Fault) -> Int {
    var cursor = JSONCursor(line, range)
    guard range.count >= 2, line[range.lowerBound] == UInt8(ascii: "\"") else {
      throw TraceField(line, range.lowerBound, range.upperBound).unexpected(
        at: range.lowerBound, wanted: "a text", fix: "write the value in quotes")
    }
    try cursor.skipString()
    var count = 0
    var index = range.lowerBound + 1
    while index < range.upperBound - 1 {
      if line[index] == UInt8(ascii: "\\") {
        // The second half of a pair of surrogates, \uDC00 to \uDFFF, belongs to the first.
        let isUnicode = index + 3 < range.upperBound && line[index + 1] == UInt8(ascii: "u")
        let isSecond =
          isUnicode && line[index + 2] | 0x20 == UInt8(ascii: "d") && line[index + 3] | 0x20 >= UInt8(ascii: "c")
        count += isSecond ? 0 : 1
        index += isUnicode ? 6 : 2
      } else {
        count += line[index] & 0xc0 == 0x80 ? 0 : 1
        index += 1
      }
    }
    return count
  }

  private func equals(_ range: Range<Int>, _ name: [UInt8]) -> Bool {
    guard range.count == name.count else { return false }
    for offset in 0..<name.count where line[range.lowerBound + offset] != name[offset] { return false }
    return true
  }

  private func malformed(_ what: String) -> TraceField.Fault {
    TraceField.Fault(
      offset: index, what: what, why: "every line is one JSON object", fix: "write the row as one JSON object")
  }

  private mutating func skipBlanks() {
    while index < end, TraceField.isBlank(line[index]) { index += 1 }
  }

  private mutating func expect(_ byte: UInt8) throws(TraceField.Fault) {
    skipBlanks()
    guard index < end, line[index] == byte else {
      throw malformed("'\(String(UnicodeScalar(byte)))' is missing")
    }
    index += 1
  }

  /// Whether a comma follows, and not the end of the object.
  private mutating func continues() throws(TraceField.Fault) -> Bool {
    skipBlanks()
    if index < end, line[index] == UInt8(ascii: ",") {
      index += 1
      return true
    }
    try expect(UInt8(ascii: "}"))
    return false
  }

  private mutating func skipString() throws(TraceField.Fault) {
    try expect(UInt8(ascii: "\""))
    while index < end, line[index] != UInt8(ascii: "\"") {
      index += line[index] == UInt8(ascii: "\\") ? 2 : 1
    }
    guard index < end else {
      index = end
      throw malformed("a text is not closed")
    }
    index += 1
  }

  private mutating func skipValue() throws(TraceField.Fault) {
    var depth = 0
    repeat {
      guard index < end else { throw malformed("the object is not closed") }
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
    } while depth > 0 || index < end && !Self.endsValue(line[index])
  }

  private static func endsValue(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]")
  }
}
