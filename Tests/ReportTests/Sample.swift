import Histogram
import Models
import Units
import Workload
@testable import Cluster

/// Two pools of one replica, a transfer path, and three requests: one of 5 tokens that moves, one of a single token,
/// one rejected.
struct Sample {
  var cluster: ClusterDescription
  var requests: [Request]
  var result: RunResult

  private struct Wait: BatchPolicy {
    static let name = "wait"
    func next(_ view: LaneView) -> StepDecision { .wait }
  }

  init() throws {
    var step = CostTerm(name: "step", count: 1, driver: .step)
    step.launch = 0.01
    step.operations.perPrefillToken = 1e9
    step.operationRate = 1e12
    let engine = EngineDescription(
      cost: try StepCost(stages: [[step]], maxBatch: 4),
      cache: KVCacheDescription(blockTokens: 10, blocks: 100, watermark: 0, bytesPerToken: 1000),
      maxSequences: 8, maxBatchTokens: 2048,
      power: EnginePower(idle: Power(100), prefill: Power(700), decode: Power(400)))
    cluster = ClusterDescription(pools: [
      PoolDescription(name: "prefill", replicas: 1, engine: engine, batch: Wait(), price: Price(36)),
      PoolDescription(name: "decode", replicas: 1, engine: engine, batch: Wait(), price: Price(18)),
    ])
    requests = [
      Request(arrival: .start, promptTokens: 90, outputTokens: 5),
      Request(arrival: Self.milliseconds(100), promptTokens: 40, outputTokens: 1),
      Request(arrival: Self.milliseconds(200), promptTokens: 5000, outputTokens: 7),
    ]
    var outcomes = Outcomes(count: 3)
    outcomes.scheduled[0] = Self.milliseconds(20)
    outcomes.firstToken[0] = Self.milliseconds(120)
    outcomes.done[0] = Self.milliseconds(400)
    outcomes.scheduled[1] = Self.milliseconds(120)
    outcomes.firstToken[1] = Self.milliseconds(170)
    outcomes.done[1] = Self.milliseconds(170)
    outcomes.preemptions = [1, 0, 0]
    outcomes.prefillReplica = [0, 0, 0]
    outcomes.decodeReplica = [1, 0, 1]
    var gaps = Histogram<UInt64>()
    for gap in [250, 10, 10, 10] as [UInt64] { gaps.record(gap * 1_000_000) }
    var first = ReplicaTotals()
    first.totals.prefillSteps = 2
    first.totals.shape.addChunk(tokens: 130, cached: 0, last: true)
    first.prefillTime = .milliseconds(150)
    first.idleTime = .milliseconds(250)
    first.roofs[.compute] = 0.15
    first.peakBlocks = 90
    first.blockSeconds = 20
    first.occupancy = [
      OccupancySample(instant: Self.milliseconds(20), blocks: 90),
      OccupancySample(instant: Self.milliseconds(200), blocks: 0),
    ]
    var second = ReplicaTotals()
    second.pool = 1
    second.totals.decodeSteps = 4
    second.totals.shape.decodes = 6
    second.decodeTime = .milliseconds(100)
    second.idleTime = .milliseconds(300)
    second.roofs[.memory] = 0.1
    second.preemptions = 1
    var transfer = TransferTotals(pair: PoolPair(from: 0, to: 1))
    transfer.count = 1
    transfer.bytes = 90_000
    transfer.busyPicoseconds = 60_000_000_000
    transfer.exposed = 0.06
    result = RunResult(
      outcomes: outcomes, gaps: gaps, replicas: [first, second], transfers: [transfer], end: Self.milliseconds(400),
      events: 12, peakPower: Power(1100), fingerprints: Fingerprints(trajectory: 1, decisions: 2, metrics: 0xabc))
  }

  static func milliseconds(_ n: Int64) -> Instant { .start + .milliseconds(n) }

  /// The first two requests belong to "chat", which asks for a first token within 100 ms, the third to "batch".
  func tenants() throws -> (Trace, Summary) {
    let slo = try SLO([SLOClause(.ttft, .request, .absolute(Seconds(0.1)))], attainment: 0.5)
    let trace = Trace(requests: requests, tenants: [0, 0, 1])
    let tenants = [Tenant(name: "chat", priority: 1, slo: slo), Tenant(name: "batch")]
    return (trace, try Summary(cluster, trace, result, tenants: tenants))
  }

  func summary(scaledBy factor: Int64 = 1) throws -> Summary {
    var result = result
    for index in requests.indices where result.outcomes.done[index] != Outcomes.never {
      result.outcomes.done[index].picoseconds *= factor
    }
    result.end.picoseconds *= factor
    let slo = try SLO(
      [
        SLOClause(.ttft, .request, .absolute(Seconds(0.1))), SLOClause(.tpot, .request, .absolute(Seconds(0.2))),
        SLOClause(.e2e, .percentile(0.5), .slowdown(4), isStrict: true),
      ], attainment: 0.9)
    return try Summary(
      cluster, requests, result, slo: slo, reference: { _ in UnloadedLatency(ttft: 0.1, tpot: 0.1, e2e: 0.1) },
      peaks: [DevicePeak(operations: 2e12, bytes: 4e12), nil])
  }
}
