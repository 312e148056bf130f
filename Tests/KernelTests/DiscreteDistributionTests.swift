import Foundation
import Statistics
import Testing

@testable import Kernel

/// Draws of each law of whole numbers against its probabilities, by chi-square at 100,000 draws and 1 in 1,000; the
/// same draws must reject the law with a parameter off.
@Suite struct DiscreteDistributionTests {
  /// Whether 100,000 draws fit the probabilities of 0 to n - 2, all above being one class, and do not fit the others.
  static func expect(
    _ law: some Distribution<Int>, offset: Int = 0, follows probabilities: [Double], andNot others: [Double]
  ) throws {
    var stream = RandomStream(seed: 1, consumer: .test, 20)
    var counts = [Int](repeating: 0, count: probabilities.count + 1)
    for _ in 0..<100_000 { counts[min(law.draw(from: &stream) - offset, probabilities.count)] += 1 }
    func chance(_ probabilities: [Double]) -> Double? {
      let rest = max(0, 1 - probabilities.reduce(0, +))
      return GoodnessOfFit.chiSquare(counts, expected: (probabilities + [rest]).map { $0 * 100_000 })?.probability
    }
    #expect(try #require(chance(probabilities)) > 0.001)
    #expect(try #require(chance(others)) < 1e-4)
  }

  static func poisson(_ mean: Double) -> [Double] {
    let top = Int(mean + 8 * mean.squareRoot() + 10)
    return (0..<top).map { Cumulative.poisson($0, mean: mean) - Cumulative.poisson($0 - 1, mean: mean) }
  }

  @Test(arguments: [0.05, 1, 9.99, 10, 35.5, 400, 20_000])
  func poissonFollowsItsLaw(mean: Double) throws {
    let law = try #require(Poisson(mean: mean))
    let top = Self.poisson(mean).count
    try Self.expect(
      law, follows: Self.poisson(mean), andNot: Array(Self.poisson(mean + 0.1 * mean.squareRoot()).prefix(top)))
  }

  /// The probabilities of 1 and more, as far as 100,000 draws have some 20 of each.
  static func geometric(_ mean: Double, atMost count: Int = 400) -> [Double] {
    (0..<count).map { Elementary.pow(1 - 1 / mean, Double($0)) / mean }.filter { $0 > 2e-4 }
  }

  @Test(arguments: [1.5, 4, 60]) func geometricFollowsItsLaw(mean: Double) throws {
    let law = try #require(Geometric(mean: mean))
    let known = Self.geometric(mean)
    try Self.expect(law, offset: 1, follows: known, andNot: Self.geometric(mean * 1.05, atMost: known.count))
  }

  @Test func geometricAtItsLimits() throws {
    var stream = RandomStream(seed: 1, consumer: .test)
    let one = try #require(Geometric(mean: 1))
    #expect((0..<1000).allSatisfy { _ in one.draw(from: &stream) == 1 })
    #expect(Geometric(mean: 0.99) == nil && Geometric(mean: .nan) == nil && Geometric(mean: 2e6) == nil)
  }

  @Test func poissonAtItsLimits() throws {
    var stream = RandomStream(seed: 1, consumer: .test)
    let none = try #require(Poisson(mean: 0)).draw(from: &stream)
    #expect(none == 0)
    let law = try #require(Poisson(mean: 1e9))
    let sample = (0..<1_000).map { _ in Double(law.draw(from: &stream)) }
    let summary = try #require(Summary(sample))
    #expect(abs(summary.mean - 1e9) < 4 * summary.standardError)
    #expect(abs(summary.deviation / 1e9.squareRoot() - 1) < 0.1)
    for bad in [-1, .nan, .infinity, 1.1e9] { #expect(Poisson(mean: bad) == nil) }
  }

  static func zipf(_ count: Int, _ exponent: Double) -> [Double] {
    let weights = (1...count).map { pow(Double($0), -exponent) }
    let total = weights.reversed().reduce(0, +)
    return weights.map { $0 / total }
  }

  @Test(arguments: [(10, 0.0), (10, 1), (1_000, 0.5), (1_000, 0.999), (1_000, 1), (50_000, 1.1), (1_000, 2.5)])
  func zipfFollowsItsLaw(count: Int, exponent: Double) throws {
    let law = try #require(Zipf(count: count, exponent: exponent))
    // The last rank is the rest.
    try Self.expect(
      law, offset: 1, follows: Array(Self.zipf(count, exponent).dropLast()),
      andNot: Array(Self.zipf(count, exponent + 0.05).dropLast()))
  }

  @Test func zipfAtItsLimits() throws {
    var stream = RandomStream(seed: 1, consumer: .test)
    let one = try #require(Zipf(count: 1, exponent: 1))
    let huge = try #require(Zipf(count: 1 << 40, exponent: 0.8))
    let steep = try #require(Zipf(count: 10, exponent: 100))
    for _ in 0..<1_000 {
      let ranks = (one.draw(from: &stream), huge.draw(from: &stream), steep.draw(from: &stream))
      #expect(ranks.0 == 1 && ranks.2 == 1)
      #expect(ranks.1 >= 1 && ranks.1 <= 1 << 40)
    }
    #expect(Zipf(count: 0, exponent: 1) == nil)
    #expect(Zipf(count: 10, exponent: -0.1) == nil)
    #expect(Zipf(count: 10, exponent: .nan) == nil)
    #expect(abs(try #require(Zipf(count: 4, exponent: 1)).mean - 4 / (1 + 1 / 2.0 + 1 / 3.0 + 1 / 4.0)) < 1e-12)
  }

  @Test func discreteFollowsItsWeights() throws {
    let weights = [3.0, 0, 1, 6, 0.5, 9.5, 0, 20]
    let law = try #require(Discrete(weights: weights))
    let total = weights.reduce(0, +)
    try Self.expect(
      law, follows: weights.dropLast().map { $0 / total }, andNot: weights.reversed().dropLast().map { $0 / total })
    #expect(abs(law.mean - zip(weights.indices, weights).reduce(0) { $0 + Double($1.0) * $1.1 } / total) < 1e-12)
    var stream = RandomStream(seed: 1, consumer: .test, 21)
    for _ in 0..<10_000 {
      let index = law.draw(from: &stream)
      #expect(index != 1 && index != 6)
    }
  }

  @Test func discreteRefusesWhatIsNoLaw() {
    for bad in [[], [0, 0], [1, -1], [1, .nan], [.infinity]] { #expect(Discrete(weights: bad) == nil) }
    #expect(Discrete(weights: [5])?.count == 1)
  }

  @Test func bitsNeverChange() throws {
    let laws: [any Distribution<Int>] = [
      try #require(Poisson(mean: 3)), try #require(Poisson(mean: 300)),
      try #require(Zipf(count: 1_000, exponent: 0.9)), try #require(Zipf(count: 1_000, exponent: 1)),
      try #require(Discrete(weights: [1, 2, 3, 4])),
    ]
    let prints = laws.map { law in
      var stream = RandomStream(seed: 7, consumer: .test)
      var print = Fingerprint()
      for _ in 0..<1_000 { print.combine(law.draw(from: &stream)) }
      return print.value
    }
    #expect(
      prints == [
        13_623_478_863_452_279_463, 5_414_089_099_582_318_318, 12_854_617_932_652_765_833, 4_480_044_261_078_014_339,
        7_979_150_751_141_929_660,
      ])
  }

  @Test func logarithmsOfFactorials() {
    for k in [0.0, 1, 2, 5, 9, 10, 50, 170, 1e6, 1e9] {
      let expected: Double = lgamma(k + 1)
      #expect(abs(LogFactorial.of(k) - expected) <= 4e-15 * max(abs(expected), 1) * 4)
    }
    #expect(abs(LogFactorial.gamma(0.5) - 0.5723649429247001) < 1e-14)
  }
}
