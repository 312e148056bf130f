import Statistics
import Testing

@testable import Kernel

/// Draws of each continuous law against its distribution function, by Kolmogorov and Smirnov at 100,000 draws.
///
/// The seed is fixed, so that a test passes always or never; a correct sampler had a chance of 1 in 1,000 to fail when
/// the seed was chosen. Each case names a law a little off, which the same draws must reject: the test has teeth.
@Suite struct ContinuousDistributionTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var law: any Distribution<Double>
    var cumulative: @Sendable (Double) -> Double
    /// The same function with a parameter some 3 % off.
    var mutant: @Sendable (Double) -> Double
  }

  static func gamma(_ shape: Double, _ scale: Double) -> Case? {
    Gamma(shape: shape, scale: scale).map {
      Case(
        testDescription: "gamma \(shape)", law: $0,
        cumulative: { Cumulative.gamma($0, shape: shape, scale: scale) },
        mutant: { Cumulative.gamma($0, shape: shape * 1.05, scale: scale) })
    }
  }

  static func weibull(_ shape: Double, _ scale: Double) -> Case? {
    Weibull(shape: shape, scale: scale).map {
      Case(
        testDescription: "Weibull \(shape)", law: $0,
        cumulative: { Cumulative.weibull($0, shape: shape, scale: scale) },
        mutant: { Cumulative.weibull($0, shape: shape * 1.03, scale: scale) })
    }
  }

  static let cases: [Case] = [
    Uniform(low: -1, high: 3).map {
      Case(
        testDescription: "uniform", law: $0, cumulative: { min(max(($0 + 1) / 4, 0), 1) },
        mutant: { min(max(($0 + 1) / 4.05, 0), 1) })
    },
    Exponential(mean: 2.5).map {
      Case(
        testDescription: "exponential", law: $0, cumulative: { Cumulative.exponential($0, mean: 2.5) },
        mutant: { Cumulative.exponential($0, mean: 2.575) })
    },
    Normal(mean: -3, deviation: 2).map {
      Case(
        testDescription: "normal", law: $0, cumulative: { Cumulative.normal($0, mean: -3, deviation: 2) },
        mutant: { Cumulative.normal($0, mean: -3, deviation: 2.1) })
    },
    LogNormal(location: 6, scale: 1.25).map {
      Case(
        testDescription: "lognormal", law: $0, cumulative: { Cumulative.logNormal($0, location: 6, scale: 1.25) },
        mutant: { Cumulative.logNormal($0, location: 6, scale: 1.3) })
    },
    gamma(0.1, 10), gamma(0.7, 2), gamma(1, 1), gamma(3.5, 0.2), gamma(400, 1),
    weibull(0.5, 3), weibull(1, 1), weibull(4, 100),
    Quantiles([.init(0, 1), .init(0.5, 10), .init(0.9, 100), .init(1, 1_000)]).map { law in
      @Sendable func cumulative(_ x: Double) -> Double {
        x < 10 ? (x - 1) / 18 : x < 100 ? 0.5 + (x - 10) / 225 : 0.9 + (x - 100) / 9_000
      }
      return Case(
        testDescription: "quantiles", law: law, cumulative: cumulative,
        mutant: { cumulative(1 + ($0 - 1) * 0.97) })
    },
  ].compactMap { $0 }

  @Test func allCasesExist() { #expect(Self.cases.count == 13) }

  @Test(arguments: cases)
  func drawsFollowTheLaw(each: Case) throws {
    var stream = RandomStream(seed: 1, consumer: .test, 10)
    let sample = (0..<100_000).map { _ in each.law.draw(from: &stream) }
    let summary = try #require(Summary(sample))
    let fit = try #require(GoodnessOfFit.kolmogorovSmirnov(summary.sorted, against: each.cumulative))
    #expect(fit.probability > 0.001)
    let mutant = try #require(GoodnessOfFit.kolmogorovSmirnov(summary.sorted, against: each.mutant))
    #expect(mutant.probability < 1e-4)
    #expect(abs(summary.mean - each.law.mean) < 4 * summary.standardError)
  }

  @Test func bitsNeverChange() {
    let prints = Self.cases.map { each in
      var stream = RandomStream(seed: 7, consumer: .test)
      var print = Fingerprint()
      for _ in 0..<1_000 { print.combine(each.law.draw(from: &stream)) }
      return print.value
    }
    #expect(
      prints == [
        6_180_188_438_134_133_335, 4_941_374_914_858_612_735, 13_092_493_895_657_077_349, 10_240_252_364_909_126_802,
        1_082_495_203_025_274_578, 10_882_339_952_687_667_833, 13_382_421_383_374_780_309, 5_511_760_524_384_310_334,
        12_776_790_413_053_058_089, 4_459_169_563_736_992_612, 3_069_187_077_304_104_783, 9_323_024_287_371_315_160,
        9_742_939_133_419_161_176,
      ])
  }

  @Test func lawsFromAMeanAndAVariationHaveThem() throws {
    let gamma = try #require(Gamma(mean: 3, variation: 2))
    #expect(abs(gamma.mean - 3) < 1e-12)
    #expect(gamma.shape == 0.25)
    let logNormal = try #require(LogNormal(mean: 3, variation: 2))
    #expect(abs(logNormal.mean - 3) < 1e-12)
    let s = logNormal.scale
    #expect(abs(Elementary.exp(s * s) - 1 - 4) < 1e-12)
    #expect(LogNormal(mean: 3, variation: 0)?.scale == 0)
  }

  @Test func parametersOutOfRangeAreRefused() {
    #expect(Uniform(low: 1, high: 0) == nil)
    #expect(Uniform(low: 0, high: .infinity) == nil)
    #expect(Uniform(low: -1e308, high: 1e308) == nil)
    for bad in [0, -1, .nan, .infinity] {
      #expect(Exponential(mean: bad) == nil)
      #expect(Gamma(shape: bad, scale: 1) == nil)
      #expect(Gamma(shape: 1, scale: bad) == nil)
      #expect(Gamma(mean: 1, variation: bad) == nil)
      #expect(Gamma(mean: bad, variation: 1) == nil)
      #expect(Weibull(shape: bad, scale: 1) == nil)
      #expect(Weibull(shape: 1, scale: bad) == nil)
      #expect(Weibull(mean: bad, variation: 1) == nil)
      #expect(Weibull(mean: 1, variation: bad) == nil)
      #expect(LogNormal(mean: bad, variation: 1) == nil)
    }
    #expect(Normal(mean: 0, deviation: -1) == nil)
    #expect(Normal(mean: .nan, deviation: 1) == nil)
    #expect(LogNormal(location: 0, scale: -1) == nil)
    #expect(LogNormal(mean: 1, variation: -1) == nil)
    #expect(Quantiles([]) == nil)
    #expect(Quantiles([.init(0, 1), .init(0.5, 2)]) == nil)
    #expect(Quantiles([.init(0.1, 1), .init(1, 2)]) == nil)
    #expect(Quantiles([.init(0, 1), .init(0.5, 3), .init(1, 2)]) == nil)
    #expect(Quantiles([.init(0, 1), .init(0.5, 2), .init(0.5, 2), .init(1, 3)]) == nil)
    #expect(Quantiles([.init(0, 1), .init(1, .infinity)]) == nil)
  }

  @Test func quantilesAnswerAtTheirPointsAndBetween() throws {
    let law = try #require(Quantiles([.init(0, 0), .init(0.25, 0), .init(0.5, 8), .init(1, 10)]))
    #expect([-1, 0, 0.1, 0.25, 0.375, 0.5, 0.75, 1, 2].map(law.value) == [0, 0, 0, 0, 4, 8, 9, 10, 10])
    #expect(law.mean == 0.25 * 4 + 0.5 * 9)
  }

  @Test func aLawWithoutSpreadDrawsItsMean() throws {
    var stream = RandomStream(seed: 1, consumer: .test)
    let normal = try #require(Normal(mean: 4, deviation: 0)).draw(from: &stream)
    let uniform = try #require(Uniform(low: 4, high: 4)).draw(from: &stream)
    #expect(normal == 4 && uniform == 4)
  }

  /// By hand: shape 1/2 has moments Gamma(3) = 2 and Gamma(5) = 24, so that the variation is sqrt(24 / 4 - 1).
  @Test func weibullOfAMeanAndAVariation() throws {
    for (variation, shape) in [(1.0, 1.0), (5.0.squareRoot(), 0.5), ((4 / Double.pi - 1).squareRoot(), 2)] {
      let law = try #require(Weibull(mean: 3, variation: variation))
      #expect(abs(law.shape - shape) < 1e-9 * shape && abs(law.mean - 3) < 1e-9)
    }
    #expect(Weibull(mean: 1, variation: 0.001) != nil && Weibull(mean: 1, variation: 100) != nil)
  }
}
