import Histogram

/// Mean, percentiles and maximum of what was measured.
///
/// A percentile is the smallest value with at least that share of the values at or below it (nearest rank), so it is
/// a value that occurred: exact where it comes from requests, to 3 significant digits where it comes from a histogram.
public struct Percentiles: Hashable, Sendable {
  /// Fractions of the percentiles, in the order of the fields.
  static let fractions = [0.5, 0.9, 0.95, 0.99, 0.999]

  /// Values measured, at least 1.
  public var count: Int
  /// Arithmetic mean; the unit of this and the following is that of the values, seconds where they are times.
  public var mean: Double
  /// Median.
  public var p50: Double
  /// 90th percentile.
  public var p90: Double
  /// 95th percentile.
  public var p95: Double
  /// 99th percentile.
  public var p99: Double
  /// 99.9th percentile.
  public var p999: Double
  /// Largest value.
  public var max: Double

  /// The distribution of times in picoseconds, in seconds; nil where there are none. Reorders the values.
  ///
  /// Complexity: O(n) on average.
  init?(picoseconds values: inout [Int64]) {
    guard let first = values.first else { return nil }
    count = values.count
    var sum = LongSum()
    var largest = first
    for value in values {
      sum += value
      largest = Swift.max(largest, value)
    }
    mean = sum.seconds / Double(values.count)
    max = Double(largest) / 1e12
    let ranks = Self.fractions.map { OrderStatistics.rank($0, of: values.count) }
    OrderStatistics.select(&values, at: ranks)
    p50 = Double(values[ranks[0]]) / 1e12
    p90 = Double(values[ranks[1]]) / 1e12
    p95 = Double(values[ranks[2]]) / 1e12
    p99 = Double(values[ranks[3]]) / 1e12
    p999 = Double(values[ranks[4]]) / 1e12
  }

  /// The distribution of times in nanoseconds that a histogram holds, in seconds, with their exact mean; nil where it
  /// holds none.
  init?(nanoseconds histogram: Histogram<UInt64>, mean: Double) {
    guard histogram.totalCount > 0 else { return nil }
    func seconds(_ fraction: Double) -> Double { Double(histogram.valueAtPercentile(fraction * 100)) / 1e9 }
    count = Int(histogram.totalCount)
    self.mean = mean
    p50 = seconds(0.5)
    p90 = seconds(0.9)
    p95 = seconds(0.95)
    p99 = seconds(0.99)
    p999 = seconds(0.999)
    max = Double(histogram.max) / 1e9
  }
}
