import Units

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

  /// A decimal time in the unit of `clock`, possibly with an exponent, as the nearest whole picosecond, ties to even.
  ///
  /// Exact: no floating-point number is involved. From 0 to `latest`.
  func time(_ clock: TraceFormat.Clock, latest: Int64) throws(Fault) -> Int64 {
    var index = start
    guard index < end else { throw badTime(at: index, clock) }
    guard line[index] != UInt8(ascii: "-") else {
      throw Fault(
        offset: index, what: "'\(text)' is before the start of the run", why: "arrivals are counted from 0",
        fix: "shift all arrivals so that the first is at 0")
    }
    var whole = 0
    while index < end, Self.digit(line[index]) <= 9 {
      whole += 1
      index += 1
    }
    var mantissaEnd = index
    var fraction = 0
    if index < end, line[index] == UInt8(ascii: ".") {
      index += 1
      while index < end, Self.digit(line[index]) <= 9 {
        fraction += 1
        index += 1
      }
      mantissaEnd = index
    }
    guard whole + fraction > 0 else { throw badTime(at: index, clock) }
    var exponent = 0
    if index < end, line[index] | 0x20 == UInt8(ascii: "e") {
      index += 1
      var sign = 1
      if index < end, line[index] == UInt8(ascii: "-") || line[index] == UInt8(ascii: "+") {
        sign = line[index] == UInt8(ascii: "-") ? -1 : 1
        index += 1
      }
      guard index < end else { throw badTime(at: index, clock) }
      while index < end, Self.digit(line[index]) <= 9 {
        exponent = min(100_000, exponent * 10 + Int(Self.digit(line[index])))
        index += 1
      }
      exponent *= sign
    }
    guard index == end else { throw badTime(at: index, clock) }
    let weight = whole - 1 + exponent + clock.decimals
    guard let value = scaled(mantissa: start..<mantissaEnd, firstWeight: weight, limit: latest) else {
      let days = latest / 86_400_000_000_000_000
      throw Fault(
        offset: start, what: "\(text) \(clock) is too late", why: "arrivals are within \(days) days",
        fix: "choose a window of the trace, or check the unit of the column")
    }
    return value
  }

  private func badTime(at index: Int, _ clock: TraceFormat.Clock) -> Fault {
    unexpected(
      at: index, wanted: "a decimal number of \(clock)",
      fix: "write \(clock) such as 12 or 12.345678, without unit, sign or quotes")
  }

  /// The digits of `mantissa`, the first of which weighs ten to the power of `firstWeight`, as a whole number
  /// rounded to nearest, ties to even; nil above `limit`.
  private func scaled(mantissa: Range<Int>, firstWeight: Int, limit: Int64) -> Int64? {
    var weight = firstWeight
    var value: Int64 = 0
    var half: UInt8 = 0
    var rest: UInt8 = 0
    for index in mantissa {
      let digit = Self.digit(line[index])
      guard digit <= 9 else { continue }
      if weight >= 0 {
        guard value <= (limit - Int64(digit)) / 10 else { return nil }
        value = value * 10 + Int64(digit)
      } else if weight == -1 {
        half = digit
      } else {
        rest |= digit
      }
      weight -= 1
    }
    while weight >= 0, value > 0 {
      guard value <= limit / 10 else { return nil }
      value *= 10
      weight -= 1
    }
    let up = half > 5 || half == 5 && (rest != 0 || value & 1 == 1)
    if up, value == .max { return nil }
    return up ? value + 1 : value
  }

  /// Decimal seconds since 1970, as whole seconds and picoseconds beyond them; further digits are cut off.
  func epoch() throws(Fault) -> (seconds: Int64, picoseconds: Int64) {
    var index = start
    var seconds: Int64 = 0
    while index < end, Self.digit(line[index]) <= 9, index - start < 12 {
      seconds = seconds * 10 + Int64(Self.digit(line[index]))
      index += 1
    }
    var picoseconds: Int64 = 0
    if index > start, index < end, line[index] == UInt8(ascii: ".") {
      index += 1
      var unit: Int64 = 100_000_000_000
      while index < end, Self.digit(line[index]) <= 9 {
        picoseconds += unit * Int64(Self.digit(line[index]))
        unit /= 10
        index += 1
      }
    }
    guard index == end, start < end else { throw badTime(at: index, .seconds) }
    return (seconds, picoseconds)
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

  /// A date such as `2023-11-16 18:15:46.6805900`: seconds since 1970-01-01 UTC, and picoseconds beyond them.
  ///
  /// The separator may be `T`; up to 12 digits of a fraction and a zone (`Z`, `+00:00`) may follow.
  func date() throws(Fault) -> (seconds: Int64, picoseconds: Int64) {
    var index = start
    let year = try number(&index, digits: 4, in: 1...9999)
    try expect(&index, UInt8(ascii: "-"))
    let month = try number(&index, digits: 2, in: 1...12)
    try expect(&index, UInt8(ascii: "-"))
    let day = try number(&index, digits: 2, in: 1...Self.days(month: month, year: year))
    guard index < end, line[index] == 0x20 || line[index] == UInt8(ascii: "T") else { throw badDate(at: index) }
    index += 1
    let hour = try number(&index, digits: 2, in: 0...23)
    try expect(&index, UInt8(ascii: ":"))
    let minute = try number(&index, digits: 2, in: 0...59)
    try expect(&index, UInt8(ascii: ":"))
    let second = try number(&index, digits: 2, in: 0...59)
    var picoseconds: Int64 = 0
    if index < end, line[index] == UInt8(ascii: ".") {
      index += 1
      var unit: Int64 = 100_000_000_000
      guard index < end, Self.digit(line[index]) <= 9 else { throw badDate(at: index) }
      while index < end, Self.digit(line[index]) <= 9 {
        guard unit > 0 else { throw badDate(at: index) }
        picoseconds += unit * Int64(Self.digit(line[index]))
        unit /= 10
        index += 1
      }
    }
    let offset = try zone(&index)
    guard index == end else { throw badDate(at: index) }
    let days = Self.daysSince1970(year: year, month: month, day: day)
    return (((days * 24 + hour) * 60 + minute) * 60 + second - offset, picoseconds)
  }

  /// Seconds that local time is ahead of UTC.
  private func zone(_ index: inout Int) throws(Fault) -> Int64 {
    guard index < end else { return 0 }
    let sign: Int64
    switch line[index] {
    case UInt8(ascii: "Z"):
      index += 1
      return 0
    case UInt8(ascii: "+"): sign = 1
    case UInt8(ascii: "-"): sign = -1
    default: throw badDate(at: index)
    }
    index += 1
    let hours = try number(&index, digits: 2, in: 0...23)
    try expect(&index, UInt8(ascii: ":"))
    return sign * (hours * 60 + (try number(&index, digits: 2, in: 0...59))) * 60
  }

  private func number(_ index: inout Int, digits: Int, in range: ClosedRange<Int64>) throws(Fault) -> Int64 {
    let first = index
    var value: Int64 = 0
    while index < first + digits {
      guard index < end, Self.digit(line[index]) <= 9 else { throw badDate(at: index) }
      value = value * 10 + Int64(Self.digit(line[index]))
      index += 1
    }
    guard range.contains(value) else { throw badDate(at: first) }
    return value
  }

  private func expect(_ index: inout Int, _ byte: UInt8) throws(Fault) {
    guard index < end, line[index] == byte else { throw badDate(at: index) }
    index += 1
  }

  private func badDate(at index: Int) -> Fault {
    unexpected(
      at: index, wanted: "a date and time", fix: "write it as 2023-11-16 18:15:46.6805900, with at most 12 decimals")
  }

  private static func days(month: Int64, year: Int64) -> Int64 {
    switch month {
    case 4, 6, 9, 11: 30
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    default: 31
    }
  }

  /// Days from 1970-01-01 in the proleptic Gregorian calendar.
  /// Source: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil.
  private static func daysSince1970(year: Int64, month: Int64, day: Int64) -> Int64 {
    let y = month <= 2 ? year - 1 : year
    let era = y / 400
    let yearOfEra = y - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }
}
