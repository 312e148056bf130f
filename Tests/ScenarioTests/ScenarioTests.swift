import Cluster
import Foundation
import Models
import Testing
import Units
import Workload

@testable import Scenario

/// Writes files into a folder and reads the one named `s.yaml`.
func scenario(_ files: [String: String], set: [(String, String)] = []) throws -> Scenario {
  try withFolder { folder in
    for (name, text) in files { try write(text, to: "\(folder)/\(name)") }
    return try Scenario.read(
      path: "\(folder)/s.yaml", catalogue: Catalogue(root: repository + "/scenarios", dataRoots: []),
      set: set.map { (path: $0.0, value: $0.1) })
  }
}

/// A scenario that is complete but for what a test adds.
let base = """
  model: llama-3.1-70b
  cluster:
    pools:
      prefill: {device: h100-sxm, replicas: 2, tensor-parallel: 4}
      decode: {device: a100-sxm, replicas: 3, tensor-parallel: 4, preemption: swap}
    links: [{between: [prefill, decode], link: infiniband-hdr200, ports: 4}]
  policy: {route: {phase-split: {prefill: prefill, decode: decode}}, batch: {chunked: {token-budget: 1024}}}
  workload: {trace: t.csv, rate-scale: 2}

  """
let trace = "arrival_s,prompt_tokens,output_tokens\n0,1000,200\n0.5,500,100\n2,100,10\n"

@Suite struct ScenarioTests {
  @Test func everythingIsResolvedAndSaysWhereItComesFrom() throws {
    try withFolder { folder in
      try write(base, to: "\(folder)/s.yaml")
      try write(trace, to: "\(folder)/t.csv")
      let catalogue = Catalogue(root: repository + "/scenarios", dataRoots: [])
      let resolved = try Scenario.read(path: "\(folder)/s.yaml", catalogue: catalogue).resolve()
      #expect(resolved.name == "s" && resolved.variant == nil && resolved.seed == 1)
      #expect(resolved.cluster.pools.map(\.name) == ["decode", "prefill"])
      #expect(resolved.cluster.pools.map(\.replicas) == [3, 2])
      #expect(resolved.cluster.transfers.count == 4)
      let path = try #require(resolved.cluster.transfers[PoolPair(from: 1, to: 0)])
      #expect(path.bandwidth.value == 100e9 && path.layers == 80 && path.mode == .layerwise)
      #expect(resolved.model.formats.weights == .bf16)
      // Grouped-query attention: 2 x 80 layers x 8 heads x 128 wide x 2 bytes.
      #expect(resolved.cluster.pools[0].engine.cache.bytesPerToken == 327_680)
      #expect(resolved.cluster.pools[0].price.value == 4 * 2.21)
      #expect(resolved.route.name == "phase-split" && type(of: resolved.makeRoute()).name == "phase-split")
      #expect(resolved.pools[0].batch == "chunked")
      #expect(try resolved.trace().requests.map(\.arrival.seconds) == [0, 0.25, 1])
      let said = Dictionary(resolved.settings.map { ($0.path, $0) }) { a, _ in a }
      #expect(said["cluster.pools.decode.replicas"]?.origin.citation == "\(folder)/s.yaml:5")
      #expect(said["cluster.pools.decode.limits.max-sequences"]?.origin.citation == "default: vLLM: max_num_seqs")
      #expect(said["seed"]?.value == "1")
      #expect(said["policy.route.phase-split.overflow-tokens"]?.value == "8192")
      if case .swap(let bandwidth, _) = resolved.cluster.pools[0].engine.preemption {
        #expect(bandwidth.value == 4 * 31.5e9)
      } else {
        Issue.record("swap was asked for")
      }
    }
  }

  /// The order of keys says nothing: not in files, not in flow mappings, not in pools.
  @Test func permutedKeysChangeNothing() throws {
    let permuted = """
      workload: {rate-scale: 2, trace: t.csv}
      policy: {batch: {chunked: {token-budget: 1024}}, route: {phase-split: {decode: decode, prefill: prefill}}}
      cluster:
        links: [{ports: 4, link: infiniband-hdr200, between: [decode, prefill]}]
        pools:
          decode: {preemption: swap, tensor-parallel: 4, replicas: 3, device: a100-sxm}
          prefill: {tensor-parallel: 4, replicas: 2, device: h100-sxm}
      model: llama-3.1-70b
      """
    func canonical(_ text: String) throws -> Provenance {
      try withFolder { folder in
        try write(text, to: "\(folder)/s.yaml")
        try write(trace, to: "\(folder)/t.csv")
        let catalogue = Catalogue(root: repository + "/scenarios", dataRoots: [])
        return try Scenario.read(path: "\(folder)/s.yaml", catalogue: catalogue).resolve().provenance
      }
    }
    let (a, b) = (try canonical(base), try canonical(permuted))
    #expect(a.canonical == b.canonical && a.hash == b.hash)
    #expect(try canonical(base.replacingOccurrences(of: "replicas: 3", with: "replicas: 4")).hash != a.hash)
  }

  @Test func objectives() throws {
    let text =
      base + """
        slo: {ttft: {p50: 2x, p99: 6x}, tpot: 200 ms, itl: 300 ms, attainment: 95 %, strict: true,
              reference: {device: a100-sxm, tensor-parallel: 8}}
        """
    try withFolder { folder in
      try write(text, to: "\(folder)/s.yaml")
      try write(trace, to: "\(folder)/t.csv")
      let resolved = try Scenario.read(
        path: "\(folder)/s.yaml", catalogue: Catalogue(root: repository + "/scenarios", dataRoots: [])
      ).resolve()
      #expect(
        resolved.slo?.clauses.map(\.name) == ["p50 ttft < 2x", "p99 ttft < 6x", "tpot < 200 ms", "p95 itl < 300 ms"])
      let lone = try #require(resolved.unloaded?(try resolved.trace().requests[0]))
      #expect(lone.ttft > 0.05 && lone.ttft < 1 && lone.tpot > 0.01 && lone.tpot < 0.1)
    }
  }

  @Test func aTraceOfOneInstantHasNoRateToChange() throws {
    try withFolder { folder in
      try write(base, to: "\(folder)/s.yaml")
      try write("arrival_s,prompt_tokens,output_tokens\n3,1000,200\n3,5,200\n", to: "\(folder)/t.csv")
      let resolved = try Scenario.read(
        path: "\(folder)/s.yaml", catalogue: Catalogue(root: repository + "/scenarios", dataRoots: [])
      ).resolve()
      #expect(try resolved.trace().requests.count == 2)
      let faults = #expect(throws: Faults.self) { try resolved.at(Rate(5)).trace() }
      #expect(faults?.diagnostics.first?.what == "the trace 't.csv' has no rate to change")
    }
  }

  @Test func aSearchStopsBeforeARunHasMillionsOfRequests() {
    func plan(_ extent: Generator.Extent) -> WorkloadPlan {
      WorkloadPlan(
        .generator(
          GeneratorPlan(
            arrivals: .poisson(Rate(1)), lengths: .preset(.azure2023ConversationLike), extent: extent)))
    }
    #expect(plan(.requests(10)).highestRate == Rate(1e9))
    #expect(plan(.duration(.seconds(100))).highestRate == Rate(1e5))
    #expect(throws: Faults.self) { try plan(.duration(.seconds(100))).at(Rate(1e8)).trace(seed: 1) }
  }

  @Test func aPercentileWithAPointIsAnObjective() throws {
    try withFolder { folder in
      let slo =
        "slo: {ttft: {p99.9: 2 s, p50: 1 s}, tpot: {p99.9: 3x}, reference: {device: a100-sxm, tensor-parallel: 4}}\n"
      try write(base + slo, to: "\(folder)/s.yaml")
      try write(trace, to: "\(folder)/t.csv")
      let catalogue = Catalogue(root: repository + "/scenarios", dataRoots: [])
      let resolved = try Scenario.read(path: "\(folder)/s.yaml", catalogue: catalogue).resolve()
      #expect(resolved.slo?.clauses.map(\.name) == ["p50 ttft <= 1 s", "p99.9 ttft <= 2 s", "p99.9 tpot <= 3x"])
    }
  }

  @Test func aByteOrderMarkIsNoPartOfTheText() throws {
    try withFolder { folder in
      try write("\u{FEFF}" + base, to: "\(folder)/s.yaml")
      try write(trace, to: "\(folder)/t.csv")
      let catalogue = Catalogue(root: repository + "/scenarios", dataRoots: [])
      #expect(throws: Never.self) { try Scenario.read(path: "\(folder)/s.yaml", catalogue: catalogue).resolve() }
    }
  }

  @Test func aMalformedTraceIsToldWithItsLine() throws {
    try withFolder { folder in
      try write(base, to: "\(folder)/s.yaml")
      try write("arrival_s,prompt_tokens,output_tokens\n0,1000,200\n1,-5,200\n", to: "\(folder)/t.csv")
      let resolved = try Scenario.read(
        path: "\(folder)/s.yaml", catalogue: Catalogue(root: repository + "/scenarios", dataRoots: [])
      ).resolve()
      let faults = #expect(throws: Faults.self) { try resolved.trace().requests }
      #expect(faults?.diagnostics.first?.place?.line == 3)
    }
  }
}
