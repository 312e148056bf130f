/// One field of a line: bytes `start..<end`, without surrounding blanks.
struct TraceField {
  let line: UnsafeBufferPointer<UInt8>
  let start: Int
  let end: Int

  /// A field between two commas or the ends of the line; blanks at its edges are left out.
  init(_ line: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) {
    var (first, last) = (start, end)
    while first < last, Self.isBlank(line[first]) { first += 1 }
    while first < last, Self.isBlank(line[last - 1]) { last -= 1 }
    self.line = line
    self.start = first
    self.end = last
  }

  /// The place of a value that a row does not have.
  static let absent = -1 ..< -1

  /// A field that cannot be read: where in the line, from 0, and why.
  struct Fault: Error {
    var offset: Int
    var what: String
    var why: String
    var fix: String
  }

  /// The field as text, shortened to 40 bytes, unprintable bytes as `\xNN`.
  var text: String {
    var text = ""
    for index in start..<min(end, start + 40) {
      let byte = line[index]
      text +=
        byte >= 0x20 && byte < 0x7f
        ? String(UnicodeScalar(byte)) : "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
    return end - start > 40 ? text + "..." : text
  }

  /// The first byte; nil for an empty field.
  var first: UInt8? { start < end ? line[start] : nil }

  func equals(_ name: String) -> Bool { name.utf8.elementsEqual(line[start..<end]) }

  @inline(__always)
  static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

  /// The value of an ASCII digit, above 9 where `byte` is none.
  @inline(__always)
  static func digit(_ byte: UInt8) -> UInt8 { byte &- 0x30 }

  /// The fault of a field in which the byte at `offset` is not what its format wants.
  func unexpected(at offset: Int, wanted: String, fix: String) -> Fault {
    let what =
      start == end
      ? "the field is empty"
      : offset >= end ? "'\(text)' ends too early" : "'\(text)' is not \(wanted)"
    return Fault(offset: min(offset, end), what: what, why: "\(wanted) is expected here", fix: fix)
  }

  /// A whole number of tokens from 1 to `Request.tokenLimit`.
  @inline(__always)
  func tokens() throws(Fault) -> Int32 {
    let value = try tokensOrNone()
    guard value > 0 else {
      throw Fault(
        offset: start, what: "0 tokens", why: "every request has at least one prompt token and one output token",
        fix: "drop the row, which is probably a failed request")
    }
    return value
  }

  /// A whole number of tokens from 0 to `Request.tokenLimit`.
  @inline(__always)
  func tokensOrNone() throws(Fault) -> Int32 {
    var value: Int64 = 0
    var index = start
    while index < end {
      let digit = Self.digit(line[index])
      guard digit <= 9 else { throw badTokens(at: index) }
      value = value * 10 + Int64(digit)
      guard value <= Int64(Request.tokenLimit) else {
        throw Fault(
          offset: start, what: "\(text) tokens are too many",
          why: "a prompt or an output has at most \(Request.tokenLimit) tokens",
          fix: "check the column, or drop the row")
      }
      index += 1
    }
    guard start < end else { throw badTokens(at: start) }
    return Int32(value)
  }

  private func badTokens(at index: Int) -> Fault {
    unexpected(
      at: index, wanted: "a whole number of tokens",
      fix: "write digits only, from 1 to \(Request.tokenLimit), without sign, point or quotes")
  }

  /// A whole number from 0 to 2^64 - 1.
  func identity() throws(Fault) -> UInt64 {
    var value: UInt64 = 0
    var index = start
    while index < end {
      let digit = UInt64(Self.digit(line[index]))
      let (tens, over) = value.multipliedReportingOverflow(by: 10)
      let (next, carry) = tens.addingReportingOverflow(digit)
      guard digit <= 9, !over, !carry else { break }
      value = next
      index += 1
    }
    guard index == end, start < end else {
      throw unexpected(at: index, wanted: "a block's id", fix: "write ids as whole numbers from 0 to 2^64 - 1")
    }
    return value
  }
}
