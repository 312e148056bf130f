import Foundation
import Testing

@testable import Statistics

/// Values that have closed forms or stand in every table.
@Suite struct CumulativeTests {
  static func near(_ a: Double, _ b: Double, _ tolerance: Double = 1e-12) -> Bool { abs(a - b) <= tolerance }

  @Test func functionsGiveKnownValues() {
    #expect(Self.near(Cumulative.normal(1.959963984540054), 0.975))
    #expect(Self.near(Cumulative.normal(7, mean: 5, deviation: 2), 0.8413447460685429))
    #expect(Self.near(Cumulative.exponential(3, mean: 2), 1 - exp(-1.5)))
    #expect(Self.near(Cumulative.gamma(3, shape: 2, scale: 1), 1 - 4 * exp(-3)))
    #expect(Self.near(Cumulative.logNormal(exp(2), location: 2, scale: 3), 0.5))
    #expect(Self.near(Cumulative.weibull(2, shape: 3, scale: 2), 1 - exp(-1)))
    #expect(Self.near(Cumulative.poisson(2, mean: 1), 2.5 * exp(-1)))
    #expect(Self.near(Cumulative.chiSquare(3, freedom: 2), 1 - exp(-1.5)))
    #expect(Self.near(Cumulative.studentT(1, freedom: 1), 0.75))
    #expect(Self.near(Cumulative.studentTQuantile(0.975, freedom: 10), 2.228138851964939, 1e-9))
    #expect(Self.near(Cumulative.normalQuantile(0.975), 1.959963984540054, 1e-12))
  }

  @Test func valuesBelowTheSupportHaveProbabilityZero() {
    #expect(Cumulative.exponential(-1, mean: 1) == 0)
    #expect(Cumulative.gamma(-1, shape: 1, scale: 1) == 0)
    #expect(Cumulative.logNormal(-1, location: 0, scale: 1) == 0)
    #expect(Cumulative.weibull(0, shape: 1, scale: 1) == 0)
    #expect(Cumulative.poisson(-1, mean: 1) == 0)
  }

  @Test func parametersOutOfRangeGiveNaN() {
    #expect(Cumulative.normal(0, deviation: 0).isNaN)
    #expect(Cumulative.exponential(0, mean: -1).isNaN)
    #expect(Cumulative.gamma(1, shape: 0, scale: 1).isNaN)
    #expect(Cumulative.logNormal(1, location: 0, scale: 0).isNaN)
    #expect(Cumulative.weibull(1, shape: 1, scale: .nan).isNaN)
    #expect(Cumulative.poisson(1, mean: -1).isNaN)
    #expect(Cumulative.chiSquare(1, freedom: 0).isNaN)
    #expect(Cumulative.studentT(1, freedom: 0).isNaN)
    #expect(Cumulative.studentTQuantile(1.5, freedom: 3).isNaN)
    #expect(Cumulative.normalQuantile(-0.1).isNaN)
  }

  @Test func kolmogorovTailHasTheTabulatedPoints() {
    // The 10 %, 5 % and 1 % points.
    #expect(Self.near(GoodnessOfFit.kolmogorovTail(1.2238478702170823), 0.1, 1e-9))
    #expect(Self.near(GoodnessOfFit.kolmogorovTail(1.3580986393225505), 0.05, 1e-9))
    #expect(Self.near(GoodnessOfFit.kolmogorovTail(1.6276236115189503), 0.01, 1e-9))
    #expect(GoodnessOfFit.kolmogorovTail(0) == 1)
    // Both series agree where they meet.
    #expect(Self.near(GoodnessOfFit.kolmogorovTail(1), GoodnessOfFit.kolmogorovTail(1.0.nextDown), 1e-12))
  }

  @Test func testsOfFitTellTheTruth() throws {
    let grid = (0..<1_000).map { (Double($0) + 0.5) / 1_000 }
    let even = try #require(GoodnessOfFit.kolmogorovSmirnov(grid) { $0 })
    #expect(Self.near(even.statistic, 0.0005) && even.probability > 0.999)
    let skewed = try #require(GoodnessOfFit.kolmogorovSmirnov(grid) { $0 * $0 })
    #expect(Self.near(skewed.statistic, 0.25, 1e-3) && skewed.probability < 1e-12)
    #expect(GoodnessOfFit.kolmogorovSmirnov([]) { $0 } == nil)

    // (10^2 + 10^2) / 100 with one degree of freedom.
    let coin = try #require(GoodnessOfFit.chiSquare([110, 90], expected: [100, 100]))
    #expect(coin.statistic == 2)
    #expect(Self.near(coin.probability, 0.15729920705028513, 1e-10))
    // The last three classes hold 2 each: two join to 4, the third makes them 6.
    let joined = try #require(GoodnessOfFit.chiSquare([10, 2, 2, 2], expected: [10, 2, 2, 2]))
    #expect(joined.statistic == 0 && joined.probability == 1)
    #expect(GoodnessOfFit.chiSquare([10], expected: [10]) == nil)
    #expect(GoodnessOfFit.chiSquare([10, 10], expected: [10]) == nil)
    #expect(GoodnessOfFit.chiSquare([10, 10], expected: [10, 10], fitted: 1) == nil)
  }
}
