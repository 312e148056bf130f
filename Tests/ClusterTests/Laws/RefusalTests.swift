import Cluster
import Models
import Policies
import Support
import Testing
import Units
import Workload

/// What a run refuses, and how it says so.
@Suite struct RefusalTests {
  struct Waiter: BatchPolicy {
    static let name = "waiter"
    func next(_ view: LaneView) -> StepDecision { .wait }
  }
  struct Eager: BatchPolicy {
    static let name = "eager"
    func next(_ view: LaneView) -> StepDecision { .decode(steps: 1) }
  }
  struct Lost: RoutePolicy {
    static let name = "lost"
    func route(_ request: RequestView, _ cluster: ClusterView) -> RouteDecision {
      RouteDecision(prefill: 0, decode: cluster.replicas.count)
    }
  }
  struct Crossing: RoutePolicy {
    static let name = "crossing"
    func route(_ request: RequestView, _ cluster: ClusterView) -> RouteDecision {
      RouteDecision(prefill: 0, decode: 1)
    }
  }

  func run(
    _ batch: any BatchPolicy, _ route: any RoutePolicy = RoundRobin(), requests: [Request]? = nil, step: Double = 1e-3
  ) throws -> RunResult {
    let cache = KVCacheDescription(blockTokens: 16, blocks: 10, watermark: 0, bytesPerToken: 1)
    let engine = EngineDescription(
      cost: try .linear(step: step, token: 0), cache: cache, maxSequences: 4, maxBatchTokens: 64)
    let cluster = ClusterDescription(
      pools: [PoolDescription(name: "all", replicas: 2, engine: engine, batch: batch)])
    let lone = [Request(arrival: .start, promptTokens: 10, outputTokens: 5)]
    return try Simulation.run(cluster, requests: requests ?? lone, route: route)
  }

  @Test func aPolicyThatOnlyWaitsStalls() {
    #expect(throws: SimulationError.stalled(unfinished: 1, at: .start)) { try run(Waiter()) }
  }

  @Test func aDecisionThatCannotBeCarriedOutNamesPolicyMomentAndReason() throws {
    let error = try #require(throws: PolicyError.self) { try run(Eager()) }
    #expect(error.description == "policy 'eager' decided decode(steps: 1) at 0.0 s: no sequence of the lane runs")
  }

  @Test func aRouteToNowhereIsRefused() throws {
    let error = try #require(throws: PolicyError.self) { try run(PrefillFirst(), Lost()) }
    #expect(error.policy == "lost" && error.why == "the replicas are 0 to 1")
  }

  @Test func aRouteWithoutAPathIsRefused() throws {
    let error = try #require(throws: PolicyError.self) { try run(PrefillFirst(), Crossing()) }
    #expect(error.why == "no link joins pool 'all' to pool 'all'")
  }

  @Test func requestsOutOfOrderAreRefused() {
    let requests = [5, 3].map {
      Request(arrival: Instant(picoseconds: $0), promptTokens: 1, outputTokens: 1)
    }
    #expect(throws: SimulationError.badRequest(1)) { try run(PrefillFirst(), requests: requests) }
  }

  @Test func aRunPastTheHorizonIsRefused() {
    // A step is at most 2^56 ps; 200 of them pass 2^62 ps.
    let requests = [Request(arrival: .start, promptTokens: 10, outputTokens: 120)]
    #expect(throws: SimulationError.tooLong) { try run(PrefillFirst(), requests: requests, step: 1e9) }
  }

  @Test func whatNeverFitsIsRejectedAndTheRestServed() throws {
    let requests = [
      Request(arrival: .start, promptTokens: 161, outputTokens: 1),
      Request(arrival: .start, promptTokens: 150, outputTokens: 12),
      Request(arrival: .start, promptTokens: 150, outputTokens: 11),
    ]
    let outcomes = try run(PrefillFirst(), requests: requests).outcomes
    #expect(outcomes.done[0] == Outcomes.never && outcomes.done[1] == Outcomes.never)
    #expect(outcomes.done[2] > .start)
  }

  @Test(arguments: [1e30, .infinity, .nan, -1]) func powerThatCannotBeAddedUpIsRefused(watts: Double) throws {
    let cache = KVCacheDescription(blockTokens: 16, blocks: 10, watermark: 0, bytesPerToken: 1)
    let engine = EngineDescription(
      cost: try .linear(step: 1e-3, token: 0), cache: cache, maxSequences: 4, maxBatchTokens: 64,
      power: EnginePower(idle: Power(watts), prefill: Power(0), decode: Power(0)))
    let cluster = ClusterDescription(
      pools: [PoolDescription(name: "all", replicas: 1, engine: engine, batch: PrefillFirst())])
    let error = try #require(throws: SimulationError.self) {
      try Simulation.run(cluster, requests: [], route: RoundRobin())
    }
    #expect(error.description == "the power of the cluster is outside 0 to 1e15 W")
  }

  @Test func transfersPastTheHorizonAreRefused() throws {
    // Each takes 2^56 ps, the longest there is, and all leave through one port: the 65th would begin after 2^62 ps.
    let cache = KVCacheDescription(blockTokens: 16, blocks: 1000, watermark: 0, bytesPerToken: 1)
    let engine = EngineDescription(
      cost: try .linear(step: 1e-3, token: 0), cache: cache, maxSequences: 200, maxBatchTokens: 64)
    let cluster = ClusterDescription(
      pools: ["p", "d"].map { PoolDescription(name: $0, replicas: 1, engine: engine, batch: PrefillFirst()) },
      transfers: [
        PoolPair(from: 0, to: 1): TransferDescription(
          bandwidth: Bandwidth(1e-6), latency: Seconds(0), mode: .layerwise, layers: 4)
      ])
    func serve(_ count: Int) throws -> RunResult {
      let requests = Array(repeating: Request(arrival: .start, promptTokens: 10, outputTokens: 5), count: count)
      return try Simulation.run(cluster, requests: requests, route: Crossing())
    }
    #expect(try serve(3).transfers.first?.busyPicoseconds == 3 << 56)
    #expect(throws: SimulationError.tooLong) { try serve(200) }
  }
}
