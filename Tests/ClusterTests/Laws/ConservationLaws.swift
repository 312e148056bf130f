import Cluster
import Models
import Policies
import Support
import Testing
import Units
import Workload

/// What every run keeps, whatever its policies.
@Suite struct ConservationLaws {
  static let batches: [any BatchPolicy] = [
    PrefillFirst(), DecodeFirst(decodeSteps: 3), ChunkedPrefill(tokenBudget: 64), InFlight(), PromptsInStep(),
    StaticBatch(),
  ]
  static let routes: [any RoutePolicy] = [
    RoundRobin(), LeastLoaded(), JoinShortestQueue(), PowerOfTwo(seed: 7), PhaseSplit(prefill: 0, decode: 1),
  ]

  static func cluster(_ batch: any BatchPolicy, blocks: Int = 40) throws -> ClusterDescription {
    let cache = KVCacheDescription(blockTokens: 16, blocks: blocks, watermark: 1, bytesPerToken: 1000)
    let engine = EngineDescription(
      cost: try .linear(step: 1e-3, token: 1e-5, context: 1e-7, pair: 1e-9), cache: cache, maxSequences: 8,
      maxBatchTokens: 256, power: EnginePower(idle: Power(100), prefill: Power(700), decode: Power(400)))
    let path = TransferDescription(
      bandwidth: Bandwidth(1e8), latency: Seconds(1e-5), mode: .layerwise, layers: 8)
    return ClusterDescription(
      pools: [
        PoolDescription(name: "first", replicas: 2, engine: engine, batch: batch),
        PoolDescription(name: "second", replicas: 3, engine: engine, batch: batch),
      ],
      transfers: [
        PoolPair(from: 0, to: 1): path, PoolPair(from: 1, to: 0): path, PoolPair(from: 0, to: 0): path,
        PoolPair(from: 1, to: 1): path,
      ])
  }

  static func requests() -> [Request] {
    QueueingLaws.workload(
      seed: 11, rate: 60, prompt: { Int32(1 + $0 * 200) }, output: { Int32(1 + (1 - $0) * 120) }
    ).dropLast(3400)
  }

  @Test(arguments: 0..<batches.count, 0..<routes.count)
  func requestsTokensAndTimeAreKept(batch: Int, route: Int) throws {
    let requests = Self.requests()
    let cluster = try Self.cluster(Self.batches[batch])
    let result = try Simulation.run(cluster, requests: requests, route: Self.routes[route])
    let outcomes = result.outcomes
    // Requests: each ends, in order of cause and effect.
    for (index, request) in requests.enumerated() {
      #expect(request.arrival <= outcomes.scheduled[index])
      #expect(outcomes.scheduled[index] < outcomes.firstToken[index])
      #expect(outcomes.firstToken[index] <= outcomes.done[index])
      #expect((request.outputTokens == 1) == (outcomes.firstToken[index] == outcomes.done[index]))
    }
    // Tokens: every one but the first of a request makes a gap, and was decoded or recomputed.
    let generated = requests.reduce(0) { $0 + Int($1.outputTokens) }
    #expect(Int(result.gaps.totalCount) == generated - requests.count)
    let sampled = result.replicas.reduce(0) { $0 + $1.totals.shape.sampled }
    #expect(sampled == generated)
    let prompts = requests.reduce(0) { $0 + Int($1.promptTokens) }
    let prefilled = result.replicas.reduce(0) { $0 + $1.totals.shape.prefillTokens }
    let preemptions = outcomes.preemptions.reduce(0, +)
    #expect(preemptions == 0 ? prefilled == prompts : prefilled > prompts)
    // Time: each replica is idle, prefilling or decoding at every moment, and its roofs explain its steps.
    for replica in result.replicas {
      #expect(replica.idleTime + replica.prefillTime + replica.decodeTime == result.end - .start)
      let roofs = Roof.allCases.reduce(0) { $0 + replica.roofs[$1] }
      let busy = (replica.prefillTime + replica.decodeTime).seconds
      #expect(abs(roofs - busy) < 1e-9 + 1e-6 * busy)
      #expect(replica.peakBlocks <= 40)
      #expect(replica.blockSeconds <= 40 * result.end.seconds)
    }
    // Power: the peak is at least all idle and at most all prefilling.
    #expect(result.peakPower >= Power(500) && result.peakPower <= Power(3500))
  }

  /// With one block a sequence, blocks in use over time are sequences in the engine over time (Little's law).
  @Test func occupancyIsTheSumOfResidence() throws {
    var cluster = try Self.cluster(PrefillFirst())
    for pool in cluster.pools.indices {
      cluster.pools[pool].engine.cache = KVCacheDescription(
        blockTokens: 4096, blocks: 64, watermark: 0, bytesPerToken: 1)
    }
    let requests = Self.requests()
    let result = try Simulation.run(cluster, requests: requests, route: LeastLoaded())
    let residence = requests.indices.reduce(0.0) {
      $0 + (result.outcomes.done[$1] - result.outcomes.scheduled[$1]).seconds
    }
    let occupied = result.replicas.reduce(0.0) { $0 + $1.blockSeconds }
    #expect(abs(occupied - residence) < 1e-9 * residence)
  }

  @Test func runsDoNotDependOnThreads() async throws {
    let requests = Self.requests()
    let cluster = try Self.cluster(ChunkedPrefill(tokenBudget: 64))
    let alone = try Simulation.run(cluster, requests: requests, route: PhaseSplit(prefill: 0, decode: 1))
    let together = try await withThrowingTaskGroup(of: Fingerprints.self) { group in
      for _ in 0..<8 {
        group.addTask {
          try Simulation.run(cluster, requests: requests, route: PhaseSplit(prefill: 0, decode: 1)).fingerprints
        }
      }
      return try await group.reduce(into: Set()) { $0.insert($1) }
    }
    #expect(together == [alone.fingerprints])
  }

  @Test func aLoneRequestIsNeverSlowerOnAFasterEngine() throws {
    let request = [Request(arrival: .start, promptTokens: 500, outputTokens: 100)]
    var last = Instant.never
    for speed in [1.0, 1.5, 2, 4, 8] {
      let cache = KVCacheDescription(blockTokens: 16, blocks: 100, watermark: 1, bytesPerToken: 1)
      let engine = EngineDescription(
        cost: try .linear(step: 1e-3, token: 1e-5 / speed, context: 1e-7 / speed), cache: cache, maxSequences: 8,
        maxBatchTokens: 512)
      let cluster = ClusterDescription(
        pools: [PoolDescription(name: "all", replicas: 1, engine: engine, batch: PrefillFirst())])
      let done = try Simulation.run(cluster, requests: request, route: RoundRobin()).outcomes.done[0]
      #expect(done < last)
      last = done
    }
  }
}
