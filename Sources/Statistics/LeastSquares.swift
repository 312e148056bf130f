import CGSL

/// Non-linear least squares: the parameters that make residuals small.
///
/// The search is Levenberg and Marquardt's as a trust region, with slopes by differences; bounds are kept by a change
/// of variable, so that no residual is ever asked for beyond them. A robust loss repeats the search with weights that
/// fall as a residual grows, until the weights settle.
/// Source: GNU Scientific Library 2.7, `gsl_multifit_nlinear`; P. W. Holland and R. E. Welsch, "Robust regression
/// using iteratively reweighted least-squares", Communications in Statistics 6(9), 1977.
public struct LeastSquares: Sendable {
  /// What a residual costs.
  public enum Loss: Hashable, Sendable {
    /// Its square.
    case squares
    /// Its square up to `scale` and then a line, in units of the residual.
    case huber(scale: Double)
    /// A logarithm beyond about `scale`, in units of the residual: outliers hardly count.
    case cauchy(scale: Double)

    func weight(_ residual: Double) -> Double {
      switch self {
      case .squares: return 1
      case .huber(let scale): return abs(residual) <= scale ? 1 : scale / abs(residual)
      case .cauchy(let scale): return 1 / (1 + (residual / scale) * (residual / scale))
      }
    }

    var isValid: Bool {
      switch self {
      case .squares: true
      case .huber(let scale), .cauchy(let scale): scale > 0 && scale.isFinite
      }
    }
  }

  /// Why there is no fit.
  public enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
    /// No parameter, or fewer residuals than parameters: add measurements or fix parameters.
    case tooFewResiduals(residuals: Int, parameters: Int)
    /// The start of the named parameter does not lie strictly within its bounds.
    case badStart(parameter: String)
    /// A scale of the loss that is not above zero.
    case badLoss
    /// The residuals at the start are not finite, or their number differs: the model does not hold there.
    case badResiduals
    /// The library gave up, in its words.
    case library(String)

    /// What is wrong, in one sentence.
    public var description: String {
      switch self {
      case .tooFewResiduals(let residuals, let parameters):
        "\(residuals) residuals cannot determine \(parameters) parameters"
      case .badStart(let name): "parameter '\(name)' does not start strictly within its bounds"
      case .badLoss: "the scale of a loss must be finite and above zero"
      case .badResiduals: "the residuals at the start are not finite or not as many as announced"
      case .library(let words): "the search failed: \(words)"
      }
    }
  }

  /// What a residual costs.
  public var loss: Loss
  /// Iterations of each search.
  public var iterationLimit: Int
  /// The relative size of a step that ends a search.
  public var stepTolerance: Double
  /// The relative size of the gradient that ends a search.
  public var gradientTolerance: Double
  /// Rounds of weights of a robust loss at most.
  public var roundLimit: Int

  /// A way to fit.
  public init(
    loss: Loss = .squares, iterationLimit: Int = 500, stepTolerance: Double = 1e-10,
    gradientTolerance: Double = 1e-12, roundLimit: Int = 50
  ) {
    self.loss = loss
    self.iterationLimit = iterationLimit
    self.stepTolerance = stepTolerance
    self.gradientTolerance = gradientTolerance
    self.roundLimit = roundLimit
  }

  /// Finds the parameters that make `count` residuals least.
  ///
  /// `residuals` is given the values of the parameters and returns the residuals, always `count` of them; where some
  /// are not finite the search takes a shorter step. Throws ``Failure``; a search that ends early is a ``Fit`` that
  /// says so.
  public func fit(
    _ parameters: [Parameter], count: Int, residuals: @escaping ([Double]) -> [Double]
  ) throws(Failure) -> Fit {
    guard !parameters.isEmpty, count >= parameters.count else {
      throw .tooFewResiduals(residuals: count, parameters: parameters.count)
    }
    if let bad = parameters.first(where: { !$0.isValid }) { throw .badStart(parameter: bad.name) }
    guard loss.isValid else { throw .badLoss }
    let problem = FitProblem(parameters: parameters, count: count, residuals: residuals)
    var place = parameters.map(\.place)
    let first = problem.residuals(at: place)
    guard first.count == count, first.allSatisfy(\.isFinite) else { throw .badResiduals }

    var weights = [Double](repeating: 1, count: count)
    var iterations = 0
    var search = try FitSearch.run(problem, from: place, weights: weights, by: self)
    iterations += search.iterations
    if loss != .squares {
      for _ in 0..<roundLimit {
        let next = search.residuals.map(loss.weight)
        let change = zip(next, weights).reduce(0) { max($0, abs($1.0 - $1.1)) }
        weights = next
        if change < 1e-8 { break }
        place = search.place
        search = try FitSearch.run(problem, from: place, weights: weights, by: self)
        iterations += search.iterations
      }
    }
    return Fit(
      values: problem.values(at: search.place), covariance: search.covariance, residuals: search.residuals,
      weights: weights, iterations: iterations, ending: search.ending)
  }
}
