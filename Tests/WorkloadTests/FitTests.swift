import Kernel
import Testing
import Units

@testable import Workload

/// Generators fitted to traces that a known law made.
@Suite struct FitTests {
  private static let lengths = Generator.Lengths.independent(
    prompt: .lognormal(mean: 800, variation: 1, maximum: 8000),
    output: .lognormal(mean: 150, variation: 1, maximum: 2000))

  private static func profile(_ process: ArrivalProcess, _ lengths: Generator.Lengths = lengths, seed: UInt64 = 11)
    throws -> TraceProfile
  {
    TraceProfile(try Generator(arrivals: process, lengths: lengths, extent: .requests(30_000)).trace(seed: seed))
  }

  private static func off(_ comparison: FitComparison, _ name: String) -> Double {
    abs(comparison.rows.first { $0.name == name }?.off ?? .infinity)
  }

  @Test(
    arguments: [
      ("poisson", .poisson(Rate(10))), ("gamma", .gamma(Rate(10), variation: 3)),
      ("weibull", .weibull(Rate(10), variation: 3)),
      (
        "mmpp",
        .switching(
          Rate(10), states: [RateState(multiple: 1, dwell: .seconds(30)), RateState(multiple: 9, dwell: .seconds(8))])
      ),
    ] as [(String, ArrivalProcess)])
  func theLawIsFoundAgain(_ name: String, _ process: ArrivalProcess) throws {
    let profile = try Self.profile(process)
    let fit = try WorkloadFit(profile)
    #expect(fit.arrivals.name == name, "\(fit.candidates.map { ($0.name, $0.distance) })")
    let comparison = FitComparison(profile, try fit.generated(seed: 2))
    #expect(Self.off(comparison, "rate") < 0.06)
    #expect(Self.off(comparison, "cv of gaps") < 0.08)
    #expect(Self.off(comparison, "dispersion in 10 s") < 0.25)
    #expect(comparison.gapDistance ?? 1 < 0.03)
    for part in ["prompt mean", "prompt p50", "prompt p90", "output mean", "output p50", "output p90"] {
      #expect(Self.off(comparison, part) < 0.04, "\(part)")
    }
    guard case .quantiles = fit.lengths else {
      Issue.record("lengths that do not correlate are no pairs")
      return
    }
  }

  @Test func theStatesAreFoundAgain() throws {
    let profile = try Self.profile(
      .switching(
        Rate(10), states: [RateState(multiple: 1, dwell: .seconds(30)), RateState(multiple: 9, dwell: .seconds(8))]))
    let states = try #require(SwitchingFit(profile)?.states)
    // Two states of 30,000 requests, some 80 turns of each: estimates within a third.
    let ratio = states[1].multiple / states[0].multiple
    #expect(abs(states[0].dwell.seconds / 30 - 1) < 0.4 && abs(states[1].dwell.seconds / 8 - 1) < 0.4, "\(states)")
    #expect(abs(ratio / 9 - 1) < 0.4, "\(ratio)")
  }

  @Test func aDayIsFoundAgain() throws {
    let hours = (0..<24).map { Double([1, 1, 2, 5, 9, 8, 6, 3][$0 / 3]) }
    let profile = try Self.profile(
      .diurnal(Rate(0.1), RateProfile(period: .seconds(86_400), rates: hours)))
    let fit = try WorkloadFit(profile)
    #expect(fit.arrivals.name == "diurnal", "\(fit.candidates.map { ($0.name, $0.distance) })")
    guard case .diurnal(_, let day) = fit.arrivals.process else { return }
    let sums = (0..<8).map { part in day.rates[3 * part..<3 * part + 3].reduce(0, +) }
    #expect(sums.max() == sums[4] && (sums[4] / sums[0] - 9).magnitude < 3)
  }

  @Test func lengthsThatCorrelateBecomePairs() throws {
    // Outputs are a tenth of the prompt and some more.
    let requests = (0..<3000).map { (index: Int) -> Request in
      let output = 10 + index / 10 + (index * 7919) % 40
      return request(0, Int32(100 + index), Int32(output))
    }
    let profile = try Self.profile(.poisson(Rate(5)), .paired(requests))
    let fit = try WorkloadFit(profile)
    guard case .pairs(let pairs) = fit.lengths else {
      Issue.record("correlated lengths are pairs")
      return
    }
    #expect(pairs.count <= 288 && pairs.reduce(0) { $0 + $1.weight } == 30_000)
    let comparison = FitComparison(profile, try fit.generated())
    let correlation = try #require(comparison.rows.first { $0.name == "rank correlation" })
    #expect(abs((correlation.trace ?? 0) - (correlation.generated ?? 0)) < 0.02 && correlation.trace ?? 0 > 0.9)
    for part in ["prompt mean", "prompt p50", "prompt p90", "output mean", "output p50", "output p90"] {
      #expect(Self.off(comparison, part) < 0.04, "\(part)")
    }
  }

  @Test func lengthsAlwaysTheSame() throws {
    let same = Generator.Lengths.independent(prompt: .constant(7), output: .constant(9))
    let fit = try WorkloadFit(try Self.profile(.poisson(Rate(5)), same))
    #expect(try fit.generator.trace(seed: 1).requests.allSatisfy { $0.promptTokens == 7 && $0.outputTokens == 9 })
  }

  @Test func whatCannotBeFitted() throws {
    #expect(throws: WorkloadFit.Fault.tooFew(3)) {
      try WorkloadFit(TraceProfile(Trace(requests: (0..<3).map { request(Int64($0) * 1_000_000_000_000, 1, 1) })))
    }
    #expect(throws: WorkloadFit.Fault.noArrivals) {
      try WorkloadFit(TraceProfile(Trace(requests: (0..<50).map { _ in request(0, 1, 1) })))
    }
  }
}
