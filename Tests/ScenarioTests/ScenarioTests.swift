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

  @Test func aVariantsPlacementReplacesTheFiles() throws {
    let text = """
      model: llama-3.1-8b
      cluster:
        defaults: {place: {weights: ddr5-4800}}
        pools: {all: {device: h100-sxm, place: {layer-streaming: {from: ddr5-4800, prefetch: 2}}}}
      workload: {generator: poisson, rate: 1 /s, requests: 1, lengths: {prompt: 10 tokens, output: 2 tokens}}
      variants:
        same: {cluster: {pools: {all: {place: {layer-streaming: {prefetch: 1}}}}}}
        other: {cluster: {pools: {all: {place: {draft-verify: {draft: {model: llama-3.2-1b}}}}}}}
        plain: {cluster: {pools: {all: {place: ~}}}}
        both: {cluster: {pools: {all: {place: {kv-cache: ddr5-4800}}}}}

      """
    let two = "  two: {cluster: {pools: {all: {place: {resident: {}, weights: ddr5-4800}}}}}\n"
    try withFolder { folder in
      try write(text, to: "\(folder)/s.yaml")
      let catalogue = Catalogue(root: repository + "/scenarios", dataRoots: [])
      let scenario = try Scenario.read(path: "\(folder)/s.yaml", catalogue: catalogue, policies: .standard)
      func settings(_ variant: String) throws -> [String: String] {
        let all = try scenario.resolve(variant: variant).settings.map { ($0.path, $0.value) }
        return Dictionary(all) { $1 }
      }
      let place = "cluster.pools.all.place"
      let same = try settings("same")
      #expect(same[place] == "layer-streaming" && same["\(place).layer-streaming.prefetch"] == "1")
      #expect(same["\(place).layer-streaming.from"] == "ddr5-4800")
      #expect(try settings("other")[place] == "draft-verify")
      #expect(try settings("plain")["\(place).weights"] == "ddr5-4800")
      let both = try settings("both")
      #expect(both["\(place).weights"] == "ddr5-4800" && both["\(place).kv-cache"] == "ddr5-4800")
      try write(text + two, to: "\(folder)/s.yaml")
      let faults = #expect(throws: Faults.self) {
        try Scenario.read(path: "\(folder)/s.yaml", catalogue: catalogue, policies: .standard)
      }
      #expect(faults?.diagnostics.first?.what == "'place' names more than 'resident'")
    }
  }

  @Test func variantsChangeWhatTheySay() throws {
    let text =
      base + """
        variants:
          split: {}
          mixed: {policy: {route: least-loaded}, cluster: {pools: {decode: {replicas: 5}}}}
          one: {cluster: {pools: {decode: ~}, links: []}, policy: {route: round-robin, batch: static}}
        """
    try withFolder { folder in
      try write(text, to: "\(folder)/s.yaml")
      try write(trace, to: "\(folder)/t.csv")
      let catalogue = Catalogue(root: repository + "/scenarios", dataRoots: [])
      let scenario = try Scenario.read(path: "\(folder)/s.yaml", catalogue: catalogue)
      #expect(scenario.variants == ["split", "mixed", "one"])
      #expect(try scenario.resolve().variant == "split")
      let mixed = try scenario.resolve(variant: "mixed")
      #expect(mixed.route.name == "least-loaded" && mixed.cluster.pools[0].replicas == 5)
      #expect(mixed.pools[0].batch == "chunked")
      let one = try scenario.resolve(variant: "one")
      #expect(
        one.cluster.pools.map(\.name) == ["prefill"] && one.cluster.transfers.isEmpty && one.pools[0].batch == "static")
      let faults = #expect(throws: Faults.self) { try scenario.resolve(variant: "mxed") }
      #expect(faults?.diagnostics.first?.fix == "did you mean 'mixed'?")
    }
  }

  @Test func overridesHoldWhateverAVariantSays() throws {
    let text = base + "variants: {a: {workload: {rate-scale: 3}}, b: {}}\nsweep: {workload.rate-scale: [1, 4]}\n"
    try withFolder { folder in
      try write(text, to: "\(folder)/s.yaml")
      try write(trace, to: "\(folder)/t.csv")
      let catalogue = Catalogue(root: repository + "/scenarios", dataRoots: [])
      let plain = try Scenario.read(path: "\(folder)/s.yaml", catalogue: catalogue)
      #expect(try plain.resolve(variant: "a").workload.rateScale == 3)
      #expect(try plain.resolve(variant: "b").workload.rateScale == 2)
      #expect(plain.sweep.first?.labels == ["1", "4"])
      let point = try #require(plain.sweep.first?.values.last)
      #expect(try plain.resolve(variant: "a", overrides: [point]).workload.rateScale == 4)
      let set = try Scenario.read(
        path: "\(folder)/s.yaml", catalogue: catalogue,
        set: [
          ("workload.rate-scale", "5"), ("cluster.links.0.ports", "1"), ("policy.route", "{power-of-two: {}}"),
          ("model.weights", "fp8"),
        ])
      let resolved = try set.resolve(variant: "a")
      #expect(resolved.model.name == "llama-3.1-70b" && resolved.model.formats.weights == .fp8)
      #expect(resolved.workload.rateScale == 5 && resolved.route.name == "power-of-two")
      #expect(resolved.cluster.transfers[PoolPair(from: 0, to: 1)]?.bandwidth.value == 25e9)
    }
  }

  @Test(arguments: [
    ("workload.rate-scale", "fast", "--set:1:21", "'fast' is not a number"),
    ("cluster.pools.decode.replicas", "-1", "--set:1:31", "'cluster.pools.decode.replicas' cannot be -1"),
    ("cluster.links.3.ports", "1", "--set:1:15", "the list 'cluster.links' has no '3'"),
    ("polcy.route", "x", "--set:1:1", "no setting is named 'polcy'"),
    ("policy.rute", "x", "--set:1:8", "'policy' has no setting 'rute'"),
    ("a..b", "1", "--set:1:1", "'a..b' is no path"),
    ("seed", "[1", "--set:1:6", "this bracket does not close"),
    ("seed", "*x", "--set:1:6", "anchors and aliases are not read"),
  ])
  func badOverridesPointIntoTheOption(_ path: String, _ value: String, _ at: String, _ what: String) throws {
    let faults = #expect(throws: Faults.self) {
      try scenario(["s.yaml": base, "t.csv": trace], set: [(path, value)])
    }
    let first = try #require(faults?.diagnostics.first)
    #expect(first.what == what)
    #expect(first.place.map { "\($0.source.name):\($0.line):\($0.column)" } == at)
  }

  @Test func filesExtendOthersBesideThem() throws {
    let read = try scenario([
      "common.yaml": base, "t.csv": trace,
      "s.yaml":
        "extends: common.yaml\nmodel: bloom-176b\ncluster: {pools: {prefill: {tensor-parallel: 8}, decode: {tensor-parallel: 8}}}\n",
    ])
    #expect(read.root["model"]?.text == "bloom-176b")
    #expect(read.root["cluster"]?["pools"]?["prefill"]?["device"]?.text == "h100-sxm")
    #expect(throws: Faults.self) { try scenario(["s.yaml": "extends: ../other.yaml\n" + base, "t.csv": trace]) }
    #expect(throws: Faults.self) { try scenario(["s.yaml": "extends: a.yaml\n", "a.yaml": "extends: s.yaml\n"]) }
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

  @Test func thousandsOfVariantsOrAxesAreRefusedAtOnce() {
    for key in ["variants", "sweep"] {
      let text = base + "\(key):\n" + (0..<5000).map { "  \(key == "sweep" ? "seed.x" : "v")\($0): [1]\n" }.joined()
      let faults = #expect(throws: Faults.self) { try scenario(["s.yaml": text, "t.csv": trace]) }
      #expect(faults?.diagnostics.contains { $0.why.hasPrefix("it has at most") } == true)
    }
  }

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
