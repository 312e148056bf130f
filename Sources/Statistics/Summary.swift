/// Mean, spread and quantiles of a sample.
public struct Summary: Sendable {
  /// The sample in ascending order.
  public let sorted: [Double]
  /// The arithmetic mean.
  public let mean: Double
  /// The unbiased variance (divided by n - 1); 0 for a single value.
  public let variance: Double

  /// The summary of a sample; nil where it is empty or holds NaN. Complexity: O(n log n).
  ///
  /// Two passes, the second correcting the mean's rounding (T. F. Chan, G. H. Golub, R. J. LeVeque, 1983).
  public init?(_ sample: [Double]) {
    guard !sample.isEmpty, !sample.contains(where: \.isNaN) else { return nil }
    let count = Double(sample.count)
    let mean = sample.reduce(0, +) / count
    var (squares, residue) = (0.0, 0.0)
    for value in sample {
      let deviation = value - mean
      squares += deviation * deviation
      residue += deviation
    }
    sorted = sample.sorted()
    self.mean = mean
    variance = sample.count < 2 ? 0 : (squares - residue * residue / count) / (count - 1)
  }

  /// How many values there are.
  public var count: Int { sorted.count }
  /// The least value.
  public var minimum: Double { sorted.first ?? .nan }
  /// The greatest value.
  public var maximum: Double { sorted.last ?? .nan }
  /// The square root of the variance.
  public var deviation: Double { variance.squareRoot() }
  /// The standard deviation of the mean, if values are independent.
  public var standardError: Double { (variance / Double(count)).squareRoot() }

  /// The value at a share in 0...1 (clamped), between neighbours in proportion: type 7 of Hyndman and Fan, as in R and
  /// NumPy.
  public func quantile(_ share: Double) -> Double {
    let place = min(max(share, 0), 1) * Double(count - 1)
    let low = Int(place)
    let high = min(low + 1, count - 1)
    return sorted[low] + (sorted[high] - sorted[low]) * (place - Double(low))
  }

  /// Where the mean of the population lies with a confidence in 0..<1, by Student's t: for independent values that are
  /// nearly normal, or many. Infinitely wide for a single value.
  public func meanInterval(confidence: Double = 0.95) -> ClosedRange<Double> {
    guard count > 1, confidence >= 0, confidence < 1 else { return -Double.infinity...Double.infinity }
    let half = Cumulative.studentTQuantile((1 + confidence) / 2, freedom: Double(count - 1)) * standardError
    return mean - half...mean + half
  }
}
