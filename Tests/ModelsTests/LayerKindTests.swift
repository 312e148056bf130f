import Hardware
import Models
import Support
import Testing
import Units

/// The operations and bytes of every kind of layer, worked by hand.
@Suite struct LayerKindTests {
  func operators(
    _ model: Transformer, _ shape: StepShape, layout: EngineLayout = EngineLayout(),
    formats: ModelFormats = ModelFormats()
  ) throws -> [String: OperatorCost] {
    let engine = try EngineCost(model, formats: formats, layout: layout, device: .ideal)
    return Dictionary(engine.cost.operators(of: shape).map { ($0.name, $0) }, uniquingKeysWith: { a, _ in a })
  }

  func prompt(_ tokens: Int, cached: Int = 0, window: Int = 0) -> StepShape {
    var shape = StepShape(window: window)
    shape.addChunk(tokens: tokens, cached: cached, last: true)
    return shape
  }

  @Test func windowedLayersSeeTheirWindow() throws {
    let engine = try EngineCost(.gemma2, device: .ideal)
    #expect(engine.cost.window == 4096)
    let found = try operators(.gemma2, StepShape(decodes: 1, context: 10_000, window: 4096))
    let (full, windowed) = (try #require(found["attention.decode"]), try #require(found["attention.decode.window"]))
    let vectors: Double = 2 * 4096 * 2  // queries in and outputs out, 16 * 256 of 2 bytes
    // 2 * 8 * 256 elements of 2 bytes for each of 10,000 tokens, and of the last 4096.
    #expect(full.bytes == 8192 * 10_000 + vectors && windowed.bytes == 8192 * 4096 + vectors)
    // 4 operations * 16 heads * 256 for each.
    #expect(full.operations == 16_384 * 10_000 && windowed.operations == 16_384 * 4096)
    // Projections are those of two layers: 2 * 3584 * (4096 + 2 * 2048) each.
    #expect(found["attention.qkv"]?.calls == 2 && found["attention.qkv"]?.operations == Double(2 * 58_720_256))
    // Of a prompt of 8192 the first 4096 places see i tokens, the others 4096: 4096 * 4097 / 2 + 4096^2.
    let prefill = try operators(.gemma2, prompt(8192, window: 4096))
    #expect(prefill["attention.prefill.window"]?.operations == Double(16_384 * (8_390_656 + 16_777_216)))
    // The cache holds the whole context of both layers: 2 * 2 * 8 * 256 elements of 2 bytes a token.
    #expect(engine.memory.cacheBytesPerToken == 16_384)
  }

  @Test func windowsOfTwoSizesAreRefused() {
    var model = Transformer.gemma2
    var other = Attention(heads: 16, kvHeads: 8, headDimension: 256)
    other.window = 512
    model.layers[1].mixer = .attention(other)
    #expect(throws: EngineFault.notCosted("attention through windows of two sizes, 4096 and 512 tokens,")) {
      try EngineCost(model, device: .ideal)
    }
  }

  @Test func latentAttentionDecodesInTheAbsorbedForm() throws {
    let found = try operators(.deepSeek, StepShape(decodes: 1, context: 1000))
    let decode = try #require(found["attention.decode"])
    // Two layers: 128 heads, 2 * (512 + 64) operations for the scores and 2 * 512 for the values.
    #expect(decode.operations == 2 * 128 * 2176 * 1000)
    // 576 elements of 2 bytes a token, whatever the heads; queries of 576 and outputs of 512 a head.
    let vectors: Double = 128 * (576 + 512) * 2
    #expect(decode.bytes == 2 * (1152 * 1000 + vectors))
    // W_UK and W_UV: 512 * 128 * (128 + 128) weights, used once each: 33,554,432 operations.
    #expect(found["attention.absorb"]?.operations == Double(2 * 33_554_432))
    #expect(found["attention.expand"] == nil)
    // 7168 * (1536 + 576) and 1536 * 128 * 192 and 128 * 128 * 7168 weights.
    #expect(found["attention.down"]?.operations == Double(2 * 2 * 15_138_816))
    #expect(found["attention.query"]?.operations == Double(2 * 2 * 37_748_736))
    #expect(found["attention.output"]?.operations == Double(2 * 2 * 117_440_512))
  }

  @Test func latentAttentionPrefillsInTheExpandedForm() throws {
    let found = try operators(.deepSeek, prompt(1000))
    // 128 heads, 2 * (128 + 64) + 2 * 128 operations a pair; 500,500 pairs under the mask.
    #expect(found["attention.prefill"]?.operations == Double(2 * 128 * 640 * 500_500))
    // 2 * 512 * 128 * 256 operations for each token of the context.
    #expect(found["attention.expand"]?.operations == Double(2 * 33_554_432 * 1000))
    #expect(found["attention.absorb"] == nil)
  }

  @Test func latentCachesAreCopied() throws {
    // 61 layers of 576 elements of 2 bytes: 70,272 B, the 70 KB a token of "Insights into DeepSeek-V3", 2025, table 1.
    var model = Transformer.deepSeek
    model.layers = Array(repeating: model.layers[1], count: 61)
    #expect(model.cacheBytesPerToken(.bf16) == 70_272)
    model.layers = Array(model.layers.prefix(2))
    let engine = try EngineCost(model, layout: EngineLayout(tensorParallel: 8), device: .ideal)
    #expect(engine.memory.cacheBytesPerToken == 2 * 1152)
  }

  @Test func sharedExpertsComputeEveryToken() throws {
    let found = try operators(.deepSeek, StepShape(decodes: 4, context: 400))
    // 3 * 7168 * 2048 weights, 2 operations each, 4 tokens: the shared expert, and 8 times as much routed.
    #expect(found["experts.shared.up"]?.operations == Double(4 * 2 * 7168 * 4096))
    #expect(found["experts.shared.down"]?.operations == Double(4 * 2 * 2048 * 7168))
    #expect(found["experts.up"]?.operations == Double(8 * 4 * 2 * 7168 * 4096))
    #expect(found["ffn.up"]?.calls == 1 && found["ffn.up"]?.operations == Double(4 * 2 * 7168 * 36_864))
  }

  @Test func statesDoNotGrow() throws {
    let model = Transformer.mamba2()
    let engine = try EngineCost(model, device: .ideal)
    // 5120 * 128 + (5120 + 2 * 128) * 4 = 676,864 elements a layer, 64 layers of 2 bytes: 86.6 MB a sequence, of 256.
    #expect(engine.memory.state == 86_638_592 * 256)
    #expect(engine.memory.cacheBytesPerToken == 0 && engine.memory.blocks == MemoryBudget.unboundedBlocks)
    let short = try operators(model, StepShape(decodes: 8, context: 800))
    let long = try operators(model, StepShape(decodes: 8, context: 800_000))
    #expect(short == long)
    let step = try #require(short["mamba.decode"])
    // 655,360 state elements read and written, 2 * 5120 inputs and outputs, 2 * 128 of B and C, 80 time steps.
    let state: Double = 2 * 655_360
    let vectors: Double = 2 * 5120 + 2 * 128 + 80
    #expect(step.bytes == 64 * 8 * (state + vectors) * 2)
    #expect(step.operations == Double(64 * 8 * 5 * 655_360))
    // 2560 * (2 * 5120 + 2 * 128 + 80) weights in, 5120 * 2560 out.
    #expect(short["mamba.in"]?.operations == Double(64 * 8 * 2 * 27_074_560))
    #expect(short["mamba.out"]?.operations == Double(64 * 8 * 2 * 13_107_200))
  }

  @Test func statesScanPromptsInChunks() throws {
    let found = try operators(.mamba2(layers: 1), prompt(1000))
    // 2 * 256 * 128 + 2 * 256 * 5120 + 4 * 128 * 5120 = 5,308,416 operations a token.
    #expect(found["mamba.prefill"]?.operations == Double(5_308_416_000))
  }

  @Test func statesAreSplitWithTheirHeads() throws {
    let engine = try EngineCost(.mamba2(layers: 1), layout: EngineLayout(tensorParallel: 8), device: .ideal)
    // 640 * 128 + (640 + 256) * 4 = 85,504 elements: B and C belong to one group, which each device holds.
    #expect(engine.memory.state == 85_504 * 2 * 256)
    let weights = try #require(engine.memory.weightsByClass.first { $0.name == .attention })
    // 2560 * (2 * 640 + 256 + 10) + 640 * 2560
    #expect(weights.elements == 5_596_160)
  }

  @Test func encodersSeeAllPairs() throws {
    let found = try operators(.bert, prompt(384))
    // 12 layers, 4 * 768 operations for each of 384^2 pairs.
    #expect(found["encoder.attention.prefill"]?.operations == Double(12 * 3072 * 147_456))
    #expect(found["encoder.ffn.up"]?.operations == Double(12 * 384 * 2 * 768 * 3072))
    #expect(found["lm-head"] == nil && found["encoder.attention.decode"] == nil && found["norm.final"] == nil)
    #expect(found["pooler"]?.operations == Double(2 * 768 * 768))
    let engine = try EngineCost(.bert, device: .ideal)
    #expect(engine.memory.cacheBytesPerToken == 0)
    // A decode step has nothing to do for it.
    #expect(try operators(.bert, StepShape(decodes: 4, context: 4))["encoder.ffn.up"] == nil)
  }

  @Test func decodersBesideEncodersSeePromptsOnce() throws {
    let prefill = try operators(.t5, prompt(512))
    // The encoder computes 512 tokens; the decoder projects their keys and values, 2 * 1024 * 2048 operations each,
    // and computes one.
    #expect(prefill["encoder.ffn.up"]?.operations == Double(512 * 2 * 1024 * 4096))
    #expect(prefill["encoder.attention.prefill"]?.operations == Double(4096 * 262_144))
    #expect(prefill["cross.kv"]?.operations == Double(512 * 2 * 1024 * 2048))
    #expect(prefill["ffn.up"]?.operations == Double(2 * 1024 * 4096))
    #expect(prefill["attention.qkv"]?.operations == Double(2 * 1024 * 3072))
    // Cross attention of the first token: 4 * 1024 for each of 512.
    #expect(prefill["attention.prefill"]?.operations == Double(4096 * 512))
    let decode = try operators(.t5, StepShape(decodes: 3, context: 1500))
    #expect(decode["encoder.ffn.up"] == nil && decode["cross.kv"] == nil)
    #expect(decode["ffn.up"]?.operations == Double(3 * 2 * 1024 * 4096))
    #expect(decode["cross.query"]?.operations == Double(3 * 2 * 1024 * 1024))
    // Prompt and generated tokens together: 4 * 1024 operations and 2 * 1024 * 2 bytes each; two attentions' vectors.
    #expect(decode["attention.decode"]?.operations == Double(4096 * 1500))
    #expect(decode["attention.decode"]?.bytes == Double(4096 * 1500 + 3 * 2 * 4096))
    // Keys and values of one layer, whether of a prompt token or a generated one.
    #expect(try EngineCost(.t5, device: .ideal).memory.cacheBytesPerToken == 4096)
  }

  @Test func blocksAreComputedForEachTokenYielded() throws {
    let found = try operators(.llada, StepShape(decodes: 2, context: 1000))
    // 2 sequences of 32 tokens in 2 layers.
    #expect(found["ffn.up"]?.operations == Double(2 * 64 * 2 * 4096 * 24_576))
    #expect(found["lm-head"]?.operations == Double(64 * 2 * 4096 * 126_464))
    // Each of 32 tokens sees the context, and 31 / 2 of its block on average; keys and values are read once.
    let seen: Double = 32 * (1000 + 2 * 15.5)
    #expect(found["attention.decode"]?.operations == 2 * 16_384 * seen)
    let vectors: Double = 2 * 2 * 4096 * 2 * 32
    #expect(found["attention.decode"]?.bytes == 2 * (16_384 * (1000 + 31) + vectors))
    // A prompt is computed like any other.
    #expect(try operators(.llada, prompt(100))["ffn.up"]?.operations == Double(2 * 100 * 2 * 4096 * 24_576))
  }

  @Test func sharedCachesAreReadAndNotWritten() throws {
    let found = try EngineCost(.sharing, device: .ideal).cost.operators(of: StepShape(decodes: 1, context: 100))
    let projections = found.filter { $0.name == "attention.qkv" }.map(\.operations)
    // 2 * 4096 * 12288 operations, then without keys and values 2 * 4096 * 4096.
    #expect(projections == [100_663_296, 33_554_432])
    let reads = found.filter { $0.name == "attention.decode" }.map(\.bytes)
    #expect(reads.count == 2 && reads[0] == reads[1])
    #expect(try EngineCost(.sharing, device: .ideal).memory.cacheBytesPerToken == 16_384)
  }

  @Test func listedOperatorsRunOnceForAllItems() throws {
    var shape = StepShape()
    for _ in 0..<16 { shape.addChunk(tokens: 1, cached: 0, last: true) }
    let found = try operators(.listed, shape)
    #expect(found["conv"]?.operations == Double(2 * 16 * 118_013_952))
    #expect(found["conv"]?.bytes == Double(2 * (9408 * 2 + 16 * 953_344 * 2)))
    #expect(found["pool"]?.bytes == Double(16 * 1_003_520 * 2))
    #expect(found["embedding"] == nil && found["lm-head"] == nil)
    #expect(Transformer.listed.parameters == 18_816)
  }
}
