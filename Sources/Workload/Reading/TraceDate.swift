extension TraceField {
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
