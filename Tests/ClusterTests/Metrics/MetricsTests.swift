import Histogram
import Testing
import Units
@testable import Cluster

@Suite struct MetricsTests {
  @Test func countsAndRates() throws {
    let summary = try MetricsCase().summary()
    #expect(summary.requests == 3 && summary.completed == 2 && summary.rejected == 1)
    #expect(summary.promptTokens == 130 && summary.outputTokens == 6)
    #expect(near(summary.requestRate.value, 5))  // 2 in 0.4 s
    #expect(near(summary.outputTokenRate.value, 15))
    #expect(near(summary.tokenRate.value, 340))
  }

  @Test func latenciesAreOrderStatistics() throws {
    let summary = try MetricsCase().summary()
    // TTFT 120 and 70 ms, E2E 400 and 70, queueing 20 and 20; TPOT (400 - 120) / 4 = 70 of the first alone.
    #expect(near(summary.ttft?.mean, 0.095) && near(summary.ttft?.p50, 0.07) && near(summary.ttft?.p90, 0.12))
    #expect(near(summary.e2e?.mean, 0.235) && near(summary.e2e?.max, 0.4))
    #expect(near(summary.queueing?.p99, 0.02))
    #expect(summary.tpot?.count == 1 && near(summary.tpot?.p50, 0.07))
    #expect(summary.itl?.count == 4)
    #expect(abs((summary.itl?.p50 ?? 0) - 0.01) < 1e-5 && abs((summary.itl?.max ?? 0) - 0.25) < 2.5e-4)
  }

  @Test func poolsAddUp() throws {
    let summary = try MetricsCase().summary()
    let (p, d) = (summary.pools[0], summary.pools[1])
    // 130 tokens * 1 GFLOP over 2 TFLOP/s * 0.4 s; the decode pool's 4 * 2 * 0.5 GB has no peak to compare with.
    #expect(near(p.work?.operations, 130e9) && near(p.mfu, 0.1625) && near(p.mbu, 0))
    #expect(near(d.work?.memoryBytes, 4e9) && d.mfu == nil && d.mbu == nil)
    #expect(near(p.prefillShare, 0.375) && p.decodeShare == 0 && near(d.decodeShare, 0.25))
    // 0.4 block-seconds of 100 blocks * 0.4 s.
    #expect(near(p.meanOccupancy, 0.01) && near(p.peakOccupancy, 0.09) && near(d.peakOccupancy, 0.1))
    // 700 W * 0.15 s + 100 W * 0.25 s; 400 W * 0.1 s + 100 W * 0.3 s.
    #expect(near(p.energy.value, 130) && near(d.energy.value, 70) && near(p.averagePower.value, 325))
    #expect(near(d.swapped.value, 200_000) && d.preemptions == 1)
    #expect(near(p.meanPrefillTokens, 65) && near(d.meanDecodeBatch, 1) && p.meanDecodeBatch == 0)
    #expect(near(p.time.roofs[.compute], 0.13 / 0.4) && near(p.time.idle, 0.625))
    #expect(near(d.time.swap, 0.14) && near(d.time.named.reduce(0) { $0 + $1.share }, 1))
  }

  @Test func energyAndMoney() throws {
    let summary = try MetricsCase().summary()
    #expect(near(summary.energy.value, 200) && near(summary.averagePower.value, 500))
    #expect(summary.peakPower == Power(1100) && near(summary.energyPerOutputToken?.value, 200.0 / 6))
    // 54 $/h for 0.4 s is 0.6 cents.
    #expect(near(summary.price?.value, 54) && near(summary.cost, 0.006))
    #expect(near(summary.costPerMillionOutputTokens, 1000) && near(summary.costPerMillionTokens, 6000.0 / 136))
  }

  @Test func latencySharesSayWhereTimeWent() throws {
    let shares = try MetricsCase().summary().latency
    // E2E 400 + 70 ms: 40 queued; 60 of transfer; prefill 100 + 50; decode 280 - 60 = 220.
    #expect(near(shares.queue, 40.0 / 470) && near(shares.transfer, 60.0 / 470))
    // Prefill as the first pool's 20 : 130, decode as the second's 40 launch : 4 memory : 56 swap.
    #expect(near(shares.roofs[.compute], 130.0 / 470) && near(shares.swap, 220 * 0.56 / 470))
    #expect(near(shares.roofs[.launch], (20 + 220 * 0.4) / 470) && near(shares.roofs[.memory], 220 * 0.04 / 470))
    #expect(shares.bottleneck == "compute" && shares.idle == 0)
    #expect(TimeShares().bottleneck == nil && TimeShares().normalised == TimeShares())
  }

  @Test func transfersByPath() throws {
    let transfer = try #require(try MetricsCase().summary().transfers.first)
    #expect(transfer.from == "p" && transfer.to == "d" && transfer.count == 1)
    #expect(near(transfer.meanBandwidth.value, 225_000) && near(transfer.exposed.value, 0.06))
  }

  @Test func aRunThatServedNothing() throws {
    var run = try MetricsCase()
    run.result.outcomes = Outcomes(count: 3)
    run.result.gaps = Histogram<UInt64>()
    run.result.end = .start
    let slo = try SLO([
      SLOClause(.ttft, .request, .absolute(Seconds(1))), SLOClause(.itl, .percentile(0.9), .absolute(Seconds(1))),
    ])
    let summary = try run.summary(slo)
    #expect(summary.completed == 0 && summary.rejected == 3)
    #expect(summary.ttft == nil && summary.tpot == nil && summary.itl == nil && summary.costPerMillionTokens == nil)
    #expect(summary.requestRate.value == 0 && summary.averagePower.value == 0 && summary.latency.bottleneck == nil)
    #expect(summary.slo?.attainment == 0 && summary.slo?.goodput == Rate(0) && summary.slo?.isMet == false)
    #expect(summary.slo?.verdicts.map(\.isMet) == [false, false])
    let nothing = try Summary(
      run.cluster, [],
      RunResult(
        outcomes: Outcomes(count: 0), gaps: Histogram<UInt64>(), replicas: [], transfers: [], end: .start, events: 0,
        peakPower: Power(0), fingerprints: Fingerprints(trajectory: 0, decisions: 0, metrics: 0)), slo: slo)
    #expect(nothing.requests == 0 && nothing.slo?.isMet == false)
  }
}
