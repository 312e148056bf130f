import Histogram
import Kernel
import Units

/// Counts of gaps between tokens, in the buckets of a histogram of nanoseconds with three significant digits.
///
/// The serving core counts a gap in a few instructions here; ``histogram`` hands the counts to the histogram library,
/// which holds the same as if every gap had been recorded there.
struct GapCounts: ~Copyable {
  /// The longest gap that is told apart: an hour, in nanoseconds. Longer ones count as an hour.
  static var longest: Int { 3_600_000_000_000 }
  /// Values below 2^11 have a bucket each; above, each power of two has 2^10.
  private static var scale: LogScale { LogScale(bits: 10) }

  private let counts: Column<Int>
  /// The gaps in nanoseconds, summed to the resolution of the buckets.
  private(set) var sum: UInt64 = 0

  init() { counts = Column(repeating: 0, count: Self.scale.place(Self.longest) + 1) }

  @inline(__always)
  private static func nanoseconds(_ picoseconds: Int64) -> Int {
    min(longest, Int(truncatingIfNeeded: UInt64(truncatingIfNeeded: picoseconds) / 1000))
  }

  /// Counts `count` gaps of `picoseconds`, rounded down to nanoseconds: tokens that a step yields together are 0 apart.
  @inline(__always)
  mutating func record(_ picoseconds: Int64, count: Int) {
    let value = Self.nanoseconds(picoseconds)
    counts[Self.scale.place(value)] += count
    sum &+= UInt64(value) &* UInt64(count)
  }

  /// Counts `count` gaps for each pair of neighbours among the first `steps` of `ends`, whose distances only grow.
  @inline(__always)
  mutating func record(between ends: UnsafeMutablePointer<Int64>, steps: Int, count: Int) {
    let first = Self.nanoseconds(ends[1] - ends[0])
    let last = Self.nanoseconds(ends[steps - 1] - ends[steps - 2])
    if Self.scale.place(first) == Self.scale.place(last) {
      counts[Self.scale.place(first)] += count * (steps - 1)
      sum &+= UInt64(first) &* UInt64(count * (steps - 1))
    } else {
      for step in 1..<steps { record(ends[step] - ends[step - 1], count: count) }
    }
  }

  /// The counts in the histogram library's terms.
  func histogram() -> Histogram<UInt64> {
    var histogram = Histogram<UInt64>(
      lowestDiscernibleValue: 1, highestTrackableValue: UInt64(Self.longest), numberOfSignificantValueDigits: .three)
    for bucket in 0..<counts.count where counts[bucket] > 0 {
      histogram.record(UInt64(Self.scale.value(bucket)), count: UInt64(counts[bucket]))
    }
    return histogram
  }
}
