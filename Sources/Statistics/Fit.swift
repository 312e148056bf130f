/// What a fit found.
public struct Fit: Sendable {
  /// How the search ended.
  public enum Ending: Hashable, Sendable {
    /// Steps became small.
    case smallStep
    /// The gradient became small.
    case smallGradient
    /// No better place was found although neither is small: often as good as can be computed.
    case noProgress
    /// The iterations allowed were used up.
    case iterationLimit
  }

  /// The value of each parameter, in the order given.
  public let values: [Double]
  /// The covariance of the values, from the residuals' spread and the slopes at the end; rows of NaN where there are
  /// no more residuals than parameters.
  public let covariance: [[Double]]
  /// The residuals at the end, unweighted.
  public let residuals: [Double]
  /// The weight that the loss gave each residual; 1 for squares.
  public let weights: [Double]
  /// Iterations of the search, over all rounds of weights.
  public let iterations: Int
  /// How the search ended.
  public let ending: Ending

  /// Whether the search ended by itself.
  public var converged: Bool { ending != .iterationLimit }
  /// The sum of weighted squared residuals.
  public var sumOfSquares: Double { zip(residuals, weights).reduce(0) { $0 + $1.1 * $1.0 * $1.0 } }
  /// The standard deviation of each value.
  public var standardErrors: [Double] { covariance.indices.map { covariance[$0][$0].squareRoot() } }

  /// The correlation of each pair of values, in -1...1; NaN where one has no spread.
  public var correlations: [[Double]] {
    let errors = standardErrors
    return covariance.indices.map { i in
      covariance.indices.map { j in i == j ? 1 : covariance[i][j] / (errors[i] * errors[j]) }
    }
  }

  /// Where a parameter lies with a confidence in 0..<1, by Student's t, as if the model were linear near the end.
  public func interval(_ parameter: Int, confidence: Double = 0.95) -> ClosedRange<Double> {
    let freedom = Double(residuals.count - values.count)
    let half = Cumulative.studentTQuantile((1 + confidence) / 2, freedom: freedom) * standardErrors[parameter]
    if !half.isFinite { return -Double.infinity...Double.infinity }
    return values[parameter] - half...values[parameter] + half
  }
}
