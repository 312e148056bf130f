import Cluster
import Foundation
import Scenario
import Units

/// A family of policies.
public enum PolicyFamily: String, Hashable, Sendable, CaseIterable {
  /// Which replica a request goes to.
  case route
  /// Who joins a step.
  case batch
  /// What leaves a cache.
  case evict
  /// Which device computes what.
  case place
}

/// What came of holding a policy to the laws.
public struct PolicyTrial: Hashable, Sendable {
  /// The policy's family.
  public var family: PolicyFamily
  /// Its name.
  public var name: String
  /// Why it could not be tried with its defaults on the small scenario; nil where it was.
  public var hindrance: String?
  /// What it broke.
  public var violations: [Violation] = []
}

/// Holds policies to the laws of their family on small scenarios, with their default settings.
public struct PolicyLaws: Sendable {
  /// The policies.
  public var policies: PolicyCatalogue

  /// The laws for `policies`.
  public init(_ policies: PolicyCatalogue) { self.policies = policies }

  /// The names of a family's policies in alphabetical order.
  public func names(_ family: PolicyFamily) -> [String] {
    switch family {
    case .route: policies.routes.keys.sorted()
    case .batch: policies.batches.keys.sorted()
    case .evict: policies.evicts.keys.sorted()
    case .place: policies.places.keys.sorted()
    }
  }

  /// Holds a policy to its laws.
  /// - Throws: `Faults` of the small workload.
  public func trial(_ family: PolicyFamily, _ name: String) throws -> PolicyTrial {
    var trial = PolicyTrial(family: family, name: name)
    do {
      switch family {
      case .route:
        trial.violations = try run("policy.route", value(of: name, policies.routes[name]?.settings))
      case .batch:
        // In a small KV cache, so that sequences are preempted.
        let small = [
          ("cluster.pools.first.kv-cache", "{capacity: 3000 tokens}"),
          ("cluster.pools.second.kv-cache", "{capacity: 3000 tokens}"),
        ]
        trial.violations = try run("policy.batch", value(of: name, policies.batches[name]?.settings), small)
      case .evict:
        trial.violations = try EvictionLaws.violations(of: name, { try make(name, $0) }, best: belady)
        guard policies.evicts[name]?.isForExperts == false else { break }
        let cache = "{prefix-cache: \(name), capacity: 6000 tokens}"
        trial.violations += try run(
          "cluster.pools.first.kv-cache", cache, [("cluster.pools.second.kv-cache", cache)])
      case .place:
        trial.violations = try run("cluster.pools.first.place", name)
      }
    } catch let fault as Faults {
      trial.hindrance = fault.diagnostics.first.map { "\($0.what): \($0.why)" } ?? "\(fault)"
    }
    return trial
  }

  /// A name with the settings that it needs, as far as these are pools: the first and the second by turns.
  private func value(of name: String, _ keys: [Key]?) -> String {
    let settings = (keys ?? []).filter(\.isRequired).enumerated().compactMap { index, key in
      if case .name(.pool) = key.shape { "\(key.name): \(index % 2 == 0 ? "first" : "second")" } else { nil }
    }
    return settings.isEmpty ? name : "{\(name): {\(settings.joined(separator: ", "))}}"
  }

  private func make(_ name: String, _ seed: UInt64) throws -> any EvictPolicy {
    guard let policy = policies.evict(named: name, seed: seed) else { throw Faults([Self.needsSettings]) }
    return policy
  }

  private func belady(_ seed: UInt64) throws -> any EvictPolicy {
    guard let policy = PolicyCatalogue.standard.evict(named: "belady", seed: seed) else {
      throw Faults([Self.needsSettings])
    }
    return policy
  }

  private static let needsSettings = Diagnostic(
    at: nil, "no policy comes of its defaults", why: "a setting has none", fix: "give each setting a default")

  /// The laws that the small scenario does not keep with other settings.
  private func run(_ path: String, _ value: String, _ others: [(String, String)] = []) throws -> [Violation] {
    let changes = [(path, value)] + others
    let reader = ScenarioReader(policies: policies, changes: changes.map { (path: $0.0, value: $0.1) })
    let loaded = try reader.read("laws", standardInput: Data(Self.small.utf8))
    return try loaded.experiments().flatMap { try RunLaws.violations(of: $0) }
  }

  /// Conversations on two pools that can send each other KV caches.
  static let small = """
    seed: 1
    model: llama-3.1-8b
    cluster:
      pools:
        first: {device: h100-sxm, replicas: 2}
        second: {device: a100-sxm, replicas: 2}
      links: [{between: [first, second], link: infiniband-hdr200}]
    policy: {route: least-loaded}
    workload:
      generator: poisson
      rate: 20 /s
      requests: 80
      lengths:
        prompt: {lognormal: {mean: 300 tokens, cv: 1, max: 1000 tokens}}
        output: {lognormal: {mean: 40 tokens, cv: 1, max: 200 tokens}}
      sessions: {turns: {geometric: {mean: 3}}, think: {exponential: {mean: 1 s}}, max-context: 2500 tokens}
    """
}
