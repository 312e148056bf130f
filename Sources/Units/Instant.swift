/// A moment of simulated time: whole picoseconds since the start of the run.
///
/// Range 0 to 2^63 - 1 ps (106 days). Arithmetic traps on overflow; what comes from outside is checked by
/// ``Interval/init(seconds:)`` before it becomes a time.
public struct Instant: Hashable, Comparable, Sendable {
  /// Picoseconds since the start of the run.
  public var picoseconds: Int64

  /// The moment `picoseconds` after the start of the run.
  @inlinable
  public init(picoseconds: Int64) { self.picoseconds = picoseconds }

  /// The start of the run.
  public static let start = Instant(picoseconds: 0)
  /// Later than anything that happens.
  public static let never = Instant(picoseconds: .max)

  /// Whether `a` is the lesser.
  @inlinable
  public static func < (a: Instant, b: Instant) -> Bool { a.picoseconds < b.picoseconds }
  /// The sum.
  @inlinable
  public static func + (a: Instant, b: Interval) -> Instant { Instant(picoseconds: a.picoseconds + b.picoseconds) }
  /// The difference.
  @inlinable
  public static func - (a: Instant, b: Instant) -> Interval { Interval(picoseconds: a.picoseconds - b.picoseconds) }
  /// Adds `b`.
  @inlinable
  public static func += (a: inout Instant, b: Interval) { a.picoseconds += b.picoseconds }

  /// Seconds since the start of the run, correctly rounded, for output only.
  @inlinable
  public var seconds: Double { Double(picoseconds) / 1e12 }
}

/// A length of simulated time: whole picoseconds, possibly negative.
public struct Interval: Hashable, Comparable, Sendable {
  /// Whole picoseconds.
  public var picoseconds: Int64

  /// A length of `picoseconds`.
  @inlinable
  public init(picoseconds: Int64) { self.picoseconds = picoseconds }

  /// The nearest whole picosecond to a length in seconds, ties to even; nil where it is not finite, is negative
  /// or exceeds 2^62 ps (53 days). This is the only door from `Double` seconds to simulated time.
  @inlinable
  public init?(seconds: Double) {
    let scaled = (seconds * 1e12).rounded(.toNearestOrEven)
    guard scaled >= 0, scaled <= 0x1p62 else { return nil }
    self.picoseconds = Int64(scaled)
  }

  /// No time at all.
  public static let zero = Interval(picoseconds: 0)

  /// Whole nanoseconds, microseconds, milliseconds or seconds as a length.
  @inlinable
  public static func nanoseconds(_ n: Int64) -> Interval { Interval(picoseconds: n * 1_000) }
  /// Whole microseconds as a length.
  @inlinable
  public static func microseconds(_ n: Int64) -> Interval { Interval(picoseconds: n * 1_000_000) }
  /// Whole milliseconds as a length.
  @inlinable
  public static func milliseconds(_ n: Int64) -> Interval { Interval(picoseconds: n * 1_000_000_000) }
  /// Whole seconds as a length.
  @inlinable
  public static func seconds(_ n: Int64) -> Interval { Interval(picoseconds: n * 1_000_000_000_000) }

  /// Whether `a` is the lesser.
  @inlinable
  public static func < (a: Interval, b: Interval) -> Bool { a.picoseconds < b.picoseconds }
  /// The sum.
  @inlinable
  public static func + (a: Interval, b: Interval) -> Interval { Interval(picoseconds: a.picoseconds + b.picoseconds) }
  /// The difference.
  @inlinable
  public static func - (a: Interval, b: Interval) -> Interval { Interval(picoseconds: a.picoseconds - b.picoseconds) }
  /// Adds `b`.
  @inlinable
  public static func += (a: inout Interval, b: Interval) { a.picoseconds += b.picoseconds }

  /// The length in seconds, correctly rounded, for output only.
  @inlinable
  public var seconds: Double { Double(picoseconds) / 1e12 }
}
