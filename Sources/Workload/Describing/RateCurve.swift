/// How many requests arrived over time, in bins of equal width: whole milliseconds doubled as the trace grows, so that
/// there are never more than 4,096.
public struct RateCurve: Hashable, Sendable {
  private static let limit = 4096

  /// Picoseconds of a bin.
  public private(set) var width: Int64 = 1_000_000_000
  /// Arrivals in each bin, from the first arrival on.
  public private(set) var counts: [Int] = []

  /// A curve of nothing.
  public init() {}

  /// Counts an arrival `since` the first, in picoseconds.
  public mutating func add(since: Int64) {
    while since / width >= Int64(Self.limit) { double() }
    let bin = Int(since / width)
    while counts.count <= bin { counts.append(0) }
    counts[bin] += 1
  }

  private mutating func double() {
    counts = stride(from: 0, to: counts.count, by: 2).map { bin in
      counts[bin] + (bin + 1 < counts.count ? counts[bin + 1] : 0)
    }
    width = width.multipliedReportingOverflow(by: 2).partialValue
  }

  /// The curve in at most `columns` bins, as requests per second, and the seconds of a bin.
  public func rates(columns: Int) -> (seconds: Double, rates: [Double]) {
    let group = max(1, (counts.count + columns - 1) / max(1, columns))
    let seconds = Double(width) * 1e-12 * Double(group)
    let rates = stride(from: 0, to: counts.count, by: group).map { bin in
      Double(counts[bin..<min(counts.count, bin + group)].reduce(0, +)) / seconds
    }
    return (seconds, rates)
  }
}
