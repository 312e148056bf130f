import Cluster
import Foundation
import Testing
import Units

@testable import Scenario

/// A policy of a user's own package: always the same replica.
private struct Pinned: RoutePolicy {
  static let name = "pinned"
  var replica: Int

  func route(_ request: RequestView, _ cluster: ClusterView) -> RouteDecision {
    RouteDecision(prefill: replica, decode: replica)
  }
}

/// A policy of prefix caches that knows only what may leave: the block of the lowest key first.
private struct LowestKey: EvictPolicy {
  static let name = "lowest-key"
  private var idle: Set<Int32> = []

  mutating func insert(_ key: Int32) {}
  mutating func touch(_ key: Int32) {}
  mutating func retain(_ key: Int32) { idle.remove(key) }
  mutating func release(_ key: Int32) { idle.insert(key) }
  mutating func evict() -> Int32? { idle.min().flatMap { idle.remove($0) } }
}

@Suite struct OwnPolicyTests {
  private var policies: PolicyCatalogue {
    var policies = PolicyCatalogue.standard
    policies.addRoute(Pinned.self, "Always the same replica.") { fields, _ in
      guard let replica = fields.count("replica", in: 0...7, default: 0, because: "the first") else { return nil }
      return Pinned(replica: replica)
    }
    return policies
  }

  private func read(_ route: String) throws -> ResolvedScenario {
    try withFolder { folder in
      let text = """
        model: llama-2-7b
        cluster: {pools: {all: {device: a100-sxm, replicas: 8}}}
        policy: {route: \(route)}
        workload: {generator: constant, rate: 1 /s, requests: 5, lengths: {prompt: 10 tokens, output: 2 tokens}}
        """
      try write(text, to: "\(folder)/s.yaml")
      let catalogue = Catalogue(root: repository + "/scenarios", dataRoots: [])
      return try Scenario.read(path: "\(folder)/s.yaml", catalogue: catalogue, policies: policies).resolve()
    }
  }

  @Test func itIsNamedLikeAnyOther() throws {
    let resolved = try read("{pinned: {replica: 3}}")
    let result = try Simulation.run(
      resolved.cluster, requests: resolved.trace().requests, route: resolved.makeRoute())
    #expect(result.outcomes.decodeReplica == [3, 3, 3, 3, 3])
    #expect(resolved.settings.contains { $0.path == "policy.route.pinned.replica" && $0.value == "3" })
  }

  @Test func itsFaultsAreToldLikeAnyOther() throws {
    let faults = #expect(throws: Faults.self) { try read("{pinned: {replica: 8, replca: 1}}") }
    #expect(
      faults?.diagnostics.map(\.what) == [
        "'policy.route.pinned.replica' cannot be 8", "'policy.route.pinned' has no setting 'replca'",
      ])
    let unknown = #expect(throws: Faults.self) { try read("pined") }
    #expect(unknown?.diagnostics.first?.fix == "did you mean 'pinned'?")
  }

  @Test func aPrefixCacheOfOnesOwnIsNamedLikeAnyOther() throws {
    var policies = PolicyCatalogue.standard
    policies.addEvict(LowestKey.self, "The block of the lowest key leaves first.") { _, _ in LowestKey() }
    let totals = try withFolder { folder in
      let text = """
        model: llama-2-7b
        cluster:
          pools: {all: {device: a100-sxm, kv-cache: {prefix-cache: lowest-key, watermark: 0 %, capacity: 64 tokens}}}
        workload: {trace: blocks.csv}
        """
      try write(text, to: "\(folder)/s.yaml")
      // Two tales by turns, of which the cache holds one beside the prompt at hand.
      let rows = (0..<10).map { "\($0),48,2,\($0 % 2 * 3) \($0 % 2 * 3 + 1) \($0 % 2 * 3 + 2),16\n" }
      try write(
        "arrival_s,prompt_tokens,output_tokens,blocks,block_tokens\n" + rows.joined(), to: "\(folder)/blocks.csv")
      let catalogue = Catalogue(root: repository + "/scenarios", dataRoots: [])
      let resolved = try Scenario.read(path: "\(folder)/s.yaml", catalogue: catalogue, policies: policies).resolve()
      let result = try Simulation.run(resolved.cluster, trace: resolved.trace(), route: resolved.makeRoute())
      return try #require(result.replicas[0].prefixes)
    }
    #expect(totals.lookedUpBlocks == 30 && totals.evictedBlocks > 0)
  }

  /// The same seed at another rate gives the same requests, closer together.
  @Test func anotherRateDrawsTheSameRequests() throws {
    let resolved = try read("pinned")
    let faster = resolved.at(Rate(4))
    #expect(faster.provenance.hash != resolved.provenance.hash)
    let (slow, fast) = (try resolved.trace().requests, try faster.trace().requests)
    #expect(slow.map(\.promptTokens) == fast.map(\.promptTokens))
    #expect(slow.map(\.arrival.seconds) == [0, 1, 2, 3, 4] && fast.map(\.arrival.seconds) == [0, 0.25, 0.5, 0.75, 1])
  }
}
