import Kernel

/// The gaps between arrivals: mean, spread and distribution, in memory that does not grow.
public struct GapTable: Hashable, Sendable {
  /// Buckets of a factor of two.
  private static let buckets = 64

  /// Gaps counted.
  public private(set) var count = 0
  /// Gaps of 0.
  public private(set) var zeros = 0
  /// The largest whole number of picoseconds that every gap is a multiple of; 0 where all gaps are 0.
  public private(set) var resolution: Int64 = 0
  /// The mean in seconds; 0 where there is none.
  public private(set) var mean = 0.0
  private var squares = 0.0
  private var first = 0.0
  private var previous = 0.0
  private var products = 0.0
  /// How many gaps fall into each bucket above 1 ps, `buckets` to a factor of two.
  private var histogram: [Int] = []

  /// A table of nothing.
  public init() {}

  /// Counts a gap of `picoseconds`, not negative.
  public mutating func add(_ picoseconds: Int64) {
    let gap = Double(picoseconds) * 1e-12
    count += 1
    let deviation = gap - mean
    mean += deviation / Double(count)
    squares += deviation * (gap - mean)
    products += previous * gap
    if count == 1 { first = gap }
    previous = gap
    if picoseconds == 0 {
      zeros += 1
      return
    }
    if resolution != 1 { resolution = Self.commonDivisor(resolution, picoseconds) }
    let bucket = Self.bucket(picoseconds)
    while histogram.count <= bucket { histogram.append(0) }
    histogram[bucket] += 1
  }

  /// The standard deviation over the mean; 0 for fewer than two gaps.
  public var variation: Double {
    count > 1 && mean > 0 ? (squares / Double(count - 1)).squareRoot() / mean : 0
  }

  /// The correlation of neighbouring gaps, the sum of the products of their deviations from the mean over that of all
  /// squares; 0 where it cannot be told.
  public var neighbourCorrelation: Double {
    guard count > 2, squares > 0 else { return 0 }
    // All but the last have a neighbour after them, all but the first one before.
    return (products + mean * (first + previous) - mean * mean * Double(count + 1)) / squares
  }

  /// The gap in seconds that a share of the gaps does not exceed, within 1.1 %.
  public func quantile(_ share: Double) -> Double {
    let wanted = share * Double(count)
    var seen = Double(zeros)
    if seen >= wanted { return 0 }
    for (bucket, times) in histogram.enumerated() where times > 0 {
      if seen + Double(times) >= wanted {
        let inside = (wanted - seen) / Double(times)
        return (Self.lowest(bucket) + (Self.lowest(bucket + 1) - Self.lowest(bucket)) * inside) * 1e-12
      }
      seen += Double(times)
    }
    return Self.lowest(histogram.count) * 1e-12
  }

  /// The share of gaps up to an upper end of a bucket, at each of them, with that end in seconds.
  public var shares: [(seconds: Double, share: Double)] {
    var seen = zeros
    return histogram.enumerated().map { bucket, times in
      seen += times
      return (Self.lowest(bucket + 1) * 1e-12, Double(seen) / Double(max(1, count)))
    }
  }

  /// The greatest distance between this distribution and another, at the ends of buckets.
  public func distance(to other: GapTable) -> Double {
    guard count > 0, other.count > 0 else { return 0 }
    var (mine, theirs) = (zeros, other.zeros)
    var distance = abs(Double(mine) / Double(count) - Double(theirs) / Double(other.count))
    for bucket in 0..<max(histogram.count, other.histogram.count) {
      if bucket < histogram.count { mine += histogram[bucket] }
      if bucket < other.histogram.count { theirs += other.histogram[bucket] }
      distance = max(distance, abs(Double(mine) / Double(count) - Double(theirs) / Double(other.count)))
    }
    return distance
  }

  private static func commonDivisor(_ a: Int64, _ b: Int64) -> Int64 {
    var (a, b) = (a, b)
    while b != 0 { (a, b) = (b, a % b) }
    return a
  }

  /// The bucket of a gap: six bits below the leading one beside its place.
  private static func bucket(_ picoseconds: Int64) -> Int {
    let octave = 63 - picoseconds.leadingZeroBitCount
    let below = octave >= 6 ? picoseconds >> (octave - 6) : picoseconds << (6 - octave)
    return octave * buckets + Int(below & 63)
  }

  private static func lowest(_ bucket: Int) -> Double {
    let (octave, below) = bucket.quotientAndRemainder(dividingBy: buckets)
    return Double(sign: .plus, exponent: octave, significand: 1 + Double(below) / Double(buckets))
  }
}
