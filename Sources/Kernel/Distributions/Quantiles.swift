/// A measured law: straight lines between quantiles.
public struct Quantiles: Distribution {
  /// A probability and the value that it is not above.
  public struct Point: Hashable, Sendable {
    /// From 0 to 1.
    public var probability: Double
    /// The value.
    public var value: Double

    /// The `probability` quantile is `value`.
    public init(_ probability: Double, _ value: Double) {
      self.probability = probability
      self.value = value
    }
  }

  /// The quantiles, from probability 0 to 1.
  public let points: [Point]

  /// The law through quantiles; nil unless the first has probability 0 and the last 1, probabilities rise strictly,
  /// and values are finite and never fall.
  public init?(_ points: [Point]) {
    guard points.count >= 2, points.first?.probability == 0, points.last?.probability == 1 else { return nil }
    guard points.allSatisfy({ $0.value.isFinite }) else { return nil }
    for (lower, upper) in zip(points, points.dropFirst()) {
      guard lower.probability < upper.probability, lower.value <= upper.value else { return nil }
    }
    self.points = points
  }

  /// The value that a share `probability` of draws does not exceed; `probability` is clamped to 0...1.
  /// Complexity: O(log n).
  public func value(at probability: Double) -> Double {
    var (low, high) = (0, points.count - 1)
    while high - low > 1 {
      let middle = (low + high) / 2
      if points[middle].probability <= probability { low = middle } else { high = middle }
    }
    let (lower, upper) = (points[low], points[high])
    let share = (probability - lower.probability) / (upper.probability - lower.probability)
    return lower.value + (upper.value - lower.value) * min(max(share, 0), 1)
  }

  /// Draws a value by inversion, with one word. Complexity: O(log n).
  public func draw(from stream: inout RandomStream) -> Double { value(at: stream.uniform()) }

  /// The sum of the middles of the lines, each with its probability.
  public var mean: Double {
    zip(points, points.dropFirst()).reduce(0) { sum, line in
      sum + (line.1.probability - line.0.probability) * (line.0.value + (line.1.value - line.0.value) / 2)
    }
  }
}
