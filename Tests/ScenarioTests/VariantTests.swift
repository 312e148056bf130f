import Cluster
import Testing
import Units

@testable import Scenario

/// What variants, overrides and other files change of a scenario.
@Suite struct VariantTests {
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

  @Test func thousandsOfVariantsOrAxesAreRefusedAtOnce() {
    for key in ["variants", "sweep"] {
      let text = base + "\(key):\n" + (0..<5000).map { "  \(key == "sweep" ? "seed.x" : "v")\($0): [1]\n" }.joined()
      let faults = #expect(throws: Faults.self) { try scenario(["s.yaml": text, "t.csv": trace]) }
      #expect(faults?.diagnostics.contains { $0.why.hasPrefix("it has at most") } == true)
    }
  }
}
