import Cluster
import Scenario
import Support
import Synchronization
import Testing

@testable import Command

/// A policy of a user's own package: everything to the last replica.
private struct ToTheLast: RoutePolicy {
  static let name = "to-the-last"

  func route(_ request: RequestView, _ cluster: ClusterView) -> RouteDecision {
    RouteDecision(prefill: cluster.replicas.count - 1, decode: cluster.replicas.count - 1)
  }
}

/// A policy that decides what cannot be.
private struct Nowhere: RoutePolicy {
  static let name = "nowhere"

  func route(_ request: RequestView, _ cluster: ClusterView) -> RouteDecision { RouteDecision(prefill: -1, decode: -1) }
}

@Suite("A medley with policies of its own")
struct OwnPolicyTests {
  private func run(_ arguments: [String]) -> Ran {
    var policies = PolicyCatalogue.standard
    policies.addRoute(ToTheLast.self, "Everything to the last replica.") { _, _ in ToTheLast() }
    policies.addRoute(Nowhere.self, "Nowhere.") { _, _ in Nowhere() }
    let out = Mutex("")
    let err = Mutex("")
    let outcome = Medley.run(
      arguments, policies: policies,
      console: Console(out: { text in out.withLock { $0 += text } }, err: { text in err.withLock { $0 += text } }))
    return Ran(outcome: outcome, out: out.withLock { $0 }, err: err.withLock { $0 })
  }

  @Test("They are listed and run like any other")
  func own() throws {
    let small = try SmallScenario()
    #expect(run(["list", "policies"]).out.contains("route: to-the-last"))
    let csv = small.folder.appendingPathComponent("csv").path
    let ran = run(["run", small.path, "--variant", "even", "--set", "policy.route=to-the-last", "--csv", csv])
    #expect(ran.outcome == .ok && ran.err.isEmpty)
    let lines = try String(contentsOfFile: "\(csv)/requests.csv", encoding: .utf8).split(separator: "\n").dropFirst()
    #expect(lines.count == 40 && lines.allSatisfy { $0.hasSuffix(",1,1,") })
  }

  @Test("A bad decision is told with policy, moment and reason")
  func bad() throws {
    let small = try SmallScenario()
    let ran = run(["run", small.path, "--variant", "even", "--set", "policy.route=nowhere"])
    #expect(ran.outcome == .fault && ran.out.isEmpty && ran.err.hasPrefix("error: policy 'nowhere' decided "))
  }

  @Test("They are held to the laws by name, and runs of scenarios as they are")
  func laws() throws {
    let small = try SmallScenario()
    let kept = run(["laws", "to-the-last", "lru", small.path])
    #expect(kept.outcome == .ok && kept.err.isEmpty)
    #expect(
      kept.out == """
        route to-the-last: keeps every law
        evict lru: keeps every law
        small/even: keeps every law
        small/uneven: keeps every law

        """)
    let broken = run(["laws", "nowhere"])
    #expect(broken.outcome == .unmet && broken.out.hasPrefix("route nowhere: breaks laws\n  every decision can be "))
    let unknown = run(["laws", "to-the-lst"])
    #expect(unknown.outcome == .fault && unknown.err.contains("did you mean 'to-the-last'?"))
  }
}
