extension TraceField {
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
}
