import Cluster
import Testing
import Units

@testable import Scenario

/// Placement policies of edge devices: what they refuse, and what their steps take.
@Suite struct EdgePlacementTests {
  private func resolve(
    _ pool: String, model: String = "{name: llama-3.2-1b, weights: int4, activations: fp16}", slo: String? = nil
  ) throws -> ResolvedScenario {
    try withFolder { folder in
      let text = """
        model: \(model)
        \(slo.map { "slo: \($0)" } ?? "")
        cluster: {defaults: {limits: {max-sequences: 1}}, pools: {all: {\(pool)}}}
        workload: {generator: constant, rate: 1 /h, requests: 1, lengths: {prompt: 64 tokens, output: 5 tokens}}
        """
      try write(text, to: "\(folder)/s.yaml")
      let catalogue = Catalogue(root: repository + "/scenarios", dataRoots: [])
      return try Scenario.read(path: "\(folder)/s.yaml", catalogue: catalogue, policies: .standard).resolve()
    }
  }

  private func gap(_ pool: String) throws -> Double {
    let scenario = try resolve(pool)
    let result = try Simulation.run(scenario.cluster, requests: scenario.trace().requests, route: scenario.makeRoute())
    return (result.outcomes.done[0] - result.outcomes.firstToken[0]).seconds / 4
  }

  @Test func aSplitIsNoSlowerThanEitherAlone() throws {
    func split(_ settings: String) throws -> Double {
      try gap("device: snapdragon-8-gen-3-gpu, place: {tensor-split: {npu: snapdragon-8-gen-3-npu, \(settings)}}")
    }
    let both = try split("sync: 5 us")
    #expect(both <= (try split("products: gpu")))
    #expect(both <= (try split("products: npu, sync: 5 us")))
    // Both draw 60 of 68 GB/s, one 42: no split gains more than that.
    let gain: Double = try split("products: gpu") / both
    #expect(gain < 1.43)
    // Where a meeting costs a second nothing is split, and nothing waits.
    let apart = try split("sync: 1 s")
    #expect(apart == (try split("products: gpu")))
  }

  @Test func moreMemoryForNeuronsIsNeverSlower() throws {
    let gaps = try [500, 700, 900, 2000].map { megabytes in
      try gap(
        "device: snapdragon-8-gen-3-cpu, place: {neuron-clusters: {flash: ufs-4.0, memory: \(megabytes) MB, active: 10 %, "
          + "popularity: 1}}")
    }
    #expect(zip(gaps, gaps.dropFirst()).allSatisfy { $0 >= $1 })
    #expect(gaps[0] > gaps[3])
  }

  @Test func aStepThatSkipsNeuronsMayBeFasterThanTheWholeModel() throws {
    func warnings(_ place: String) throws -> Int {
      try resolve("device: snapdragon-8-gen-3-cpu\(place)", slo: "{tpot: 10 ms}").warnings.count {
        $0.what.contains("no request can meet")
      }
    }
    #expect(try warnings("") == 1)
    #expect(try warnings(", place: {neuron-clusters: {flash: ufs-4.0, active: 10 %, popularity: 1}}") == 0)
  }

  @Test func ofAllThatIsBusyNothingIsBusierThanTheRunIsLong() throws {
    func pool(_ pool: String, model: String = "{name: llama-3.2-1b, weights: int4, activations: fp16}") throws
      -> PoolSummary
    {
      let scenario = try resolve(pool, model: model)
      let requests = try scenario.trace().requests
      let result = try Simulation.run(scenario.cluster, requests: requests, route: scenario.makeRoute())
      let summary = try Summary(scenario.cluster, requests, result, peaks: scenario.peaks)
      for stream in summary.pools[0].placement?.streams ?? [] {
        #expect(stream.busy.picoseconds <= result.end.picoseconds, "\(stream.name)")
      }
      #expect(summary.averagePower <= summary.peakPower)
      return summary.pools[0]
    }
    // Copies of eight layers are left ahead when the last token is there; the pool's own device computes the model.
    let ahead = try pool(
      "device: rtx-4090, place: {layer-streaming: {from: ddr5-4800, prefetch: 8}}", model: "llama-3.1-8b")
    let (mfu, mbu) = try (#require(ahead.mfu), #require(ahead.mbu))
    #expect(0..<1 ~= mfu && 0..<1 ~= mbu && ahead.work != nil)
    // What the copies bring into the device's memory is no work of the model: its bytes are those of a device that holds all.
    let whole = try pool("device: rtx-4090, place: resident", model: "llama-3.1-8b")
    #expect(ahead.work?.memoryBytes == whole.work?.memoryBytes)
    #expect(ahead.placement?.streams.contains { $0.name == "copy" && $0.bytes > 0 } == true)
    // What is gathered or converted moves more in the device's memory than the model's operators do.
    for place in [
      "layer-streaming: {from: ddr5-4800, gather: true}", "expert-offload: {from: ddr5-4800, bits: 4, convert: on-use}",
    ] {
      let pool = try pool("device: rtx-4090, place: {\(place)}", model: "olmoe-1b-7b")
      #expect(pool.mfu != nil && pool.mbu == nil && pool.work?.memoryBytes == nil, "\(place)")
    }
    // Others compute a part of it, or not all of it is computed: how busy the pool's own device was is not known.
    for place in [
      "snapdragon-8-gen-3-gpu, place: {tensor-split: {npu: snapdragon-8-gen-3-npu}}",
      "snapdragon-8-gen-3-cpu, place: {neuron-clusters: {flash: ufs-4.0, active: 10 %, popularity: 1}}",
      "rtx-4090, place: {draft-verify: {draft: {layers: 2}}}",
    ] {
      let pool = try pool("device: \(place)")
      #expect(pool.mfu == nil && pool.mbu == nil && pool.work == nil, "\(place)")
    }
  }

  @Test func hotNeuronsAndScalesTakeTheRoomThatTheyAreGiven() throws {
    func neurons(_ settings: String) throws -> Double {
      try gap(
        "device: snapdragon-8-gen-3-cpu, place: {neuron-clusters: {flash: ufs-4.0, active: 10 %, popularity: 1.6, "
          + "\(settings)}}")
    }
    // The neurons that are active most often stand in all room there is: none gives way to one that is seldom active.
    #expect(try neurons("memory: 500 MB, hot: 100 %") < neurons("memory: 500 MB"))
    #expect(try neurons("memory: 500 MB, scales: 50 MB") > neurons("memory: 500 MB"))
    // All in memory: an NPU that computes every neuron reads ten times what the active ones take.
    let npu = "memory: 2 GB, npu: snapdragon-8-gen-3-npu, sync: 20 us"
    #expect(try neurons("\(npu), hot: 100 %") > neurons(npu))
  }

  /// A 1B model in int4 has neurons of 3 KiB, 8192 of them in each of 16 layers.
  @Test func pagesOfManyNeuronsReadNoMoreThanThereIs() throws {
    func read(_ page: String) throws -> (prompt: Double, decodes: Double) {
      let scenario = try resolve(
        "device: snapdragon-8-gen-3-cpu, place: {neuron-clusters: {flash: ufs-4.0, memory: 500 MB, active: 10 %, "
          + "popularity: 1.6, page: \(page)}}")
      let requests = try scenario.trace().requests
      let result = try Simulation.run(scenario.cluster, requests: requests, route: scenario.makeRoute())
      let streams = try #require(
        Summary(scenario.cluster, requests, result, peaks: scenario.peaks).pools[0].placement?.streams)
      func bytes(_ name: String) throws -> Double {
        Double(try #require(streams.first { $0.name.hasSuffix(name) }).bytes)
      }
      return (try bytes(".runs"), try bytes(".pages"))
    }
    // Four steps, which would read a page for each of hundreds of neurons a layer, read no block twice.
    let (small, large) = (try read("4 KiB"), try read("1 MiB"))
    #expect(large.decodes <= 4 * 16 * 8192 * 3072 * 1.01 && large.decodes > small.decodes)
    // 341 neurons lie in a page of 1 MiB, one in 4 KiB.
    #expect(abs(large.prompt / small.prompt / ((1024.0 / 341) / 4) - 1) < 1e-6)
  }

  @Test func aWindowHidesReadsBehindWhatTheyWaitFor() throws {
    func window(_ blocks: Int, _ more: String = "") throws -> Double {
      try gap(
        "device: {like: ryzen-7-7840u, interconnect: ethernet-1gbe}, tensor-parallel: 4, place: {sliding-window: {disk: nvme-gen4-980-pro, link: ethernet-1gbe, "
          + "window: \(blocks)\(more)}}")
    }
    let (onDemand, ahead, resident) = (try window(1), try window(4), try window(0))
    #expect(onDemand > ahead && ahead >= resident)
    // Of 16 layers, an embedding and a head 34 blocks: a window of all of them never reads one again, one of fewer reads all.
    #expect(try window(34) == resident && window(35) == resident)
    #expect(try window(33) > resident)
    #expect(try window(4, ", reduce: ring") > ahead)
    // Stages read a block when they need it, and may keep all: they have no other window.
    #expect(try window(1, ", share: layers") > window(0, ", share: layers"))
    let faults = #expect(throws: Faults.self) { try window(34, ", share: layers") }
    #expect(faults?.diagnostics.first?.what == "stages read no block ahead")
  }

  /// Li et al., TPI-LLM, equation 7: two blocks of the master hold at most embedding and head, h x v each, three a quarter of
  /// 3 x h x s beside them; and the process what is reserved for it.
  @Test func aMasterHoldsAWindowOfItsBlocks() throws {
    func held(_ blocks: Int) throws -> Double {
      let scenario = try resolve(
        "device: {like: ryzen-7-7840u, interconnect: ethernet-1gbe}, tensor-parallel: 4, kv-cache: {reserved: 1 GB}, "
          + "place: {sliding-window: {disk: nvme-gen4-980-pro, link: ethernet-1gbe, window: \(blocks)}}",
        model: "llama-2-7b")
      return try #require(scenario.cluster.pools[0].engine.placed?.holdings.first).bytes
    }
    let end = 4096.0 * 32000 * 2
    #expect(try abs(held(2) / (2 * end + 1e9) - 1) < 1e-4)
    #expect(try abs(held(3) / (2 * end + 3 * 4096 * 11008 * 2 / 4 + 1e9) - 1) < 1e-4)
  }

  @Test func aModelWithoutKeysAndValuesIsPlacedAsAnother() throws {
    for place in [
      "{hybrid-attention: {processor: epyc-7763}}", "{kv-retrieval: {host: ddr5-4800}}", "resident",
      "{layer-streaming: {from: ddr5-4800}}", "{attention-offload: {attention: {device: a10}, link: pcie4}}",
      "{host-attention-streaming: {processor: epyc-7763}}", "{energy-aware: {cpu: epyc-7763, resistance: 0}}",
    ] {
      let scenario = try resolve("device: h100-sxm, place: \(place)", model: "mamba-codestral-7b")
      let engine = scenario.cluster.pools[0].engine
      #expect(engine.cache.blocks > 0, "\(place)")
      for held in engine.placed?.holdings ?? [] {
        #expect(held.bytes.isFinite && held.bytes <= held.capacity, "\(place): \(held)")
      }
    }
  }

  @Test func statesOfSequencesTakeTheRoomThatTheyDoWithoutAPolicy() throws {
    // A sequence of Mamba-Codestral has 140 MB of state: 40 of them do not fit beside 14.6 GB of weights in 23.2 GB.
    for place in ["", ", place: resident", ", place: {layer-streaming: {from: ddr5-4800, pinned: 64}}"] {
      func pool(_ sequences: Int) -> String {
        "device: rtx-4090, limits: {max-sequences: \(sequences)}\(place)"
      }
      _ = try resolve(pool(32), model: "mamba-codestral-7b")
      #expect(throws: Faults.self, "\(place)") { try resolve(pool(80), model: "mamba-codestral-7b") }
    }
  }

  @Test func aFaultElsewhereMakesNoSettingUnknown() throws {
    let streaming = "place: {layer-streaming: {from: ddr5-4800, link: pcie4-x4, prefetch: 2}}"
    for pool in [
      "device: rtx-409, \(streaming)",
      "device: rtx-4090, place: {layer-streaming: {from: ddr5, link: pcie4-x4, prefetch: 2}}",
      "device: rtx-4090, place: {expert-offload: {from: ddr5-4800, fetch: path, ahead: 4, cache: {slots: 4}}}",
    ] {
      let faults = #expect(throws: Faults.self) { try resolve(pool) }
      #expect(faults?.diagnostics.count { $0.what.contains("has no setting") } == 0, "\(pool)")
    }
    // What nothing reads is told where all else is well.
    let faults = #expect(throws: Faults.self) {
      try resolve("device: rtx-4090, place: {layer-streaming: {from: ddr5-4800, prefech: 2}}")
    }
    #expect(faults?.diagnostics.contains { $0.what.contains("'prefech'") } == true)
    let free = #expect(throws: Faults.self) {
      try resolve("device: rtx-4090, place: resident, free-operators: [lm-head]")
    }
    #expect(free?.diagnostics.first?.what == "the steps of a placed engine have no free operators")
  }

  @Test func processorsOfDifferentChipsAreRefused() throws {
    for place in [
      "{tensor-split: {npu: m2-pro-npu}}", "{energy-aware: {npu: m2-pro-npu}}",
      "{neuron-clusters: {npu: m2-pro-npu, flash: ufs-4.0}}",
    ] {
      let faults = #expect(throws: Faults.self) {
        try resolve("device: snapdragon-8-gen-3-gpu, place: \(place)")
      }
      #expect(faults?.diagnostics.first?.what.hasSuffix("not processors of one chip") == true)
    }
    // A link between them makes them a machine.
    _ = try resolve(
      "device: snapdragon-8-gen-3-gpu, place: {energy-aware: {npu: m2-pro-npu, link: pcie4, resistance: 0}}")
    let small = #expect(throws: Faults.self) {
      try resolve("device: snapdragon-8-gen-3-cpu, place: {neuron-clusters: {flash: ufs-4.0, memory: 100 MB}}")
    }
    #expect(small?.diagnostics.first?.what == "the memory cannot hold what must stay in it")
  }
}
