import Cluster
import Kernel
import Models
import Policies
import Support
import Timeline
import Units
import Workload

/// The serving core and the step-by-step reference on the same workload in one run: W2's 10,000 requests of 1,000
/// prompt and 200 output tokens, Poisson at 4 a second, on two engines about as fast as a 70B model on four H100.
func benchmarkServing() {
  do {
    var stream = RandomStream(seed: 1, consumer: .arrival)
    var now = 0.0
    let requests = (0..<10_000).map { _ in
      now -= Elementary.log(stream.positiveUniform()) / 4
      return Request(arrival: Instant(picoseconds: Int64(now * 1e12)), promptTokens: 1000, outputTokens: 200)
    }
    let engine = EngineDescription(
      cost: try .linear(step: 13.7e-3, token: 87.3e-6, context: 23.9e-9, pair: 1.3e-9, maxBatch: 256),
      cache: KVCacheDescription(blockTokens: 16, blocks: 40_000, watermark: 400, bytesPerToken: 327_680),
      maxSequences: 256, maxBatchTokens: 2048)
    let cluster = ReferenceCluster(pools: [.init(replicas: 2, engine: engine, batch: .prefillFirst)])
    let description = cluster.description { _ in PrefillFirst() }
    var isSame = true
    var expected: Outcomes?
    let naive = best(of: 1, operations: requests.count) { _ in
      expected = try? ReferenceSimulation.run(cluster, router: .whole(.leastLoaded), requests: requests).outcomes
      return UInt64(expected?.done.count ?? 0)
    }
    let core = best(of: 10, operations: requests.count) { _ in
      let result = try? Simulation.run(description, requests: requests, route: LeastLoaded())
      if result?.outcomes.done != expected?.done { isSame = false }
      return result?.fingerprints.trajectory ?? 0
    }
    print("serving, thousand requests/s of processor time")
    print("segments".padded(34) + column(core * 1e3))
    print("step by step".padded(34) + column(naive * 1e3))
    var layers = description
    var resources = Resources()
    for name in ["device", "host"] { _ = resources.stream(name) }
    layers.pools[0].engine.placed = PlacedEngine(policy: Layers(cost: engine.cost), resources: resources)
    let placed = best(of: 10, operations: requests.count) { _ in
      (try? Simulation.run(layers, requests: requests, route: LeastLoaded()))?.fingerprints.trajectory ?? 0
    }
    print("segments of 80 placed layers".padded(34) + column(placed * 1e3))
    print("ratio".padded(34) + column(core / naive) + (isSame ? ", same picoseconds" : ", DIFFERENT picoseconds"))
  } catch {
    print("serving: \(error)")
  }
}

/// The same steps as 80 layers on a device, which a host issues and runs ahead of: what a steady placement policy costs.
private struct Layers: PlacePolicy {
  static let name = "layers"
  static let summary = "A step is 80 layers."
  static func plan(_ settings: any PlaceSettings) -> PlacedPlan? { nil }
  var cost: StepCost
  var label = TaskLabel.unnamed

  mutating func begin(_ plan: inout StepPlan) { label = plan.label("layer") }

  func place(_ step: StepView, into plan: inout StepPlan) {
    let seconds = cost.interval(of: step.shape).seconds
    plan.run(label, on: StreamID(0), for: seconds / 5)
    plan.repeating(80) { plan in
      let issued = plan.run(label, on: StreamID(1), for: seconds / 110)
      plan.run(label, on: StreamID(0), for: seconds / 200, after: issued)
      plan.run(label, on: StreamID(0), for: seconds / 200)
    }
  }
}
