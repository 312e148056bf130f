import Histogram
import Models
import Units
import Workload
@testable import Cluster

/// A one-device engine whose every step takes 10 ms of launch, whose prompt tokens cost 1 GFLOP each at 1 TFLOP/s and
/// whose decodes move 1 GB per sequence at 1 TB/s.
func metricsEngine() throws -> EngineDescription {
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
    cache: KVCacheDescription(blockTokens: 10, blocks: 100, watermark: 0, bytesPerToken: 1000),
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
struct MetricsCase {
  var cluster: ClusterDescription
  var requests: [Request]
  var result: RunResult

  init() throws {
    let engine = try metricsEngine()
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
func near(_ a: Double?, _ b: Double) -> Bool { a.map { abs($0 - b) <= 1e-9 * max(abs(b), 1e-3) } ?? false }
