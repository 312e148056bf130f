import Foundation
import Testing

@testable import Statistics

@Suite struct LeastSquaresTests {
  /// Noise without a generator: the fractional parts of multiples of the golden ratio, through the normal quantile.
  static func noise(_ i: Int) -> Double {
    let x = Double(i + 1) * 0.6180339887498949
    return Cumulative.normalQuantile(x - x.rounded(.down))
  }

  @Test func aLineHasTheClosedFormsValuesAndErrors() throws {
    let x = (0..<20).map { Double($0) }
    let y = x.indices.map { 3 + 2 * x[$0] + 0.5 * Self.noise($0) }
    let fit = try LeastSquares().fit([Parameter("a", start: 0), Parameter("b", start: 0)], count: 20) { p in
      x.indices.map { p[0] + p[1] * x[$0] - y[$0] }
    }
    // Ordinary regression.
    let n = 20.0
    let (mx, my) = (x.reduce(0, +) / n, y.reduce(0, +) / n)
    let sxx = x.reduce(0) { $0 + ($1 - mx) * ($1 - mx) }
    let b = zip(x, y).reduce(0) { $0 + ($1.0 - mx) * ($1.1 - my) } / sxx
    let a = my - b * mx
    let squares = zip(x, y).reduce(0) { $0 + (a + b * $1.0 - $1.1) * (a + b * $1.0 - $1.1) }
    let variance = squares / (n - 2)
    #expect(fit.converged)
    #expect(abs(fit.values[0] - a) < 1e-8 && abs(fit.values[1] - b) < 1e-8)
    #expect(abs(fit.sumOfSquares - squares) < 1e-8)
    #expect(abs(fit.standardErrors[1] / (variance / sxx).squareRoot() - 1) < 1e-6)
    #expect(abs(fit.standardErrors[0] / (variance * (1 / n + mx * mx / sxx)).squareRoot() - 1) < 1e-6)
    let correlation = -mx / (sxx / n + mx * mx).squareRoot()
    #expect(abs(fit.correlations[0][1] - correlation) < 1e-6)
    #expect(fit.interval(1).contains(2))
  }

  @Test func aDecayIsFoundAgain() throws {
    let t = (0..<40).map { Double($0) * 0.075 }
    let y = t.indices.map { 5 * exp(-1.5 * t[$0]) + 1 + 0.01 * Self.noise($0) }
    let fit = try LeastSquares().fit(
      [Parameter("amplitude", start: 1), Parameter("rate", start: 0.3, lower: 0), Parameter("floor", start: 0)],
      count: 40
    ) { p in t.indices.map { p[0] * exp(-p[1] * t[$0]) + p[2] - y[$0] } }
    #expect(fit.converged)
    for (value, (error, truth)) in zip(fit.values, zip(fit.standardErrors, [5, 1.5, 1])) {
      #expect(abs(value - truth) < 4 * error)
      #expect(error < 0.05)
    }
  }

  @Test func rosenbrocksValleyIsFollowedToItsEnd() throws {
    let fit = try LeastSquares().fit([Parameter("x", start: -1.2), Parameter("y", start: 1)], count: 2) { p in
      [10 * (p[1] - p[0] * p[0]), 1 - p[0]]
    }
    #expect(fit.converged)
    #expect(abs(fit.values[0] - 1) < 1e-7 && abs(fit.values[1] - 1) < 1e-7)
    // As many residuals as parameters leave no spread to judge.
    #expect(fit.standardErrors.allSatisfy { $0.isNaN })
  }

  @Test func boundsAreNeverLeft() throws {
    // The least sum of squares of (p - 3)^2 style residuals lies at 3, beyond both upper bounds.
    for parameter in [
      Parameter("p", start: 1, lower: 0, upper: 2), Parameter("p", start: 1, upper: 2),
      Parameter("p", start: 5, lower: 4), Parameter("p", start: 5, lower: 4, upper: 10),
    ] {
      var outside = 0
      let fit = try LeastSquares().fit([parameter], count: 3) { p in
        if p[0] < parameter.lower || p[0] > parameter.upper { outside += 1 }
        return [p[0] - 3, 2 * (p[0] - 3), p[0] - 3]
      }
      #expect(outside == 0)
      let bound = parameter.start < 3 ? parameter.upper : parameter.lower
      #expect(abs(fit.values[0] - bound) < 1e-3)
    }
    let inside = try LeastSquares().fit([Parameter("p", start: 1, lower: 0, upper: 10)], count: 2) { p in
      [p[0] - 2.9, p[0] - 3.1]
    }
    #expect(abs(inside.values[0] - 3) < 1e-8)
    // The bound's change of variable does not show: sigma^2 = 0.02 / 1, divided by two residuals.
    #expect(abs(inside.standardErrors[0] - 0.1) < 1e-6)
  }

  @Test func outliersMoveSquaresButHardlyARobustLoss() throws {
    let x = (0..<30).map { Double($0) }
    let y = x.indices.map { 1 + 0.5 * x[$0] + 0.05 * Self.noise($0) + ($0 % 10 == 9 ? 20 : 0) }
    func slope(_ loss: LeastSquares.Loss) throws -> Fit {
      try LeastSquares(loss: loss).fit([Parameter("a", start: 0), Parameter("b", start: 0)], count: 30) { p in
        x.indices.map { p[0] + p[1] * x[$0] - y[$0] }
      }
    }
    let (squares, huber, cauchy) = (try slope(.squares), try slope(.huber(scale: 0.1)), try slope(.cauchy(scale: 0.1)))
    #expect(abs(squares.values[0] - 1) > 0.2 && abs(squares.values[1] - 0.5) > 0.02)
    #expect(abs(huber.values[0] - 1) < 0.1 && abs(huber.values[1] - 0.5) < 0.005)
    #expect(abs(cauchy.values[0] - 1) < 0.05 && abs(cauchy.values[1] - 0.5) < 0.002)
    #expect(squares.weights.allSatisfy { $0 == 1 })
    #expect(cauchy.weights[9] < 1e-3 && cauchy.weights[10] > 0.2)
    // At the end the weights are those of the residuals: it is the robust optimum, where the weighted slopes vanish.
    let gradient = x.indices.reduce(0) { $0 + cauchy.weights[$1] * cauchy.residuals[$1] }
    #expect(abs(gradient) < 1e-4)
  }

  @Test func residualsThatAreNotFiniteAreSteppedBackFrom() throws {
    let fit = try LeastSquares().fit([Parameter("p", start: 0.01)], count: 2) { p in
      [log(p[0]) - 1, log(p[0]) - 1]
    }
    #expect(abs(fit.values[0] - M_E) < 1e-6)
  }

  @Test func misuseIsThrownNotAborted() {
    let search = LeastSquares()
    #expect(throws: LeastSquares.Failure.tooFewResiduals(residuals: 1, parameters: 2)) {
      try search.fit([Parameter("a", start: 0), Parameter("b", start: 0)], count: 1) { _ in [0] }
    }
    #expect(throws: LeastSquares.Failure.tooFewResiduals(residuals: 3, parameters: 0)) {
      try search.fit([], count: 3) { _ in [0, 0, 0] }
    }
    for bad in [Parameter("a", start: 2, upper: 2), Parameter("a", start: .nan), Parameter("a", start: -1, lower: 0)] {
      #expect(throws: LeastSquares.Failure.badStart(parameter: "a")) { try search.fit([bad], count: 1) { _ in [0] } }
    }
    #expect(throws: LeastSquares.Failure.badLoss) {
      try LeastSquares(loss: .cauchy(scale: 0)).fit([Parameter("a", start: 1)], count: 1) { _ in [0] }
    }
    #expect(throws: LeastSquares.Failure.badResiduals) {
      try search.fit([Parameter("a", start: 1)], count: 2) { _ in [0, .nan] }
    }
    #expect(throws: LeastSquares.Failure.badResiduals) {
      try search.fit([Parameter("a", start: 1)], count: 2) { _ in [0] }
    }
    // The number of residuals changes under way.
    var calls = 0
    #expect(throws: LeastSquares.Failure.self) {
      try search.fit([Parameter("a", start: 1)], count: 1) { p in
        calls += 1
        return calls > 3 ? [] : [p[0]]
      }
    }
    #expect(LeastSquares.Failure.badStart(parameter: "a").description.contains("'a'"))
  }

  @Test func aSearchCutShortSaysSo() throws {
    let fit = try LeastSquares(iterationLimit: 2).fit(
      [Parameter("x", start: -1.2), Parameter("y", start: 1)], count: 2
    ) { p in [10 * (p[1] - p[0] * p[0]), 1 - p[0]] }
    #expect(!fit.converged && fit.ending == .iterationLimit && fit.iterations == 2)
  }
}
