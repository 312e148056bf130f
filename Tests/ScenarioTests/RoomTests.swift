import Cluster
import Testing
import Units

@testable import Scenario

/// What a pool's memory has room for, and what is told where it has not.
@Suite struct RoomTests {
  @Test func aTinyCacheIsAWarning() throws {
    try withFolder { folder in
      let text = base.replacingOccurrences(
        of: "preemption: swap}", with: "kv-cache: {capacity: 1000 tokens, block: 32}}")
      try write(text, to: "\(folder)/s.yaml")
      try write(trace, to: "\(folder)/t.csv")
      let resolved = try Scenario.read(
        path: "\(folder)/s.yaml", catalogue: Catalogue(root: repository + "/scenarios", dataRoots: [])
      ).resolve()
      #expect(resolved.cluster.pools[0].engine.cache.blocks == 31)
      #expect(resolved.warnings.map(\.what) == ["pool 'decode' cannot hold one long sequence of llama-3.1-70b"])
      #expect(resolved.warnings.first?.why == "31 blocks hold 992 tokens; one of 4096 needs 1.342 GB over the engine")
    }
  }

  /// A fix that is followed is not refused for the same reason.
  @Test func whatDoesNotFitIsToldWhatWould() throws {
    func fix(_ model: String, _ pool: String) -> String? {
      let faults = #expect(throws: Faults.self) {
        try scenario([
          "s.yaml": """
          model: {name: \(model), activations: int8}
          cluster: {pools: {all: {\(pool)}}}
          workload: {generator: constant, rate: 1 /s, requests: 1, lengths: {prompt: 10 tokens, output: 10 tokens}}
          """
        ]).resolve()
      }
      return faults?.diagnostics.first?.fix
    }
    #expect(
      fix("opt-125m", "device: m2-ultra-gpu, pipeline-parallel: 2")
        == "pipeline-parallel: 1, or add 'interconnect: LINK' to its device file")
    // Eight devices that share a layer hold fewer experts each than two groups of two do.
    let pool = "device: rtx-3060, pipeline-parallel: 2, expert-parallel: 4, tensor-parallel: "
    #expect(fix("mixtral-8x7b", pool + "2") == "tensor-parallel: 8, or a smaller format")
  }

  @Test func aTinyCacheOfNoKeysIsToldByItsTokens() throws {
    let resolved = try scenario([
      "s.yaml": """
      model: mamba-codestral-7b
      cluster: {pools: {all: {device: h100-sxm, kv-cache: {capacity: 1000 tokens}}}}
      workload: {generator: constant, rate: 1 /s, requests: 1, lengths: {prompt: 10 tokens, output: 10 tokens}}
      """
    ]).resolve()
    #expect(resolved.warnings.first?.why == "62 blocks hold 992 tokens")
    #expect(resolved.warnings.first?.fix == "a larger kv-cache.capacity; longer requests are rejected")
  }

  @Test func aCacheBeyondTheMemoryIsAWarning() throws {
    try withFolder { folder in
      let text = base.replacingOccurrences(of: "preemption: swap}", with: "kv-cache: {capacity: 9000000 tokens}}")
      try write(text, to: "\(folder)/s.yaml")
      try write(trace, to: "\(folder)/t.csv")
      let resolved = try Scenario.read(
        path: "\(folder)/s.yaml", catalogue: Catalogue(root: repository + "/scenarios", dataRoots: [])
      ).resolve()
      let what = "pool 'decode' has not the memory that its kv-cache.capacity asks for"
      #expect(resolved.warnings.map(\.what) == [what])
    }
  }

  /// The capacity where it is told, the pool where it follows from the memory, whatever free parameters are laid over it; and
  /// once, though two variants and the ends of a parameter have it.
  @Test(arguments: [
    ("", "{path: cluster.pools.all.kv-cache.memory-utilization, value: 19 %, range: [18 %, 20 %], source: s}", 2, 19),
    (
      ", kv-cache: {capacity: 1000 tokens}", "{path: workload.rate, value: 2 /s, range: [1 /s, 3 /s], source: s}", 2, 64
    ),
    (
      "",
      "{path: cluster.pools.all.kv-cache.capacity, value: 992 tokens, range: [500 tokens, 100000 tokens], source: s}",
      6, 5
    ),
  ])
  func aTinyCacheIsToldWhereItIsChanged(_ cache: String, _ free: String, _ line: Int, _ column: Int) throws {
    let read = try scenario([
      "s.yaml": """
      model: llama-2-7b
      cluster: {pools: {all: {device: a100-sxm\(cache)}}}
      workload: {generator: constant, rate: 2 /s, requests: 1, lengths: {prompt: 10 tokens, output: 10 tokens}}
      variants: {a: {}, b: {cluster: {pools: {all: {replicas: 2}}}}}
      free:
        - \(free)
      """
    ])
    let warnings = try read.examine()
    let places = warnings.map { [$0.place?.line, $0.place?.column] }
    #expect(warnings.map(\.what) == ["pool 'all' cannot hold one long sequence of llama-2-7b"])
    #expect(places == [[line, column]])
  }
}
