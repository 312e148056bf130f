import Cluster
import Models
import Support
import Testing
import Timeline
import Units

/// A run that is recorded step by step.
@Suite struct RecordingTests {
  private static let whole = RecordedWindow(most: 1_000_000)

  private func run(_ seed: UInt64, placed: Bool, _ window: RecordedWindow?) throws -> RunResult? {
    let scenario = try RandomScenario(seed: seed, router: RandomScenario.Router.allCases[Int(seed) % 5])
    var cluster = scenario.cluster.description(\.policy, evict: \.policy)
    for index in cluster.pools.indices where placed && cluster.pools[index].engine.cost.stageCount == 1 {
      let engine = cluster.pools[index].engine
      cluster.pools[index].engine = PlacedServingTests.OneTask(cost: engine.cost).engine(
        engine, isShared: seed % 2 == 0)
    }
    return try? Simulation.run(
      cluster, trace: scenario.trace, tenants: scenario.tenants, route: scenario.router.policy, recording: window)
  }

  /// Cuts, preemptions, transfers and ties included: what is recorded is what ran, and recording changes none of it.
  @Test(arguments: [false, true])
  func whatIsRecordedIsWhatRan(placed: Bool) throws {
    var (steps, transfers, tasks) = (0, 0, 0)
    for seed in 0..<60 as Range<UInt64> {
      guard let plain = try run(seed, placed: placed, nil) else { continue }
      let result = try #require(try run(seed, placed: placed, Self.whole))
      #expect(plain.recording == nil && result.fingerprints == plain.fingerprints, "seed \(seed)")
      #expect(result.replicas == plain.replicas && result.events == plain.events, "seed \(seed)")
      let recording = try #require(result.recording)
      #expect(!recording.isCut)
      for (index, replica) in result.replicas.enumerated() {
        let own = recording.steps.filter { Int($0.replica) == index }
        #expect(own.count == replica.totals.steps, "seed \(seed)")
        #expect(own.reduce(0) { $0 + Int($1.promptTokens) } == replica.totals.shape.prefillTokens, "seed \(seed)")
        #expect(own.reduce(0) { $0 + Int($1.decodes) } == replica.totals.shape.decodes, "seed \(seed)")
        for lane in Set(own.map(\.lane)) {
          let ends = own.filter { $0.lane == lane }
          #expect(zip(ends, ends.dropFirst()).allSatisfy { $0.end <= $1.start && $0.start < $0.end }, "seed \(seed)")
        }
        steps += own.count
        guard let totals = replica.placed, let recorded = recording.tasks[index] else { continue }
        #expect(recorded.tasks.count == Int(totals.tasks), "seed \(seed)")
        let busy = recorded.tasks.reduce(0) { $0 + ($1.end - $1.start).picoseconds }
        #expect(busy == totals.streams.reduce(0) { $0 + $1.busy.picoseconds }, "seed \(seed)")
        #expect(recorded.steps.map(\.end) == own.map(\.end), "seed \(seed)")
        tasks += recorded.tasks.count
      }
      #expect(recording.transfers.count == result.transfers.reduce(0) { $0 + $1.count }, "seed \(seed)")
      transfers += recording.transfers.count
    }
    #expect(steps > 1000 && transfers > 20 && (tasks > 500) == placed)
  }

  /// A window holds what overlaps it, and no more of it than was asked for.
  @Test func aWindowHoldsWhatOverlapsIt() throws {
    let all = try #require(try run(1, placed: true, Self.whole)?.recording).steps
    let (from, until) = (all[all.count / 3].end, all[all.count / 2].end)
    let part = try #require(
      try run(1, placed: true, RecordedWindow(from: from, until: until, most: 1_000_000))?.recording)
    #expect(part.steps == all.filter { $0.end > from && $0.start < until } && !part.steps.isEmpty)
    let few = try #require(try run(1, placed: true, RecordedWindow(from: from, until: until, most: 2))?.recording)
    #expect(few.steps == Array(part.steps.prefix(2)) && few.isCut)
    #expect(few.tasks.allSatisfy { $0?.tasks.count ?? 0 <= 2 })
  }
}
