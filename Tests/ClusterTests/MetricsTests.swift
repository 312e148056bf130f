import Histogram
import Models
import Testing
import Units
import Workload
@testable import Cluster

/// A one-device engine whose every step takes 10 ms of launch, whose prompt tokens cost 1 GFLOP each at 1 TFLOP/s and
/// whose decodes move 1 GB per sequence at 1 TB/s.
private func engine(blocks: Int = 100) throws -> EngineDescription {
  var step = CostTerm(name: "step", count: 1, driver: .step)
  step.launch = 0.01
  var prefill = CostTerm(name: "prefill", count: 1, driver: .prefill)
  prefill.operations.perPrefillToken = 1e9
  prefill.operationRate = 1e12
  var decode = CostTerm(name: "decode", count: 2, driver: .decode)
  decode.bytes.perDecode = 0.5e9
  decode.byteRate = 1e12
  return EngineDescription(
    cost: try StepCost(stages: [[step, prefill, decode]], maxBatch: 4),
    cache: KVCacheDescription(blockTokens: 10, blocks: blocks, watermark: 0, bytesPerToken: 1000),
    maxSequences: 8, maxBatchTokens: 2048, power: EnginePower(idle: Power(100), prefill: Power(700), decode: Power(400))
  )
}

private struct Wait: BatchPolicy {
  static let name = "wait"
  func next(_ view: LaneView) -> StepDecision { .wait }
}

private func milliseconds(_ n: Int64) -> Instant { .start + .milliseconds(n) }

/// Two pools of one replica, a transfer path, and three requests: one of 5 tokens that moves, one of a single token
/// that stays, one rejected.
private struct Case {
  var cluster: ClusterDescription
  var requests: [Request]
  var result: RunResult

  init() throws {
    let engine = try engine()
    cluster = ClusterDescription(
      pools: [
        PoolDescription(name: "p", replicas: 1, engine: engine, batch: Wait(), price: Price(36)),
        PoolDescription(name: "d", replicas: 1, engine: engine, batch: Wait(), price: Price(18)),
      ],
      transfers: [
        PoolPair(from: 0, to: 1): TransferDescription(
          bandwidth: Bandwidth(1e9), latency: Seconds(0), mode: .serialized, layers: 1)
      ])
    requests = [
      Request(arrival: milliseconds(0), promptTokens: 90, outputTokens: 5),
      Request(arrival: milliseconds(100), promptTokens: 40, outputTokens: 1),
      Request(arrival: milliseconds(200), promptTokens: 5000, outputTokens: 7),
    ]
    var outcomes = Outcomes(count: 3)
    outcomes.scheduled[0] = milliseconds(20)
    outcomes.firstToken[0] = milliseconds(120)
    outcomes.done[0] = milliseconds(400)
    outcomes.prefillReplica = [0, 0, 0]
    outcomes.decodeReplica = [1, 1, 1]
    outcomes.scheduled[1] = milliseconds(120)
    outcomes.firstToken[1] = milliseconds(170)
    outcomes.done[1] = milliseconds(170)
    var gaps = Histogram<UInt64>()
    for gap in [250, 10, 10, 10] as [UInt64] { gaps.record(gap * 1_000_000) }
    var first = ReplicaTotals()
    first.pool = 0
    first.totals.steps = 2
    first.totals.prefillSteps = 2
    first.totals.sampledSteps = 2
    first.totals.shape.addChunk(tokens: 90, cached: 0, last: true)
    first.totals.shape.addChunk(tokens: 40, cached: 0, last: true)
    first.prefillTime = .milliseconds(150)
    first.idleTime = .milliseconds(250)
    first.roofs[.launch] = 0.02
    first.roofs[.compute] = 0.13
    first.peakBlocks = 9
    first.blockSeconds = 0.4
    var second = ReplicaTotals()
    second.pool = 1
    second.totals.steps = 4
    second.totals.decodeSteps = 4
    second.totals.sampledSteps = 4
    second.totals.shape.decodes = 4
    second.totals.shape.decodeContext = 91 + 92 + 93 + 94
    second.decodeTime = .milliseconds(100)
    second.idleTime = .milliseconds(300)
    second.roofs[.launch] = 0.04
    second.roofs[.memory] = 0.004
    second.swapTime = .milliseconds(56)
    second.swappedTokens = 200
    second.preemptions = 1
    second.peakBlocks = 10
    var transfer = TransferTotals(pair: PoolPair(from: 0, to: 1))
    transfer.count = 1
    transfer.bytes = 90_000
    transfer.busyPicoseconds = 60_000_000_000
    transfer.exposed = 0.06
    result = RunResult(
      outcomes: outcomes, gaps: gaps, replicas: [first, second], transfers: [transfer], end: milliseconds(400),
      events: 12, peakPower: Power(1100), fingerprints: Fingerprints(trajectory: 1, decisions: 2, metrics: 3))
  }

  func summary(_ slo: SLO? = nil, reference: UnloadedReference? = nil) throws -> Summary {
    try Summary(
      cluster, requests, result, slo: slo, reference: reference,
      peaks: [DevicePeak(operations: 2e12, bytes: 4e12), nil])
  }
}

/// Equal but for rounding.
private func near(_ a: Double?, _ b: Double) -> Bool { a.map { abs($0 - b) <= 1e-9 * max(abs(b), 1e-3) } ?? false }

@Suite struct MetricsTests {
  @Test func countsAndRates() throws {
    let summary = try Case().summary()
    #expect(summary.requests == 3 && summary.completed == 2 && summary.rejected == 1)
    #expect(summary.promptTokens == 130 && summary.outputTokens == 6)
    #expect(near(summary.requestRate.value, 5))  // 2 in 0.4 s
    #expect(near(summary.outputTokenRate.value, 15))
    #expect(near(summary.tokenRate.value, 340))
  }

  @Test func latenciesAreOrderStatistics() throws {
    let summary = try Case().summary()
    // TTFT 120 and 70 ms, E2E 400 and 70, queueing 20 and 20; TPOT (400 - 120) / 4 = 70 of the first alone.
    #expect(near(summary.ttft?.mean, 0.095) && near(summary.ttft?.p50, 0.07) && near(summary.ttft?.p90, 0.12))
    #expect(near(summary.e2e?.mean, 0.235) && near(summary.e2e?.max, 0.4))
    #expect(near(summary.queueing?.p99, 0.02))
    #expect(summary.tpot?.count == 1 && near(summary.tpot?.p50, 0.07))
    #expect(summary.itl?.count == 4)
    #expect(abs((summary.itl?.p50 ?? 0) - 0.01) < 1e-5 && abs((summary.itl?.max ?? 0) - 0.25) < 2.5e-4)
  }

  @Test func poolsAddUp() throws {
    let summary = try Case().summary()
    let (p, d) = (summary.pools[0], summary.pools[1])
    // 130 tokens * 1 GFLOP over 2 TFLOP/s * 0.4 s; the decode pool's 4 * 2 * 0.5 GB has no peak to compare with.
    #expect(near(p.work.operations, 130e9) && near(p.mfu, 0.1625) && near(p.mbu, 0))
    #expect(near(d.work.memoryBytes, 4e9) && d.mfu == nil && d.mbu == nil)
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
    let summary = try Case().summary()
    #expect(near(summary.energy.value, 200) && near(summary.averagePower.value, 500))
    #expect(summary.peakPower == Power(1100) && near(summary.energyPerOutputToken?.value, 200.0 / 6))
    // 54 $/h for 0.4 s is 0.6 cents.
    #expect(near(summary.price.value, 54) && near(summary.cost, 0.006))
    #expect(near(summary.costPerMillionOutputTokens, 1000) && near(summary.costPerMillionTokens, 6000.0 / 136))
  }

  @Test func latencySharesSayWhereTimeWent() throws {
    let shares = try Case().summary().latency
    // E2E 400 + 70 ms: 40 queued; 60 of transfer; prefill 100 + 50; decode 280 - 60 = 220.
    #expect(near(shares.queue, 40.0 / 470) && near(shares.transfer, 60.0 / 470))
    // Prefill as the first pool's 20 : 130, decode as the second's 40 launch : 4 memory : 56 swap.
    #expect(near(shares.roofs[.compute], 130.0 / 470) && near(shares.swap, 220 * 0.56 / 470))
    #expect(near(shares.roofs[.launch], (20 + 220 * 0.4) / 470) && near(shares.roofs[.memory], 220 * 0.04 / 470))
    #expect(shares.bottleneck == "compute" && shares.idle == 0)
    #expect(TimeShares().bottleneck == nil && TimeShares().normalised == TimeShares())
  }

  @Test func transfersByPath() throws {
    let transfer = try #require(try Case().summary().transfers.first)
    #expect(transfer.from == "p" && transfer.to == "d" && transfer.count == 1)
    #expect(near(transfer.meanBandwidth.value, 225_000) && near(transfer.exposed.value, 0.06))
  }

  @Test func aRunThatServedNothing() throws {
    var run = try Case()
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

@Suite struct SLOTests {
  @Test func requestClausesCountTogether() throws {
    let ttft = SLOClause(.ttft, .request, .absolute(Seconds(0.1)))
    let tpot = SLOClause(.tpot, .request, .absolute(Seconds(0.07)))
    let outcome = try #require(try Case().summary(try SLO([ttft, tpot], attainment: 0.3)).slo)
    // The first request has TTFT 120 ms; the second 70 ms and no TPOT; the third was rejected.
    #expect(outcome.attained == 1 && near(outcome.attainment, 1.0 / 3) && near(outcome.goodput?.value, 2.5))
    #expect(outcome.isMet)
    #expect(near(outcome.verdicts[0].share, 1.0 / 3))
    // TPOT exists for the first (70 ms, equal to the bound) and would for the rejected one.
    #expect(near(outcome.verdicts[1].share, 0.5) && outcome.verdicts[1].measured == nil && outcome.verdicts[1].isMet)
    let strict = SLOClause(.tpot, .request, .absolute(Seconds(0.07)), isStrict: true)
    #expect(try Case().summary(try SLO([strict], attainment: 0.3)).slo?.verdicts[0].share == 0)
  }

  @Test func percentilesCountRejectedRequestsAsLate() throws {
    func verdict(_ fraction: Double, _ bound: Double, strict: Bool = false) throws -> SLOVerdict? {
      let clause = SLOClause(.ttft, .percentile(fraction), .absolute(Seconds(bound)), isStrict: strict)
      return try Case().summary(try SLO([clause])).slo?.verdicts.first
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
    var run = try Case()
    run.requests.removeLast()
    run.result.outcomes = Outcomes(count: 2)
    let whole = try Case().result.outcomes
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
    let verdicts = try #require(try Case().summary(slo).slo).verdicts
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

@Suite struct OrderStatisticsTests {
  @Test func selectionEqualsSorting() {
    var state: UInt64 = 7
    func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state >> 33
    }
    for count in [1, 2, 31, 32, 33, 100, 1000, 5000] {
      for spread in [1, 2, 10, 1_000_000] as [UInt64] {
        for shape in 0..<3 {
          var values = (0..<count).map { _ in next() % spread }
          if shape > 0 { values.sort() }
          if shape > 1 { values.reverse() }
          let sorted = values.sorted()
          let ranks = [0.0, 0.5, 0.5, 0.9, 0.99, 0.999, 1].map { OrderStatistics.rank($0, of: count) }
          OrderStatistics.select(&values, at: ranks)
          #expect(ranks.map { values[$0] } == ranks.map { sorted[$0] })
          #expect(values.sorted() == sorted)
        }
      }
    }
  }

  @Test func nearestRanks() {
    #expect(OrderStatistics.rank(0.5, of: 2) == 0 && OrderStatistics.rank(0.5, of: 3) == 1)
    #expect(OrderStatistics.rank(0.07, of: 100) == 6 && OrderStatistics.rank(0.99, of: 100) == 98)
    #expect(OrderStatistics.rank(0.991, of: 100) == 99 && OrderStatistics.rank(1, of: 100) == 99)
    #expect(OrderStatistics.rank(0, of: 5) == 0)
  }

  @Test func longSumsDoNotOverflow() {
    var sum = LongSum()
    for _ in 0..<4 { sum += Int64.max }
    #expect(sum.value == 0x1p65)
  }
}

@Suite struct UnloadedReferenceTests {
  @Test func countsPromptThenTheMiddleDecode() throws {
    let request = Request(arrival: .start, promptTokens: 90, outputTokens: 5)
    let latency = try engine().cost.unloadedReference(request)
    // 10 + 90 ms, then 4 steps of 10 + 1 ms.
    #expect(near(latency.ttft, 0.1) && near(latency.tpot, 0.011) && near(latency.e2e, 0.144))
  }
}
