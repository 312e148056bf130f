import Units

/// Lines of comma-separated values, gathered as bytes and handed on in pieces.
struct CSV: ~Copyable {
  /// Bytes that are gathered before they are handed on.
  private static let pieceBytes = 1 << 20

  private var bytes: [UInt8] = []
  private var isLineStart = true

  /// Lines under a header.
  init(_ header: [String]) {
    for name in header { add(name) }
    endLine()
  }

  /// Adds a text, in quotes where it needs them.
  mutating func add(_ text: String) {
    separate()
    guard text.utf8.contains(where: { $0 == 0x2c || $0 == 0x22 || $0 == 0x0a || $0 == 0x0d }) else {
      bytes += text.utf8
      return
    }
    bytes.append(0x22)
    for byte in text.utf8 {
      if byte == 0x22 { bytes.append(0x22) }
      bytes.append(byte)
    }
    bytes.append(0x22)
  }

  /// Adds a whole number.
  mutating func add(_ value: Int) {
    separate()
    append(value)
  }

  /// Adds a number in its shortest form; nothing for nil.
  mutating func add(_ value: Double?) {
    separate()
    if let value { bytes += JSON.shortest(value).utf8 }
  }

  /// Adds picoseconds as exact decimal seconds, trailing zeros left out; nothing for nil.
  mutating func add(picoseconds: Int64?) {
    separate()
    guard let picoseconds else { return }
    if picoseconds < 0 { bytes.append(0x2d) }
    append(Int(picoseconds.magnitude / 1_000_000_000_000))
    var rest = picoseconds.magnitude % 1_000_000_000_000
    guard rest > 0 else { return }
    bytes.append(0x2e)
    var unit: UInt64 = 100_000_000_000
    while rest > 0 {
      bytes.append(0x30 + UInt8(rest / unit))
      rest %= unit
      unit /= 10
    }
  }

  /// Ends the line.
  mutating func endLine() {
    bytes.append(0x0a)
    isLineStart = true
  }

  /// Hands on what is gathered if it is much, or in any case.
  mutating func flush(ifOver limit: Int = Self.pieceBytes, to sink: ([UInt8]) throws -> Void) rethrows {
    guard bytes.count > limit else { return }
    try sink(bytes)
    bytes.removeAll(keepingCapacity: true)
  }

  private mutating func separate() {
    if !isLineStart { bytes.append(0x2c) }
    isLineStart = false
  }

  private mutating func append(_ value: Int) {
    if value < 0 { bytes.append(0x2d) }
    var rest = value.magnitude
    let first = bytes.count
    repeat {
      bytes.append(0x30 + UInt8(rest % 10))
      rest /= 10
    } while rest > 0
    bytes[first...].reverse()
  }
}
