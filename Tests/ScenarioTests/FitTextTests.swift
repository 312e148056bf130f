import Kernel
import Testing
import Units
import Workload

@testable import Scenario

/// What a fit writes is read as the generator that it is.
@Suite struct FitTextTests {
  private func read(_ yaml: String) throws -> GeneratorPlan? {
    let read = try scenario([
      "fitted.yaml": yaml,
      "s.yaml": "extends: fitted.yaml\nmodel: llama-2-7b\ncluster: {pools: {all: {device: a100-sxm}}}\n",
    ])
    guard case .generator(let plan) = try read.resolve().workload.source else { return nil }
    return plan
  }

  @Test(
    arguments: [
      .poisson(Rate(3)), .gamma(Rate(3), variation: 2.5), .weibull(Rate(3), variation: 2.5),
      .switching(
        Rate(3), states: [RateState(multiple: 1, dwell: .seconds(60)), RateState(multiple: 12, dwell: .seconds(9))]),
      .diurnal(
        Rate(0.05), RateProfile(period: .seconds(86_400), rates: (0..<24).map { Double(1 + $0 % 12) }, variation: 1)),
    ] as [ArrivalProcess])
  func whatIsWrittenIsRead(_ process: ArrivalProcess) throws {
    let lengths = Generator.Lengths.independent(
      prompt: .lognormal(mean: 900, variation: 1.3, maximum: 9000), output: .constant(40))
    let trace = try Generator(arrivals: process, lengths: lengths, extent: .requests(10_000)).trace(seed: 5)
    let fit = try WorkloadFit(TraceProfile(trace))
    let plan = try #require(try read(fit.yaml))
    #expect(plan.extent == .requests(10_000))
    let (read, meant) = (try plan.trace(seed: 3, blockTokens: nil), try fit.generator.trace(seed: 3))
    #expect(read.requests.map(\.promptTokens) == meant.requests.map(\.promptTokens))
    #expect(read.requests.map(\.outputTokens) == meant.requests.map(\.outputTokens))
    for (a, b) in zip(read.requests, meant.requests) {
      #expect(abs(a.arrival.picoseconds - b.arrival.picoseconds) <= 1_000_000)
    }
  }

  @Test func pairsAreRead() throws {
    let source = (0..<500).map { Request(arrival: .start, promptTokens: Int32(1 + $0), outputTokens: Int32(1 + $0)) }
    let trace = try Generator(arrivals: .poisson(Rate(3)), lengths: .paired(source), extent: .requests(2000))
      .trace(seed: 5)
    let fit = try WorkloadFit(TraceProfile(trace))
    guard case .pairs(let pairs) = fit.lengths else {
      Issue.record("correlated lengths are pairs")
      return
    }
    #expect(try read(fit.yaml)?.lengths == .pairs(pairs))
  }
}
