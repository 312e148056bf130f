import Testing
import Units
import Workload
@testable import Cluster

@Suite struct SLOTests {
  @Test func requestClausesCountTogether() throws {
    let ttft = SLOClause(.ttft, .request, .absolute(Seconds(0.1)))
    let tpot = SLOClause(.tpot, .request, .absolute(Seconds(0.07)))
    let outcome = try #require(try MetricsCase().summary(try SLO([ttft, tpot], attainment: 0.3)).slo)
    // The first request has TTFT 120 ms; the second 70 ms and no TPOT; the third was rejected.
    #expect(outcome.attained == 1 && near(outcome.attainment, 1.0 / 3) && near(outcome.goodput?.value, 2.5))
    #expect(outcome.isMet)
    #expect(near(outcome.verdicts[0].share, 1.0 / 3))
    // TPOT exists for the first (70 ms, equal to the bound) and would for the rejected one.
    #expect(near(outcome.verdicts[1].share, 0.5) && outcome.verdicts[1].measured == nil && outcome.verdicts[1].isMet)
    let strict = SLOClause(.tpot, .request, .absolute(Seconds(0.07)), isStrict: true)
    #expect(try MetricsCase().summary(try SLO([strict], attainment: 0.3)).slo?.verdicts[0].share == 0)
  }

  @Test func percentilesCountRejectedRequestsAsLate() throws {
    func verdict(_ fraction: Double, _ bound: Double, strict: Bool = false) throws -> SLOVerdict? {
      let clause = SLOClause(.ttft, .percentile(fraction), .absolute(Seconds(bound)), isStrict: strict)
      return try MetricsCase().summary(try SLO([clause])).slo?.verdicts.first
    }
    // TTFT 70 ms, 120 ms, never.
    #expect(try verdict(0.5, 0.12).map { $0.isMet && near($0.measured, 0.12) && near($0.share, 2.0 / 3) } == true)
    #expect(try verdict(0.5, 0.12, strict: true)?.isMet == false)
    #expect(try verdict(0.33, 0.1).map { $0.isMet && near($0.measured, 0.07) } == true)
    #expect(try verdict(0.99, 1000).map { !$0.isMet && $0.measured == nil } == true)
  }

  @Test func slowdownsCompareWithTheUnloadedReference() throws {
    let reference: UnloadedReference = { request in
      UnloadedLatency(ttft: 0.001 * Double(request.promptTokens), tpot: 0.05, e2e: 0.5)
    }
    var run = try MetricsCase()
    run.requests.removeLast()
    run.result.outcomes = Outcomes(count: 2)
    let whole = try MetricsCase().result.outcomes
    run.result.outcomes.scheduled = Array(whole.scheduled[..<2])
    run.result.outcomes.firstToken = Array(whole.firstToken[..<2])
    run.result.outcomes.done = Array(whole.done[..<2])
    run.result.outcomes.prefillReplica = [0, 0]
    run.result.outcomes.decodeReplica = [1, 1]
    let outcome = try #require(try run.summary(.splitwise, reference: reference).slo)
    // TTFT 120 / 90 and 70 / 40; TPOT 70 / 50; E2E 400 / 500 and 70 / 500.
    #expect(outcome.verdicts.map(\.clause.name).first == "p50 ttft < 2x" && outcome.verdicts.count == 9)
    #expect(near(outcome.verdicts[0].measured, 4.0 / 3) && near(outcome.verdicts[2].measured, 1.75))
    #expect(near(outcome.verdicts[3].measured, 1.4) && near(outcome.verdicts[6].measured, 0.14))
    #expect(outcome.verdicts.map(\.isMet) == [true, true, true, false, true, true, true, true, true])
    #expect(!outcome.isMet && outcome.goodput == nil && outcome.attained == nil)
    #expect(throws: SLO.Fault.needsReference("p50 ttft < 2x")) { try run.summary(.splitwise) }
  }

  @Test func gapsAreJudgedTogether() throws {
    let slo = try SLO([
      SLOClause(.itl, .percentile(0.3), .absolute(Seconds(0.02))),
      SLOClause(.itl, .percentile(0.4), .absolute(Seconds(0.02))),
      SLOClause(.itl, .percentile(0.41), .absolute(Seconds(0.02))),
    ])
    // Three gaps of 10 ms, one of 250, and the six that the rejected request would have had.
    let verdicts = try #require(try MetricsCase().summary(slo).slo).verdicts
    #expect(verdicts.map(\.isMet) == [true, false, false] && verdicts.allSatisfy { near($0.share, 0.3) })
    #expect(verdicts.map { ($0.measured ?? 0) > 0.2 } == [false, true, false] && verdicts[2].measured == nil)
  }

  @Test func whatCannotBeJudgedIsRefused() {
    let second = SLOClause.Bound.absolute(Seconds(1))
    #expect(throws: SLO.Fault.unsupported("itl <= 1 s")) { try SLO([SLOClause(.itl, .request, second)]) }
    #expect(throws: SLO.Fault.unsupported("p99 itl <= 2x")) {
      try SLO([SLOClause(.itl, .percentile(0.99), .slowdown(2))])
    }
    #expect(throws: SLO.Fault.outOfRange("p120 ttft <= 1 s")) {
      try SLO([SLOClause(.ttft, .percentile(1.2), second)])
    }
    #expect(throws: SLO.Fault.self) { try SLO([SLOClause(.ttft, .percentile(.nan), second)]) }
    #expect(throws: SLO.Fault.outOfRange("ttft <= 0x")) { try SLO([SLOClause(.ttft, .request, .slowdown(0))]) }
    #expect(throws: SLO.Fault.self) { try SLO([], attainment: 1.5) }
  }

  @Test func namesAreExact() {
    #expect(SLOClause(.tpot, .percentile(0.999), .absolute(Seconds(0.2)), isStrict: true).name == "p99.9 tpot < 200 ms")
    #expect(SLOClause(.e2e, .request, .slowdown(1.25)).name == "e2e <= 1.25x")
  }
}
