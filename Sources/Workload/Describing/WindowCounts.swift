import Units

/// How many requests arrive in windows of one length, side by side from the first arrival on; the last one, in which
/// the trace ends, is left out.
public struct WindowCounts: Hashable, Sendable {
  /// The length of a window.
  public let window: Interval
  /// Whole windows.
  public private(set) var windows = 0
  /// The largest count, also of a window that is not whole.
  public private(set) var peak = 0
  private var sum = 0
  private var squares = 0.0
  private var current: Int64 = 0
  private var count = 0

  /// Windows of a length above 0.
  public init(_ window: Interval) { self.window = window }

  /// Counts an arrival `since` the first, in picoseconds; never before the one before it.
  public mutating func add(since: Int64) {
    let index = since / window.picoseconds
    if index != current {
      close()
      // Windows without arrivals add nothing but themselves.
      windows += Int(index - current - 1)
      current = index
    }
    count += 1
    peak = max(peak, count)
  }

  private mutating func close() {
    windows += 1
    sum += count
    squares += Double(count) * Double(count)
    count = 0
  }

  /// The mean count; 0 where there is no whole window.
  public var mean: Double { windows > 0 ? Double(sum) / Double(windows) : 0 }

  /// The variance of the counts over their mean: 1 for memoryless arrivals; nil for fewer than two windows.
  public var dispersion: Double? {
    guard windows > 1, sum > 0 else { return nil }
    let mean = mean
    return (squares - Double(windows) * mean * mean) / Double(windows - 1) / mean
  }
}
