import Hardware
import Models
import Support
import Testing
import Units

@Suite struct OperatorTests {
  func named(_ operators: [OperatorCost]) -> [String: OperatorCost] {
    Dictionary(operators.map { ($0.name, $0) }, uniquingKeysWith: { a, _ in a })
  }

  @Test func decodeOfLlama7B() throws {
    let engine = try EngineCost(Catalogue.model("llama-2-7b"), device: .ideal)
    let found = named(engine.cost.operators(of: StepShape(decodes: 2, context: 1000)))
    // hidden 4096, 32 heads of 128, feed-forward 11008, 32 layers, fp16.
    let qkv = try #require(found["attention.qkv"])
    let elements: Double = 4096 * 12288
    let tokenElements: Double = 4096 + 12288
    #expect(qkv.operations == 32 * 2 * 2 * elements)  // layers * tokens * 2 * rows * columns
    #expect(qkv.bytes == 32 * (elements * 2 + 2 * tokenElements * 2))  // weights, then 2 tokens in and out
    #expect(qkv.bound == .memory)
    #expect(abs(qkv.seconds - qkv.bytes / 1e12) < 1e-15)
    let attention = try #require(found["attention.decode"])
    let kv: Double = 1000 * 2 * 4096 * 2
    let queriesAndOutputs: Double = 2 * 2 * 4096 * 2
    #expect(attention.operations == 32 * 4 * 4096 * 1000)  // layers * 4 * query width * context
    #expect(attention.bytes == 32 * (kv + queriesAndOutputs))
    let up = try #require(found["ffn.up"])
    #expect(up.operations == 32 * 2 * 2 * 4096 * 22016)  // gate and up
    let head = try #require(found["lm-head"])
    #expect(head.operations == 2 * 2 * 4096 * 32000)
    #expect(found["attention.prefill"] == nil)
    #expect(found["all-reduce.ffn"] == nil)
  }

  @Test func prefillOfLlama70BOnEightDevices() throws {
    let engine = try EngineCost(
      Catalogue.model("llama-2-70b"), layout: EngineLayout(tensorParallel: 8), device: .ideal)
    var shape = StepShape()
    shape.addChunk(tokens: 1024, cached: 0, last: true)
    let found = named(engine.cost.operators(of: shape))
    // hidden 8192, 64 query heads and 8 key-value heads of 128, feed-forward 28672, 80 layers: an eighth of each.
    let columns: Double = 1024 + 2 * 128
    #expect(found["attention.qkv"]?.operations == 80 * 1024 * 2 * 8192 * columns)
    #expect(found["attention.qkv"]?.bound == .compute)
    let pairs: Double = 1024 * 1025 / 2  // under the causal mask
    #expect(found["attention.prefill"]?.operations == 80 * 4 * 1024 * pairs)
    #expect(found["ffn.down"]?.operations == Double(80 * 1024 * 2 * 3584 * 8192))
    // A ring moves 2 * 7/8 of 1024 * 8192 * 2 B at 100 GB/s, 80 times.
    let reduce = try #require(found["all-reduce.ffn"])
    let message: Double = 1024 * 8192 * 2
    #expect(reduce.bytes == 80 * 2 * 0.875 * message)
    #expect(abs(reduce.seconds - reduce.bytes / 100e9) < 1e-12)
    #expect(reduce.bound == .link)
    #expect(found["lm-head"]?.operations == Double(2 * 8192 * 4000))  // one row
  }

  @Test func expertsOfMixtral() throws {
    let engine = try EngineCost(Catalogue.model("mixtral-8x7b"), device: .ideal)
    let one = named(engine.cost.operators(of: StepShape(decodes: 1, context: 100)))
    // One token activates exactly 2 of 8 experts: 8 * (1 - 3/4).
    let expert: Double = 14336 * 4096 * 2
    let token: Double = 2 * (14336 + 4096) * 2  // in and out of two experts
    #expect(one["experts.down"]?.bytes == 32 * (2 * expert + token))
    #expect(one["experts.down"]?.operations == 32 * 2 * expert)  // 2 experts, 2 operations per element of 2 B
    let many = named(engine.cost.operators(of: StepShape(decodes: 64, context: 100)))
    // 64 tokens leave (3/4)^64 = 1e-8 of the experts idle.
    let bytes = try #require(many["experts.down"]?.bytes)
    let all: Double = 32 * (8 * expert + 64 * token)
    #expect(abs(bytes / all - 1) < 1e-7)
  }

  @Test func activeExpertsFollowTheFormula() {
    let experts = ActiveExperts(count: 8, perToken: 2, bytes: 1)
    var miss = 1.0
    for tokens in 0...200 {
      #expect(abs(experts.active(tokens: tokens) - 8 * (1 - miss)) < 1e-13)
      miss *= 0.75
    }
    #expect(ActiveExperts(count: 4, perToken: 4, bytes: 1).active(tokens: 1) == 4)
  }

  @Test func largeMessagesSwitchAtTheirSize() throws {
    let engine = try EngineCost(
      Catalogue.model("llama-2-70b"), layout: EngineLayout(tensorParallel: 8), device: .busy)
    func reduce(_ tokens: Int) -> Double {
      var shape = StepShape()
      shape.addChunk(tokens: tokens, cached: 0, last: true)
      return named(engine.cost.operators(of: shape))["all-reduce.ffn"]?.seconds ?? 0
    }
    // 4096 tokens * 8192 * 2 B = 64 MiB, from which on 0.2 instead of 0.61 of 100 GB/s is reached.
    let latency: Double = 80 * 3 * 2e-5
    let bytes: Double = 80 * 1.75 * 8192 * 2
    let (below, above) = (latency + 4095 * bytes / 61e9, latency + 4096 * bytes / 20e9)
    #expect(abs(reduce(4095) - below) < 1e-9)
    #expect(abs(reduce(4096) - above) < 1e-9)
  }

  @Test func hostAndDispatch() throws {
    let engine = try EngineCost(Catalogue.model("llama-2-7b"), device: .busy)
    var shape = StepShape()
    shape.addChunk(tokens: 1, cached: 0, last: true)
    let operators = engine.cost.operators(of: shape)
    let found = named(operators)
    #expect(found["host.step"]?.seconds == 5e-3)
    #expect(found["host.sequences"]?.seconds == 3e-4)
    #expect(found["host.sequences"]?.bound == .host)
    // The host issues for 43 ms while the device works for less: the rest is exposed, and the step takes
    // 5 ms + 0.3 ms + 43 ms.
    #expect(operators.last?.name == "host.dispatch")
    #expect(engine.cost.interval(of: shape) == Interval(seconds: 48.3e-3))
    shape.addChunk(tokens: 8000, cached: 0, last: true)
    #expect(named(engine.cost.operators(of: shape))["host.dispatch"] == nil)
  }

  @Test func shardsAddUpToTheWhole() throws {
    let model = try Catalogue.model("llama-2-70b")
    let whole = try EngineCost(model, device: .ideal)
    let shape = StepShape(decodes: 7, context: 700)
    let one = named(whole.cost.operators(of: shape))
    for tensor in [2, 4, 8] {
      let split = try EngineCost(model, layout: EngineLayout(tensorParallel: tensor), device: .ideal)
      let part = named(split.cost.operators(of: shape))
      for name in ["attention.qkv", "attention.decode", "attention.output", "ffn.up", "ffn.down", "lm-head"] {
        #expect(part[name].map { $0.operations * Double(tensor) } == one[name]?.operations)
      }
      #expect(part["attention.decode"].map { $0.bytes * Double(tensor) } == one["attention.decode"]?.bytes)
    }
    for pipeline in [2, 3, 7] {
      let staged = try EngineCost(model, layout: EngineLayout(pipelineParallel: pipeline), device: .ideal)
      #expect(staged.cost.stageCount == pipeline)
      let operators = (0..<pipeline).flatMap { staged.cost.operators(of: shape, stage: $0) }
      for name in one.keys {
        let sum = operators.filter { $0.name == name }.reduce((0.0, 0.0)) { ($0.0 + $1.operations, $0.1 + $1.bytes) }
        #expect(sum.0 == one[name]?.operations)
        #expect(sum.1 == one[name]?.bytes)
      }
      #expect(operators.filter { $0.name == "pipeline.send" }.count == pipeline - 1)
    }
  }
}
