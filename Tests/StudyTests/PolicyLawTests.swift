import Cluster
import Models
import Scenario
import Support
import Synchronization
import Testing
import Timeline
import Units

@testable import Study

/// A policy to be tried.
struct Tried: Sendable, CustomTestStringConvertible {
  var family: PolicyFamily
  var name: String
  var testDescription: String { "\(family) \(name)" }
}

/// Lets the key 0 leave, whatever it is.
private struct Grabber: EvictPolicy {
  static let name = "grabber"
  func insert(_ key: Int32) {}
  func touch(_ key: Int32) {}
  func retain(_ key: Int32) {}
  func release(_ key: Int32) {}
  func evict() -> Int32? { 0 }
}

/// Lets nothing leave.
private struct Miser: EvictPolicy {
  static let name = "miser"
  func insert(_ key: Int32) {}
  func touch(_ key: Int32) {}
  func retain(_ key: Int32) {}
  func release(_ key: Int32) {}
  func evict() -> Int32? { nil }
}

/// Lets any key leave that may, another one in each run.
private struct Moody: EvictPolicy {
  static let name = "moody"
  private var idle: Set<Int32> = []
  func insert(_ key: Int32) {}
  func touch(_ key: Int32) {}
  mutating func retain(_ key: Int32) { idle.remove(key) }
  mutating func release(_ key: Int32) { idle.insert(key) }
  mutating func evict() -> Int32? { idle.randomElement().flatMap { idle.remove($0) } }
}

/// Sends requests where nobody is.
private struct Nowhere: RoutePolicy {
  static let name = "nowhere"
  func route(_ request: RequestView, _ cluster: ClusterView) -> RouteDecision { RouteDecision(prefill: -1, decode: -1) }
}

/// Sends a request where its number in the life of the process says.
private struct Restless: RoutePolicy {
  static let name = "restless"
  private static let number = Mutex(0)
  func route(_ request: RequestView, _ cluster: ClusterView) -> RouteDecision {
    let replica = Self.number.withLock { number in
      number += 1
      return number / 3 % cluster.replicas.count
    }
    return RouteDecision(prefill: replica, decode: replica)
  }
}

/// Never begins.
private struct Waiter: BatchPolicy {
  static let name = "waiter"
  func next(_ view: LaneView) -> StepDecision { .wait }
}

/// Holds twice what its memory has, and counts shares of 2.
private struct Liar: PlacePolicy {
  static let name = "liar"
  static let summary = "Lies."
  var stream: StreamID
  var figures: [PlacedFigure] { [PlacedFigure("hit-rate", 2, of: 1)] }
  static func plan(_ settings: any PlaceSettings) -> PlacedPlan? {
    var machine = Machine()
    let policy = Liar(stream: machine.compute(settings.device))
    machine.hold("device", bytes: 2, of: 1)
    return machine.plan(policy, cacheTokens: 1e6)
  }
  func begin(_ plan: inout StepPlan) {}
  func place(_ step: StepView, into plan: inout StepPlan) { plan.run(.unnamed, on: stream, for: 1e-3) }
}

@Suite("Laws of policies")
struct PolicyLawTests {
  static let policies = PolicyFamily.allCases.flatMap { family in
    PolicyLaws(.standard).names(family).map { Tried(family: family, name: $0) }
  }

  @Test("Every policy keeps the laws; only placements need more settings than they have defaults", arguments: policies)
  func shipped(_ policy: Tried) throws {
    let trial = try PolicyLaws(.standard).trial(policy.family, policy.name)
    #expect(trial.violations == [])
    #expect(trial.hindrance == nil || policy.family == .place)
  }

  @Test("A policy that breaks a law is told which, and where")
  func broken() throws {
    var policies = PolicyCatalogue.standard
    policies.addEvict(Grabber.self, "") { _, _ in Grabber() }
    policies.addEvict(Miser.self, "") { _, _ in Miser() }
    policies.addEvict(Moody.self, "") { _, _ in Moody() }
    policies.addRoute(Nowhere.self, "") { _, _ in Nowhere() }
    policies.addRoute(Restless.self, "") { _, _ in Restless() }
    policies.addBatch(Waiter.self, "") { _, _ in Waiter() }
    policies.addPlace(Liar.self)
    let laws = PolicyLaws(policies)
    func broken(_ family: PolicyFamily, _ name: String) throws -> [String: Violation] {
      let trial = try laws.trial(family, name)
      #expect(trial.hindrance == nil)
      return Dictionary(trial.violations.map { ($0.law, $0) }) { first, _ in first }
    }
    for name in ["grabber", "miser"] {
      #expect(Set(try broken(.evict, name).keys).isSuperset(of: [EvictionLaws.leaving, RunLaws.decisions]), "\(name)")
    }
    #expect(try broken(.evict, "moody")[EvictionLaws.repetition] != nil)
    let nowhere = try #require(try broken(.route, "nowhere")[RunLaws.decisions])
    #expect(nowhere.found.hasPrefix("policy 'nowhere' decided "))
    #expect(try broken(.route, "restless").keys.sorted() == [RunLaws.repetition])
    #expect(try broken(.batch, "waiter").keys.sorted() == [RunLaws.decisions])
    #expect(try broken(.place, "liar").keys.sorted() == [RunLaws.shares, RunLaws.capacity].sorted())
  }

  @Test("A policy without defaults for all of its settings says what it lacks")
  func hindered() throws {
    let trial = try PolicyLaws(.standard).trial(.place, "layer-streaming")
    #expect(trial.hindrance?.contains("has no 'from'") == true && trial.violations.isEmpty)
  }

  @Test("The runs of a scenario are tried as they are")
  func scenario() throws {
    let small = try SmallScenario()
    let experiments = try ScenarioReader().read(small.path).experiments()
    #expect(try experiments.flatMap { try RunLaws.violations(of: $0) } == [])
  }
}
