import Cluster
import Foundation
import Histogram
import Support
import Units
import Workload

/// The fast core beside the reference on one scenario.
struct Comparison {
  /// Whether to run the full number of scenarios: in release builds, or where MEDLEY_FULL is 1.
  static let full: Bool = {
    #if DEBUG
      return ProcessInfo.processInfo.environment["MEDLEY_FULL"] == "1"
    #else
      return true
    #endif
  }()

  /// What the reference counted.
  let counts: ReferenceCounts
  /// The first thing on which they differ, in words; nil where they agree to the picosecond.
  let difference: String?

  /// Runs both, the reference with a deliberate fault if one is given.
  init(_ scenario: RandomScenario, mutant: ReferenceMutant? = nil) {
    self.init(
      cluster: scenario.cluster, router: scenario.router, trace: scenario.trace, priorities: scenario.priorities,
      tenants: scenario.tenants, mutant: mutant)
  }

  /// Runs both, the reference with a deliberate fault if one is given.
  init(
    cluster: ReferenceCluster, router: ReferenceRouter, trace: Trace, priorities: [Int] = [],
    tenants: [Tenant] = [], mutant: ReferenceMutant? = nil
  ) {
    let slow = Result {
      try ReferenceSimulation.run(cluster, router: router, trace: trace, priorities: priorities, mutant: mutant)
    }
    let fast = Result {
      try Simulation.run(
        cluster.description(\.policy, evict: \.policy), trace: trace, tenants: tenants, route: router.policy)
    }
    switch (slow, fast) {
    case (.success(let slow), .success(let fast)):
      counts = slow.counts
      difference = Self.difference(slow, fast)
    case (.failure(let slow), .failure(let fast)):
      counts = ReferenceCounts()
      difference = "\(slow)" == "\(fast)" ? nil : "reference throws \(slow), core throws \(fast)"
    case (.failure(let slow), .success):
      counts = ReferenceCounts()
      difference = "reference throws \(slow), core finishes"
    case (.success(let slow), .failure(let fast)):
      counts = slow.counts
      difference = "reference finishes, core throws \(fast)"
    }
  }

  private static func difference(_ slow: ReferenceResult, _ fast: RunResult) -> String? {
    if slow.arrivals != fast.arrivals { return "the arrivals differ" }
    for id in slow.outcomes.done.indices {
      let rejected = slow.outcomes.done[id] == Outcomes.never
      let columns: [(String, Int64, Int64)] = [
        ("scheduled", slow.outcomes.scheduled[id].picoseconds, fast.outcomes.scheduled[id].picoseconds),
        ("first token", slow.outcomes.firstToken[id].picoseconds, fast.outcomes.firstToken[id].picoseconds),
        ("done", slow.outcomes.done[id].picoseconds, fast.outcomes.done[id].picoseconds),
        ("preemptions", Int64(slow.outcomes.preemptions[id]), Int64(fast.outcomes.preemptions[id])),
        ("prefill replica", Int64(slow.outcomes.prefillReplica[id]), Int64(fast.outcomes.prefillReplica[id])),
        ("decode replica", Int64(slow.outcomes.decodeReplica[id]), Int64(fast.outcomes.decodeReplica[id])),
      ]
      for (name, expected, found) in columns.prefix(rejected ? 4 : 6) where expected != found {
        return "request \(id): \(name) is \(expected) in the reference, \(found) in the core"
      }
    }
    if slow.histogram != fast.gaps {
      return "the gaps differ: \(slow.histogram.totalCount) in the reference, \(fast.gaps.totalCount) in the core"
    }
    for (replica, totals) in fast.replicas.enumerated() {
      guard let found = totals.prefixes, found != slow.prefixes[replica] else { continue }
      return "replica \(replica): prefixes are \(slow.prefixes[replica]) in the reference, \(found) in the core"
    }
    return nil
  }
}

extension RandomScenario {
  /// The scenario and its difference after leaving out every request that does not matter.
  func explained() -> String {
    let smallest = shrunk { Comparison($0).difference != nil }
    return "\(Comparison(smallest).difference ?? "no difference")\n\(smallest)"
  }
}
