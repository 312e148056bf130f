import Cluster
import Kernel
import Models
import Policies
import Support
import Testing
import Timeline
import Units
import Workload

/// Engines that a policy places, in the serving loop.
@Suite struct PlacedServingTests {
  /// Runs a step as one task, as long as the engine's own cost says; and copies meanwhile for `copying` as long, which no
  /// step waits for.
  struct OneTask: PlacePolicy {
    static let name = "one-task"
    static let summary = "A step is one task."
    static func plan(_ settings: any PlaceSettings) -> PlacedPlan? { nil }
    var cost: StepCost
    var isSteady = true
    var readsSequences = false
    var largestGain = 1
    var copying = 0.0
    var label = TaskLabel.unnamed

    mutating func begin(_ plan: inout StepPlan) { label = plan.label("step") }
    func place(_ step: StepView, into plan: inout StepPlan) {
      let seconds = cost.interval(of: step.shape).seconds
      plan.run(label, on: StreamID(0), for: seconds)
      if copying > 0 { plan.move(label, over: StreamID(1), bytes: copying * seconds * 1e6, ahead: true) }
    }
    func gain(of sequence: StepSequence) -> Int { largestGain }

    /// The engine with this policy in place of its cost.
    func engine(_ engine: EngineDescription, isShared: Bool) -> EngineDescription {
      var resources = Resources()
      let bus = resources.channel("bus", rate: 1e6)
      _ = resources.stream("device", route: isShared ? [bus] : [])
      _ = resources.stream("other", route: [bus])
      var engine = engine
      engine.placed = PlacedEngine(policy: self, resources: resources)
      return engine
    }
  }

  /// Segments that are cut, preemption, swaps, transfers and ties change nothing that a placed engine of the same step
  /// times does otherwise, whether its steps are computed many at once, one by one, or event by event.
  @Test(arguments: [true, false], [false, true])
  func aPlacedEngineOfTheSameTimesServesTheSame(isSteady: Bool, isShared: Bool) throws {
    var placed = 0
    for seed in 0..<120 as Range<UInt64> {
      let router = RandomScenario.Router.allCases[Int(seed) % 5]
      let scenario = try RandomScenario(seed: seed, router: router)
      let plain = scenario.cluster.description(\.policy, evict: \.policy)
      var other = plain
      for index in other.pools.indices where other.pools[index].engine.cost.stageCount == 1 {
        let policy = OneTask(cost: other.pools[index].engine.cost, isSteady: isSteady, readsSequences: !isSteady)
        other.pools[index].engine = policy.engine(other.pools[index].engine, isShared: isShared)
        placed += 1
      }
      func run(_ cluster: ClusterDescription) -> String {
        do {
          let result = try Simulation.run(
            cluster, trace: scenario.trace, tenants: scenario.tenants, route: scenario.router.policy)
          // Segments of steady policies are those of a plain engine, wherever their steps are computed.
          let trajectory = isSteady ? result.fingerprints.trajectory : 0
          return "\(trajectory) \(result.fingerprints.metrics) \(result.replicas.map(\.totals).hashValue)"
        } catch { return "\(error)" }
      }
      #expect(run(plain) == run(other), "seed \(seed)")
    }
    #expect(placed > 100)
  }

  /// What streams did by the end of a run, of what steps left ahead too, whether its steps are computed many at once and
  /// some of them taken back, or one by one; and what was recorded says the same.
  @Test(arguments: [0.3, 1.5], [false, true])
  func whatIsLeftAheadCountsUpToTheEndOfTheRun(copying: Double, isShared: Bool) throws {
    var (cut, compared) = (0, 0)
    for seed in 0..<60 as Range<UInt64> {
      let scenario = try RandomScenario(seed: seed, router: RandomScenario.Router.allCases[Int(seed) % 5])
      func run(isSteady: Bool) -> RunResult? {
        var cluster = scenario.cluster.description(\.policy, evict: \.policy)
        for index in cluster.pools.indices where cluster.pools[index].engine.cost.stageCount == 1 {
          let policy = OneTask(
            cost: cluster.pools[index].engine.cost, isSteady: isSteady, readsSequences: !isSteady, copying: copying)
          cluster.pools[index].engine = policy.engine(cluster.pools[index].engine, isShared: isShared)
        }
        return try? Simulation.run(
          cluster, trace: scenario.trace, tenants: scenario.tenants, route: scenario.router.policy,
          recording: RecordedWindow(most: 1_000_000))
      }
      guard let many = run(isSteady: true), let single = run(isSteady: false) else { continue }
      #expect(many.replicas.map(\.placed) == single.replicas.map(\.placed), "seed \(seed)")
      for (index, replica) in many.replicas.enumerated() {
        guard let totals = replica.placed, let tasks = many.recording?.tasks[index]?.tasks else { continue }
        compared += 1
        if totals.tasks < tasks.count { cut += 1 }
        #expect(totals.streams.allSatisfy { $0.busy.picoseconds <= many.end.picoseconds }, "seed \(seed)")
        guard !isShared else { continue }
        let copies = tasks.filter { $0.stream == 1 && $0.start < many.end }
        let busy = copies.reduce(Int64(0)) { $0 + (min($1.end, many.end) - $1.start).picoseconds }
        // A byte takes a microsecond.
        let bytes = copies.reduce(Int64(0)) { $0 + (min($1.end, many.end) - $1.start).picoseconds / 1_000_000 }
        #expect(totals.streams[1].busy.picoseconds == busy && totals.streams[1].bytes == bytes, "seed \(seed)")
      }
    }
    #expect(compared > 100 && (cut > 30) == (copying > 1))
  }

  @Test func sequencesThatGainTwoTokensAStepEndInHalfTheSteps() throws {
    // A prompt of 10 tokens in one step of 1 s gives the first token; 8 more at two a step take 4 steps of 1 s, 9 at
    // three a step take 3. Blocks of 4: 10 + 9 - 1 = 18 tokens take 5 at most.
    for (gain, output, steps, blocks) in [(2, 9, 4, 5), (3, 10, 3, 5), (1, 9, 8, 5)] {
      let cost = try StepCost.linear(step: 1, token: 0, context: 0, maxBatch: 4)
      var policy = OneTask(cost: cost)
      policy.largestGain = gain
      let engine = policy.engine(
        EngineDescription(
          cost: cost, cache: KVCacheDescription(blockTokens: 4, blocks: 5, watermark: 0, bytesPerToken: 1),
          maxSequences: 4, maxBatchTokens: 100), isShared: false)
      let pool = PoolDescription(name: "all", replicas: 1, engine: engine, batch: PrefillFirst())
      let result = try Simulation.run(
        ClusterDescription(pools: [pool]),
        requests: [Request(arrival: .start, promptTokens: 10, outputTokens: Int32(output))],
        route: RoundRobin())
      #expect(result.outcomes.done[0] == Instant(picoseconds: Int64(1 + steps) * 1_000_000_000_000))
      #expect(result.replicas[0].totals.decodeSteps == steps)
      // What a segment of many steps takes is counted when it ends.
      if gain > 1 { #expect(result.replicas[0].peakBlocks == blocks) }
      #expect(result.gaps.totalCount == UInt64(output - 1))
    }
  }

  /// Whatever sequences gain, blocks and tokens are conserved and nothing exceeds the cache.
  @Test func gainsConserveTokensAndBlocks() throws {
    for seed in 0..<60 as Range<UInt64> {
      let scenario = try RandomScenario(seed: seed, router: .leastLoaded)
      var cluster = scenario.cluster.description(\.policy, evict: \.policy)
      for index in cluster.pools.indices where cluster.pools[index].engine.cost.stageCount == 1 {
        var policy = OneTask(cost: cluster.pools[index].engine.cost)
        policy.largestGain = Int(2 + seed % 3)
        cluster.pools[index].engine = policy.engine(cluster.pools[index].engine, isShared: false)
      }
      guard
        let result = try? Simulation.run(
          cluster, trace: scenario.trace, tenants: scenario.tenants, route: scenario.router.policy)
      else { continue }
      var gaps = 0
      for (index, request) in scenario.trace.requests.enumerated() where result.outcomes.done[index] != Outcomes.never {
        gaps += Int(request.outputTokens) - 1
        #expect(result.outcomes.firstToken[index] <= result.outcomes.done[index])
      }
      #expect(result.gaps.totalCount == UInt64(gaps), "seed \(seed)")
      for (replica, totals) in result.replicas.enumerated() {
        #expect(totals.peakBlocks <= cluster.pools[totals.pool].engine.cache.blocks, "seed \(seed), replica \(replica)")
      }
    }
  }
}
