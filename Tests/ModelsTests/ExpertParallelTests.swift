import Hardware
import Models
import Support
import Testing
import Units

/// Experts spread over devices, worked by hand.
@Suite struct ExpertParallelTests {
  func operators(_ model: Transformer, _ layout: EngineLayout, _ shape: StepShape) throws -> [String: OperatorCost] {
    let engine = try EngineCost(model, layout: layout, device: .ideal)
    return Dictionary(engine.cost.operators(of: shape).map { ($0.name, $0) }, uniquingKeysWith: { a, _ in a })
  }

  func fault(_ model: Transformer, _ layout: EngineLayout) -> EngineFault? {
    do throws(EngineFault) {
      _ = try EngineCost(model, layout: layout, device: .ideal)
      return nil
    } catch { return error }
  }

  @Test func eightExpertsOnEightDevices() throws {
    let model = try Catalogue.model("mixtral-8x7b")
    let layout = EngineLayout(attentionGroups: 8, expertParallel: 8)
    #expect(layout.devices == 8)
    let found = try operators(model, layout, StepShape(decodes: 64, context: 6400))
    // Each device has 8 of the 64 tokens for attention, with all of its weights.
    let qkv = try #require(found["attention.qkv"])
    #expect(qkv.operations == Double(32 * 8 * 2 * 4096 * 6144))
    #expect(qkv.bytes == Double(32 * (4096 * 6144 * 2 + 8 * 10_240 * 2)))
    // It has one expert, which 64 * 2 / 8 = 16 tokens reach, and which 1 - (3/4)^64 of the steps use.
    let down = try #require(found["experts.down"])
    #expect(down.operations == Double(32 * 16 * 2 * 14_336 * 4096))
    let expert: Double = 14_336 * 4096 * 2
    let tokens: Double = 16 * (14_336 + 4096) * 2
    #expect(abs(down.bytes / (32 * (expert + tokens)) - 1) < 1e-7)
    // Of 8 tokens' hidden states 2 * 7/8 go elsewhere, and come back: 8 * 2 * 4096 * 2 B * 7/8 at 100 GB/s.
    let dispatch = try #require(found["all-to-all.dispatch"])
    #expect(dispatch.bytes == 32 * 8 * 2 * 4096 * 2 * 0.875)
    #expect(abs(dispatch.seconds - dispatch.bytes / 100e9) < 1e-15 && dispatch.bound == .link)
    #expect(found["all-to-all.combine"]?.bytes == dispatch.bytes)
    #expect(found["all-reduce.ffn"] == nil && found["all-reduce.attention"] == nil)
  }

  @Test func latencyGrowsWithDoublings() throws {
    var device = Device.ideal
    device.collective.latency.value = Seconds(1e-5)
    let layout = EngineLayout(attentionGroups: 8, expertParallel: 8)
    let engine = try EngineCost(Catalogue.model("mixtral-8x7b"), layout: layout, device: device)
    let dispatch = engine.cost.operators(of: StepShape(decodes: 8, context: 8)).first {
      $0.name == "all-to-all.dispatch"
    }
    // 32 layers, 3 doublings of 10 us, and 2 * 4096 * 2 B * 7/8 of one token at 100 GB/s.
    let bytes: Double = 32 * 2 * 4096 * 2 * 0.875
    #expect(dispatch.map { abs($0.seconds - (32 * 3e-5 + bytes / 100e9)) < 1e-12 } == true)
  }

  @Test func theSkewedDeviceHasMoreToDo() throws {
    let model = try Catalogue.model("mixtral-8x7b")
    let shape = StepShape(decodes: 64, context: 6400)
    let even = try operators(model, EngineLayout(attentionGroups: 8, expertParallel: 8), shape)
    let skewed = try operators(model, EngineLayout(attentionGroups: 8, expertParallel: 8, expertSkew: 1.5), shape)
    for name in ["experts.up", "experts.down"] {
      #expect(skewed[name].map { $0.operations / 1.5 } == even[name]?.operations)
    }
    for name in ["all-to-all.dispatch", "all-to-all.combine", "experts.activation"] {
      #expect(skewed[name].map { $0.bytes / 1.5 } == even[name]?.bytes)
    }
    #expect(skewed["attention.qkv"] == even["attention.qkv"])
  }

  @Test func expertsOfOneGroupNeedNoExchange() throws {
    // As vLLM without data-parallel attention: every device has every token, and the all-reduce sums the experts.
    let model = try Catalogue.model("mixtral-8x7b")
    let found = try operators(
      model, EngineLayout(tensorParallel: 4, expertParallel: 4), StepShape(decodes: 8, context: 80))
    #expect(found["all-to-all.dispatch"] == nil && found["all-reduce.ffn"]?.calls == 32)
    // Two whole experts a device; 8 * 2 / 4 tokens.
    #expect(found["experts.down"]?.operations == Double(32 * 4 * 2 * 14_336 * 4096))
    let split = try operators(model, EngineLayout(tensorParallel: 4), StepShape(decodes: 8, context: 80))
    #expect(split["experts.down"]?.operations == found["experts.down"]?.operations)
    // Two parts of two devices, each of which has half of four experts.
    let mixed = try operators(
      model, EngineLayout(tensorParallel: 4, expertParallel: 2), StepShape(decodes: 8, context: 80))
    #expect(mixed["experts.down"]?.operations == Double(32 * 8 * 2 * 7168 * 4096))
  }

  @Test func weightsOfAllDevicesAreTheModel() throws {
    // Experts are spread, all else is copied to each group.
    let model = try Catalogue.model("mixtral-8x7b")
    let whole = try EngineCost(model, device: .ideal).memory.weightsByClass
    let spread = try EngineCost(
      model, layout: EngineLayout(attentionGroups: 8, expertParallel: 8), device: .ideal
    ).memory
    for (one, part) in zip(whole, spread.weightsByClass) {
      #expect(part.elements == one.elements / (one.name == .experts ? 8 : 1))
    }
    // A token's keys and values lie in one group of the eight.
    #expect(spread.cacheBytesPerToken == 131_072 / 8)
  }

  @Test func deepSeekOnThirtyTwoDevices() throws {
    let layout = EngineLayout(tensorParallel: 4, attentionGroups: 8, expertParallel: 32)
    let found = try operators(.deepSeek, layout, StepShape(decodes: 256, context: 256_000))
    // 256 tokens, 8 experts each, over 32 devices: 64 on a device, 3 * 7168 * 2048 weights.
    #expect(found["experts.up"]?.operations == Double(64 * 2 * 7168 * 4096))
    // 256 / 32 tokens a device to 8 experts, 31/32 of which lie elsewhere, 7168 * 2 B each.
    #expect(found["all-to-all.dispatch"]?.bytes == Double(8 * 8 * 7168 * 2 * 31 / 32))
    // 32 tokens a group: three quarters of their sums come from the group's other devices.
    #expect(found["all-gather.experts"]?.bytes == 0.75 * 32 * 7168 * 2)
    // The dense layer and the shared expert are summed in the group.
    #expect(found["all-reduce.ffn"]?.calls == 2)
  }

  @Test func impossibleCombinationsSayWhy() throws {
    let mixture = try Catalogue.model("mixtral-8x7b")
    #expect(
      fault(mixture, EngineLayout(attentionGroups: 6, expertParallel: 6))
        == .layout("expert-parallel 6 does not divide the 8 experts"))
    #expect(
      fault(mixture, EngineLayout(tensorParallel: 4, attentionGroups: 3, expertParallel: 8))
        == .layout(
          "expert-parallel 8 does not divide the 12 devices of a stage, tensor-parallel 4 x data-parallel-attention 3"))
    #expect(
      fault(try Catalogue.model("llama-2-7b"), EngineLayout(attentionGroups: 2, expertParallel: 2))
        == .layout("expert-parallel 2 has nothing to spread: the model has no experts"))
    #expect(fault(mixture, EngineLayout(attentionGroups: 2)) != nil)
    #expect(fault(mixture, EngineLayout(expertSkew: 0.5)) != nil)
    #expect(fault(mixture, EngineLayout(expertSkew: .nan)) != nil)
    // One part has all there is; two of eight experts a token are four times the mean where each part holds one.
    #expect(fault(mixture, EngineLayout(expertSkew: 1.01)) != nil)
    #expect(fault(mixture, EngineLayout(attentionGroups: 8, expertParallel: 8, expertSkew: 4)) == nil)
    #expect(fault(mixture, EngineLayout(attentionGroups: 8, expertParallel: 8, expertSkew: 4.01)) != nil)
  }
}
