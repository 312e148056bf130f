import Foundation
import Hardware
import Models
import Testing
import Units

@testable import Scenario

/// What a pool says of memory that its device shares or does not have.
@Suite struct SharedMemoryTests {
  private func pool(_ settings: String, model: String = "{name: llama-3.1-8b, activations: fp16}") throws
    -> ResolvedPool
  {
    let resolved = try scenario([
      "s.yaml": """
      model: \(model)
      cluster: {pools: {all: {\(settings)}}}
      workload: {generator: constant, rate: 1 /s, requests: 1, lengths: {prompt: 512 tokens, output: 64 tokens}}
      """
    ]).resolve()
    return try #require(resolved.pools.first)
  }

  private func decode(_ pool: ResolvedPool, _ name: String) throws -> OperatorCost {
    let shape = StepShape(decodes: 1, context: 100)
    return try #require(pool.engine.cost.operators(of: shape).first { $0.name == name })
  }

  /// GPU and NPU alone draw 40 to 45 of 68 GB/s, both about 60 (HeteroLLM): weights of a decode step at these rates.
  @Test func aloneAndTogetherAsPublished() throws {
    func bandwidth(_ settings: String) throws -> Double {
      let down = try decode(pool(settings), "ffn.down")
      return down.bytes / (down.seconds - 32 * 3e-6)
    }
    let gpu = try bandwidth("device: snapdragon-8-gen-3-gpu, kv-cache: {capacity: 1000 tokens}")
    let npu = try bandwidth("device: snapdragon-8-gen-3-npu, kv-cache: {capacity: 1000 tokens}")
    #expect((40e9...45.5e9).contains(gpu) && (40e9...45.5e9).contains(npu), "\(gpu) \(npu)")
    let both = try bandwidth(
      "device: snapdragon-8-gen-3-gpu, kv-cache: {capacity: 1000 tokens}, "
        + "beside: {device: snapdragon-8-gen-3-npu, share: 50 %, hand-over: 0 s}")
    #expect((57e9...60.5e9).contains(both), "\(both)")
  }

  /// One half of what both reach together, and of the capacity.
  @Test func usersShareFairly() throws {
    let alone = try pool("device: m2-ultra-gpu")
    let shared = try pool("device: m2-ultra-gpu, memory-users: 2")
    #expect(shared.device.memory[0].capacity.value.value == alone.device.memory[0].capacity.value.value / 2)
    #expect(shared.device.efficiency.memory.value == alone.device.efficiency.memory.value / 2)
    let (a, b) = (try decode(alone, "ffn.down"), try decode(shared, "ffn.down"))
    #expect(b.seconds > 1.9 * a.seconds && b.seconds <= 2 * a.seconds)
  }

  /// Four drives of 6.8 GB/s at depth 32 pass PCIe 4.0 x16 (31.5 GB/s); two devices share them.
  @Test func drivesAndLinksLimitAStream() throws {
    func rate(_ place: String, _ parallel: Int = 1) throws -> Double {
      let settings =
        "device: a100-sxm, tensor-parallel: \(parallel), place: {weights: {tier: nvme-gen4-pm9a3, \(place)}}"
      return try #require(pool(settings).engine.placement.weights).readRate
    }
    let one = try rate("request: 1 MiB, depth: 32")
    #expect(one > 6.7e9 && one <= 6.8e9 * (1 + 1e-12))
    #expect(try rate("drives: 8, depth: 32") == 31.5e9)
    #expect(abs(try rate("drives: 2, depth: 32", 2) / one - 1) < 1e-12)
    #expect(try rate("depth: 1") < one)
    let drawn = try pool("device: a100-sxm, place: {kv-cache: {tier: nvme-gen4-pm9a3, drives: 2}}").power.decode
    let bare = try pool("device: a100-sxm").power.decode
    #expect(drawn > bare)
  }

  @Test func aDeviceThatNobodyKnowsIsOneFile() throws {
    try withFolder { folder in
      try write(Self.unfamiliar, to: "\(folder)/devices/toaster.yaml")
      try write(
        "bandwidth: {value: 8 GB/s, source: mine}\nlatency: {value: 1 us, source: mine}",
        to: "\(folder)/links/wire.yaml")
      try write(
        """
        model: {name: llama-2-7b, weights: int8, activations: int8}
        cluster: {pools: {all: {device: toaster, limits: {max-sequences: 4}}}}
        workload: {trace: {path: t.csv}}
        """, to: "\(folder)/s.yaml")
      try write("arrival_s,prompt_tokens,output_tokens\n0,100,20\n0.5,50,10\n", to: "\(folder)/t.csv")
      let catalogue = Catalogue(root: repository + "/scenarios", dataRoots: [])
      let resolved = try Scenario.read(path: "\(folder)/s.yaml", catalogue: catalogue).resolve()
      let pool = try #require(resolved.pools.first)
      #expect(
        pool.device.kind == .npu && pool.device.forms.names == ["units", "caches", "tile", "shapes", "hand-over"])
      // 100 tokens run as 128 in two passes of 64, each with a hand-over of 2 ms.
      var shape = StepShape()
      shape.addChunk(tokens: 100, cached: 0, last: true)
      let handOver = pool.engine.cost.operators(of: shape).first { $0.name == "hand-over" }
      #expect(handOver?.seconds == 4e-3)
      #expect(try resolved.trace().requests.count == 2)
    }
  }

  /// A device that is in no catalogue, with a form of every kind.
  private static let unfamiliar = """
    name: A toaster
    kind: npu
    memory: [{name: crumbs, capacity: {value: 16 GiB, source: mine}, bandwidth: {value: 50 GB/s, source: mine}}]
    compute:
      int8: {value: 8.192 TOP/s, accumulator: int32, source: mine}
      fp16: {value: 1 TFLOP/s, accumulator: fp32, source: mine}
    host-link: wire
    forms:
      units:
        - name: slots
          count: {value: 2, source: mine}
          clock: {value: 1 GHz, source: mine}
          per-cycle: {int8: {value: 4096, source: mine}}
      caches: [{name: tray, capacity: {value: 4 MiB, source: mine}, bandwidth: {value: 400 GB/s, source: mine}}]
      tile: {rows: 8, inner: 64, columns: 64, source: mine}
      shapes: {tokens: [1, 8, 64], source: mine}
      hand-over: {value: 2 ms, source: mine}
    execution:
      launch: {value: 10 us, source: mine}
      host-per-step: {value: 1 ms, source: mine}
      host-per-sequence: {value: 1 ms, source: mine}
      prefill-dispatch: {value: 0 s, source: mine}
      decode-dispatch: {value: 0 s, source: mine}
    efficiency:
      compute: {value: 0.5, source: mine}
      memory: {value: 0.5, source: mine}
      attention-compute: {value: 0.5, source: mine}
      attention-memory: {value: 0.5, source: mine}
      link: {value: 0.5, source: mine}
    collective: {latency: {value: 0 s, source: mine}}
    power:
      idle: {value: 1 W, source: mine}
      prefill: {value: 800 W, source: mine}
      decode: {value: 800 W, source: mine}
      peak: {value: 800 W, source: mine}
    """

  /// Every scenario of a kind of device resolves, but for traces that are not here.
  @Test func everyKindOfDeviceHasAScenario() throws {
    let folder = repository + "/scenarios/hardware"
    let files = Paths.names(in: folder).filter { $0.hasSuffix(".yaml") }
    #expect(files.count >= 10)
    let catalogue = Catalogue(root: repository + "/scenarios", dataRoots: [])
    for file in files {
      do { _ = try Scenario.read(path: "\(folder)/\(file)", catalogue: catalogue) } catch {
        for fault in error.diagnostics where fault.severity == .error {
          #expect(fault.what.hasSuffix("is not here"), "\(fault)")
        }
      }
    }
  }
}
