import Hardware
import Models
import Support
import Testing
import Units

@Suite struct MemoryBudgetTests {
  @Test func llama70BOnFour80GBDevices() throws {
    var device = Device.ideal
    device.memory[0].capacity.value = Memory(81920 * 1_048_576)
    let engine = try EngineCost(
      Catalogue.model("llama-2-70b"), layout: EngineLayout(tensorParallel: 4), device: device)
    let budget = engine.memory
    #expect(budget.available == 81920 * 1_048_576 * 0.9)  // 77.31 GB
    // Split: 68,976,648,192 parameters less 80 * 2 + 1 norms of 8192; norms copied; the final norm counts as split.
    let norms: Double = 80 * 2 * 8192
    let parameters: Double = (68_976_648_192 - norms) / 4 + norms
    #expect(budget.weights == parameters * 2)  // 34.49 GB
    #expect(budget.cacheBytesPerToken == 81_920)  // 327,680 / 4
    // 1 GB + 2048 tokens * (4 * 8192 + max(3 * 28672, 2 * 8192 + 2 * 1024) / 4) * 2 B + 256 * 32000 * 4 B
    let activations: Double = 2048 * (32768 + 21504) * 2
    #expect(budget.workspace == 1e9 + activations + 32_768_000)
    // (77.309 - 34.490 - 1.255) GB / (16 * 81,920 B) = 31,710 blocks
    #expect(budget.blocks == 31_710)
    #expect(budget.cacheTokens == 507_360)
    #expect(engine.cacheBytesPerToken == 327_680)
  }

  @Test func whatDoesNotFitIsAnError() throws {
    var device = Device.ideal
    device.memory[0].capacity.value = Memory(80e9)
    let model = try Catalogue.model("llama-2-70b")
    #expect {
      try EngineCost(model, device: device)
    } throws: {
      "\($0)" == "weights and workspace need 139.5 GB on each device, of which 72.0 GB may be used"
    }
    var plan = MemoryPlan()
    plan.blocks = 100
    #expect(try EngineCost(model, device: device, plan: plan).memory.blocks == 100)
  }

  @Test func plansMustBeReasonable() throws {
    let model = try Catalogue.model("llama-2-7b")
    let changes: [(inout MemoryPlan) -> Void] = [
      { $0.utilization = 0 }, { $0.utilization = 1.1 }, { $0.reserved = -1 }, { $0.reserved = .infinity },
      { $0.blockTokens = 0 }, { $0.maxBatchTokens = .max }, { $0.maxSequences = 0 }, { $0.blocks = 0 },
    ]
    for change in changes {
      var plan = MemoryPlan()
      change(&plan)
      #expect(throws: EngineFault.self) { try EngineCost(model, device: .ideal, plan: plan) }
    }
  }

  @Test func sharedHeadsAreCopied() throws {
    // 8 key-value heads on 16 devices: one whole head each, so twice the bytes in all.
    let engine = try EngineCost(
      Catalogue.model("llama-2-70b"), layout: EngineLayout(tensorParallel: 16), device: .ideal)
    #expect(engine.memory.cacheBytesPerToken == 2 * 327_680 / 16)
    #expect(engine.cacheBytesPerToken == 327_680)
  }

  @Test func theFullestStageCounts() throws {
    let model = try Catalogue.model("llama-2-70b")
    let engine = try EngineCost(model, layout: EngineLayout(pipelineParallel: 3), device: .ideal)
    #expect(engine.layout.layers(of: model) == [27, 27, 26])
    #expect(engine.memory.cacheBytesPerToken == 327_680 / 80 * 27)
  }
}

@Suite struct EngineFaultTests {
  func fault(_ tensor: Int, _ pipeline: Int, _ device: Device = .ideal) throws -> EngineFault? {
    let model = try Catalogue.model("llama-2-70b")
    do {
      _ = try EngineCost(
        model, layout: EngineLayout(tensorParallel: tensor, pipelineParallel: pipeline), device: device)
      return nil
    } catch { return error }
  }

  @Test func layoutsMustDivide() throws {
    #expect(try fault(3, 1) == .layout("tensor-parallel 3 does not divide the 64 heads"))
    #expect(try fault(0, 1) != nil)
    #expect(try fault(1, 81) == .layout("pipeline-parallel 81 exceeds the 80 layers"))
    #expect(try fault(128, 1) == .layout("tensor-parallel 128 does not divide the 64 heads"))
  }

  @Test func devicesMustBeAble() throws {
    var device = Device.ideal
    device.interconnect = nil
    #expect(try fault(2, 1, device) == .noLink(device: "ideal"))
    #expect(try fault(1, 2, device) == .noLink(device: "ideal"))
    device.efficiency.link.value = 0
    #expect(
      try fault(1, 1, device) == .device([DeviceFault(key: "efficiency.link", why: "must lie in (0, 1], is 0.0")]))
    device = .ideal
    device.compute = [.int8: ArithmeticRate(rate: given(ComputeRate(1e12)), accumulator: .int32)]
    #expect(try fault(1, 1, device)?.description == "ideal has no compute rate for fp16 nor for its fallbacks")
  }
}
