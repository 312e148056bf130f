import Models
import Policies
import Testing
import Units
import Workload
@testable import Cluster

/// Figures of real runs against laws that hold for any run.
@Suite struct MetricsRunTests {
  private struct Run {
    var cluster: ClusterDescription
    var requests: [Request]
    var result: RunResult
    var summary: Summary
  }

  /// A run of 300 requests: through two pools where `split`, with so few KV blocks where `tight` that some are
  /// preempted to host memory.
  private func run(split: Bool, tight: Bool) throws -> Run {
    var weights = CostTerm(name: "weights", count: 1, driver: .step)
    weights.launch = 0.001
    weights.bytes.constant = 10e9
    weights.byteRate = 1e12
    weights.operations.perToken = 20e9
    weights.operationRate = 1e14
    var attention = CostTerm(name: "attention", count: 1, driver: .decode)
    attention.bytes.perDecodeContext = 1e5
    attention.byteRate = 1e12
    let engine = EngineDescription(
      cost: try StepCost(stages: [[weights, attention]], maxBatch: 64),
      cache: KVCacheDescription(blockTokens: 16, blocks: tight ? 60 : 4000, watermark: 2, bytesPerToken: 1e5),
      maxSequences: 32, maxBatchTokens: 2048, preemption: .swap(bandwidth: Bandwidth(2e10), latency: Seconds(1e-5)),
      power: EnginePower(idle: Power(100), prefill: Power(700), decode: Power(400)))
    let pools = (split ? ["prefill", "decode"] : ["all"]).map {
      PoolDescription(name: $0, replicas: 2, engine: engine, batch: PrefillFirst(), price: Price(10))
    }
    let path = TransferDescription(bandwidth: Bandwidth(5e9), latency: Seconds(1e-4), mode: .serialized, layers: 1)
    let cluster = ClusterDescription(pools: pools, transfers: split ? [PoolPair(from: 0, to: 1): path] : [:])
    let requests = try Generator(
      arrivals: .gamma(Rate(40), variation: 2),
      lengths: .independent(
        prompt: .lognormal(mean: 200, variation: 1, maximum: 500),
        output: .lognormal(mean: 60, variation: 1, maximum: 300)),
      extent: .requests(300)
    ).trace(seed: 11).requests
    let result =
      split
      ? try Simulation.run(cluster, requests: requests, route: PhaseSplit(prefill: 0, decode: 1, borrow: false))
      : try Simulation.run(cluster, requests: requests, route: LeastLoaded())
    let slo = try SLO(
      [SLOClause(.ttft, .request, .absolute(Seconds(0.2))), SLOClause(.e2e, .percentile(0.9), .slowdown(3))],
      attainment: 0.5)
    let summary = try Summary(
      cluster, requests, result, slo: slo, reference: engine.cost.unloadedReference,
      peaks: pools.map { _ in DevicePeak(operations: 1e14, bytes: 1e12) })
    return Run(cluster: cluster, requests: requests, result: result, summary: summary)
  }

  @Test(arguments: [false, true], [false, true])
  func figuresObeyTheLaws(split: Bool, tight: Bool) throws {
    let run = try run(split: split, tight: tight)
    let summary = run.summary
    #expect(summary.completed + summary.rejected == 300 && summary.completed > 0)
    #expect(tight == (summary.preemptions > 0) || split)
    // Energy is power integrated over the time in each state, and between idle and full power throughout.
    let time = summary.duration.value * Double(run.cluster.replicaCount)
    #expect(summary.energy.value >= 100 * time * 0.999_999 && summary.energy.value <= 700 * time)
    #expect(summary.averagePower <= summary.peakPower)
    // Shares are shares.
    #expect(abs(summary.latency.named.reduce(0) { $0 + $1.share } - 1) < 1e-9)
    for pool in summary.pools {
      #expect(abs(pool.time.named.reduce(0) { $0 + $1.share } - 1) < 1e-9)
      #expect(pool.time.named.allSatisfy { $0.share >= 0 } && pool.prefillShare + pool.decodeShare <= 1.000_001)
      #expect(pool.occupancy.count == 64 && pool.occupancy.allSatisfy { 0...1 ~= $0 })
      #expect(pool.meanOccupancy <= pool.peakOccupancy && pool.peakOccupancy <= 1)
      let (mfu, mbu) = try (#require(pool.mfu), #require(pool.mbu))
      #expect(mfu >= 0 && mfu <= 1 && mbu >= 0 && mbu <= 1)
    }
    // Little's law: requests in the system on average = arrivals per second * mean time in it.
    let latencies = run.requests.indices.compactMap { RequestLatency(run.requests[$0], $0, run.result.outcomes) }
    let present = latencies.reduce(0.0) { $0 + Double($1.e2e) / 1e12 } / summary.duration.value
    let mean = try #require(summary.e2e?.mean)
    #expect(abs(present - summary.requestRate.value * mean) < 1e-9 * present)
    // The exact mean gap agrees with the histogram's to its three digits.
    let itl = try #require(summary.itl)
    #expect(abs(itl.mean - run.result.gaps.mean / 1e9) < 2e-3 * itl.mean)
    #expect(itl.count == summary.outputTokens - summary.completed)
    // The order of percentiles.
    for distribution in [summary.queueing, summary.ttft, summary.tpot, summary.itl, summary.e2e] {
      let d = try #require(distribution)
      #expect(d.p50 <= d.p90 && d.p90 <= d.p95 && d.p95 <= d.p99 && d.p99 <= d.p999 && d.p999 <= d.max * 1.001)
    }
    let slo = try #require(summary.slo)
    let attained = latencies.count { $0.ttft <= 200_000_000_000 }
    #expect(slo.attained == attained && slo.attainment == Double(attained) / 300)
    #expect(summary.transfers.count == (split ? 1 : 0))
  }

  @Test func figuresDoNotDependOnTheRun() throws {
    #expect(try run(split: true, tight: true).summary == run(split: true, tight: true).summary)
  }
}
