/// Numbers as tables write them: three significant digits, a unit, no locale.
public enum NumberText {
  private static let powers: [Double] = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12]

  /// `value` with `decimals` digits (0 to 12) after the point, ties away from zero, thousands set off by commas.
  public static func fixed(_ value: Double, _ decimals: Int) -> String {
    guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
    let decimals = min(12, max(0, decimals))
    let scaled = (abs(value) * powers[decimals]).rounded(.toNearestOrAwayFromZero)
    guard scaled < 9e18 else { return "\(value)" }
    let digits = UInt64(scaled)
    let unit = UInt64(powers[decimals])
    let whole = grouped(digits / unit)
    let sign = value < 0 && digits > 0 ? "-" : ""
    guard decimals > 0 else { return sign + whole }
    let fraction = String(digits % unit)
    return sign + whole + "." + String(repeating: "0", count: decimals - fraction.count) + fraction
  }

  /// `value` to three significant digits, all digits before the point kept; "0" for 0.
  public static func significant(_ value: Double) -> String {
    guard value != 0 else { return "0" }
    var decimals = 0
    while decimals < 12, abs(value) * powers[decimals] < 99.95 { decimals += 1 }
    return fixed(value, decimals)
  }

  /// A whole number with its thousands set off by commas.
  public static func count(_ value: Int) -> String { (value < 0 ? "-" : "") + grouped(UInt64(value.magnitude)) }

  /// A time from nanoseconds to seconds: "45.6 ms", "1,234 s".
  public static func time(_ seconds: Double) -> String {
    prefixed(seconds, [(1e-9, "ns"), (1e-6, "us"), (1e-3, "ms"), (1, "s")], zero: "s")
  }

  /// A length of time as people say it: "58 min 22 s", "3 h 5 min"; below two minutes as ``time(_:)``.
  public static func duration(_ seconds: Double) -> String {
    guard seconds >= 120, seconds < 1e15 else { return time(seconds) }
    let whole = Int(seconds.rounded())
    return whole < 7200
      ? "\(whole / 60) min \(whole % 60) s" : "\(count(whole / 3600)) h \(whole % 3600 / 60) min"
  }

  /// Bytes with a decimal prefix: "2.50 GB".
  public static func bytes(_ value: Double) -> String { decimal(value, "B") }
  /// Bytes per second with a decimal prefix.
  public static func bandwidth(_ value: Double) -> String { decimal(value, "B/s") }
  /// Floating-point operations with a decimal prefix: "1.20 TFLOP".
  public static func operations(_ value: Double) -> String { decimal(value, "FLOP") }
  /// Joules with a decimal prefix.
  public static func energy(_ value: Double) -> String {
    value != 0 && abs(value) < 1
      ? prefixed(value, [(1e-6, "uJ"), (1e-3, "mJ"), (1, "J")], zero: "J") : decimal(value, "J")
  }
  /// Watts with a decimal prefix.
  public static func power(_ value: Double) -> String { decimal(value, "W") }
  /// A share as a percentage: "12.3 %".
  public static func percent(_ share: Double) -> String { fixed(share * 100, 1) + " %" }
  /// Dollars: cents from 1 dollar up, three significant digits below.
  public static func money(_ dollars: Double) -> String {
    let sign = dollars < 0 ? "-$" : "$"
    let amount = abs(dollars)
    return sign + (amount >= 1 || amount == 0 ? fixed(amount, 2) : significant(amount))
  }
  /// A ratio: "1.25x".
  public static func ratio(_ value: Double) -> String { significant(value) + "x" }

  private static func decimal(_ value: Double, _ unit: String) -> String {
    let prefixes: [(Double, String)] = [
      (1, unit), (1e3, "k" + unit), (1e6, "M" + unit), (1e9, "G" + unit), (1e12, "T" + unit), (1e15, "P" + unit),
      (1e18, "E" + unit),
    ]
    return prefixed(value, prefixes, zero: unit)
  }

  /// `value` in the largest of `scales`, which grow, in which it is at least 1 when rounded.
  private static func prefixed(_ value: Double, _ scales: [(scale: Double, unit: String)], zero: String) -> String {
    guard value != 0 else { return "0 " + zero }
    var best = scales[0]
    for scale in scales where abs(value) / scale.scale >= 0.9995 { best = scale }
    return significant(value / best.scale) + " " + best.unit
  }

  private static func grouped(_ value: UInt64) -> String {
    var text = ""
    for (index, digit) in String(value).reversed().enumerated() {
      if index > 0, index % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return String(text.reversed())
  }
}
