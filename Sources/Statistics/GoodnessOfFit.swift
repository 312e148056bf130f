import CGSL
import Foundation

/// How well a sample fits a law, as a statistic and the chance of one at least as large if the law is true.
public struct GoodnessOfFit: Hashable, Sendable {
  /// The greatest distance between the two distribution functions, or the sum of squared, scaled differences.
  public let statistic: Double
  /// The chance of a statistic at least as large under the law; small where the sample does not fit.
  public let probability: Double

  /// The test of Kolmogorov and Smirnov of a sample against a continuous law; nil where the sample is empty.
  ///
  /// The chance is the asymptotic one with Stephens's correction, good to a few per cent from 5 values on (M. A.
  /// Stephens, "Use of the Kolmogorov-Smirnov, Cramér-von Mises and related statistics without extensive tables",
  /// JRSS B 32, 1970). Complexity: O(n log n).
  public static func kolmogorovSmirnov(_ sample: [Double], against law: (Double) -> Double) -> GoodnessOfFit? {
    guard !sample.isEmpty else { return nil }
    let count = Double(sample.count)
    var distance = 0.0
    for (index, value) in sample.sorted().enumerated() {
      let expected = law(value)
      distance = max(distance, expected - Double(index) / count, Double(index + 1) / count - expected)
    }
    let root = count.squareRoot()
    let chance = kolmogorovTail((root + 0.12 + 0.11 / root) * distance)
    return GoodnessOfFit(statistic: distance, probability: chance)
  }

  /// The chi-square test of counts against the counts expected, with `count` - 1 - `fitted` degrees of freedom.
  ///
  /// Neighbouring classes are joined until at least 5 are expected in each. Nil where the lists differ in length, an
  /// expectation is negative or not finite, or fewer than one degree of freedom is left.
  public static func chiSquare(_ observed: [Int], expected: [Double], fitted: Int = 0) -> GoodnessOfFit? {
    guard observed.count == expected.count, expected.allSatisfy({ $0 >= 0 && $0.isFinite }) else { return nil }
    var classes: [(observed: Double, expected: Double)] = []
    var open = (observed: 0.0, expected: 0.0)
    for (seen, awaited) in zip(observed, expected) {
      open.observed += Double(seen)
      open.expected += awaited
      if open.expected >= 5 {
        classes.append(open)
        open = (0, 0)
      }
    }
    if let last = classes.popLast() {
      classes.append((last.observed + open.observed, last.expected + open.expected))
    }
    let freedom = classes.count - 1 - fitted
    guard freedom >= 1 else { return nil }
    let statistic = classes.reduce(0) { sum, each in
      sum + (each.observed - each.expected) * (each.observed - each.expected) / each.expected
    }
    GSLErrors.returnThem()
    return GoodnessOfFit(statistic: statistic, probability: gsl_cdf_chisq_Q(statistic, Double(freedom)))
  }

  /// The chance that a Kolmogorov-distributed number is at least `x`, by the series that converges fast there.
  static func kolmogorovTail(_ x: Double) -> Double {
    if x <= 0 { return 1 }
    if x < 1 {
      // sqrt(2 pi) / x * the sum of exp(-(2k - 1)^2 pi^2 / (8 x^2)).
      let base = -Double.pi * Double.pi / (8 * x * x)
      let sum = [1.0, 9, 25, 49].reduce(0) { $0 + exp($1 * base) }
      return 1 - (2 * Double.pi).squareRoot() / x * sum
    }
    let terms = (1...6).map { k in
      (k % 2 == 1 ? 2.0 : -2.0) * exp(-2 * Double(k * k) * x * x)
    }
    return terms.reduce(0, +)
  }
}
