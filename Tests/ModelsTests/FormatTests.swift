import Hardware
import Models
import Support
import Testing
import Units

/// Formats by class of weights, their bytes and their conversions.
@Suite struct FormatTests {
  func find(_ engine: EngineCost, _ name: String, _ shape: StepShape) throws -> OperatorCost {
    try #require(engine.cost.operators(of: shape).first { $0.name == name })
  }

  @Test func groupsAreReadWithTheirScales() throws {
    let formats = ModelFormats(weights: try StorageFormat(name: "int4-g128"))
    let engine = try EngineCost(Catalogue.model("llama-2-7b"), formats: formats, device: .ideal)
    let shape = StepShape(decodes: 1, context: 100)
    let up = try find(engine, "ffn.up", shape)
    // 32 layers of 4096 * 22016 weights of 4.15625 bits, and 2 bytes of 4096 + 22016 activations.
    let weights: Double = 4096 * 22_016
    #expect(up.bytes == 32 * (weights * 4.15625 / 8 + 26_112 * 2))
    #expect(up.conversions == 32 * weights * 4)
    #expect(up.operations == 32 * weights * 2)
  }

  @Test func conversionsAddToArithmeticAndNotToBytes() throws {
    var device = Device.ideal
    device.compute[.fp32] = ArithmeticRate(rate: given(ComputeRate(10e12)), accumulator: .fp32)
    let model = try Catalogue.model("llama-2-7b")
    let formats = ModelFormats(weights: try StorageFormat(name: "int4-g128"))
    let engine = try EngineCost(model, formats: formats, device: device)
    let weights: Double = 4096 * 22_016
    // Alone: 4 operations of 10 TOP/s for each weight and 2 of 100 TFLOP/s, against 4.15625 bits at 1 TB/s: 0.42 and
    // 0.52 ps a weight.
    let shape = StepShape(decodes: 1, context: 100)
    let alone = try find(engine, "ffn.up", shape)
    #expect(alone.bound == .memory && abs(alone.seconds - alone.bytes / 1e12) < 1e-15)
    // A prompt of 1000 tokens: 0.4 + 20 ps a weight.
    var prompt = StepShape()
    prompt.addChunk(tokens: 1000, cached: 0, last: true)
    let many = try find(engine, "ffn.up", prompt)
    let expected = 32 * weights * (4 / 10e12 + 2000 / 100e12)
    #expect(many.bound == .compute && abs(many.seconds / expected - 1) < 1e-12)
    // A vector unit ten times slower takes longer than the memory: 4 + 0.02 ps a weight.
    device.compute[.fp32]?.rate.value = ComputeRate(1e12)
    let slow = try find(try EngineCost(model, formats: formats, device: device), "ffn.up", shape)
    #expect(slow.bound == .compute)
    #expect(abs(slow.seconds / (32 * weights * (4e-12 + 0.02e-12)) - 1) < 1e-12)
    // Half the operations a weight, where a scenario says so.
    var fewer = formats
    fewer.conversionOperations = 2
    #expect(try find(try EngineCost(model, formats: fewer, device: device), "ffn.up", shape).seconds < slow.seconds)
  }

  @Test func formatsOfTheArithmeticAreNotConverted() throws {
    var device = Device.ideal
    device.compute[.fp8] = ArithmeticRate(rate: given(ComputeRate(200e12)), accumulator: .fp32)
    let model = try Catalogue.model("llama-2-7b")
    let shape = StepShape(decodes: 4, context: 100)
    func conversions(_ weights: StorageFormat, _ activations: StorageFormat, _ device: Device) throws -> Double {
      let formats = ModelFormats(weights: weights, activations: activations)
      return try find(try EngineCost(model, formats: formats, device: device), "ffn.up", shape).conversions
    }
    #expect(try conversions(.fp8, .fp8, device) == 0)
    #expect(try conversions(.fp8, .fp16, device) > 0)
    // A device without fp8 computes in fp16.
    #expect(try conversions(.fp8, .fp8, .ideal) > 0)
    #expect(try conversions(.fp16, .fp16, .ideal) == 0)
  }

  @Test func classesHaveTheirOwnFormats() throws {
    var formats = ModelFormats(weights: try StorageFormat(name: "int4-g128"))
    formats.classes = [.attention: .fp8, .head: .fp16, .embedding: .fp16]
    let engine = try EngineCost(Catalogue.model("llama-2-7b"), formats: formats, device: .ideal)
    let shape = StepShape(decodes: 1, context: 100)
    #expect(try find(engine, "attention.output", shape).bytes == 32 * (4096 * 4096 + 8192 * 2))
    #expect(try find(engine, "lm-head", shape).bytes == 4096 * 32_000 * 2 + 36_096 * 2)
    #expect(formats[.norms] == .fp16 && formats[.experts].bits == 4.15625)
    let bytes = engine.memory.weightsByClass
    #expect(bytes.map(\.name) == [.attention, .feedForward, .embedding, .head, .norms])
    let attention: Double = 32 * 4 * 4096 * 4096
    let feedForward: Double = 32 * 3 * 4096 * 11_008
    let table: Double = 32_000 * 4096
    let norms: Double = 65 * 4096
    #expect(bytes.map(\.elements) == [attention, feedForward, table, table, norms])
    #expect(bytes.map(\.bytes) == [attention, feedForward * 4.15625 / 8, table * 2, table * 2, norms * 2])
    #expect(bytes.reduce(0) { $0 + $1.elements } == 6_738_415_616)
    #expect(engine.memory.weights == bytes.reduce(0) { $0 + $1.bytes })
  }

  @Test func codebooksAreReadWithEachMatrix() throws {
    let formats = ModelFormats(weights: try StorageFormat(name: "codebook-1x16-v8"))
    let engine = try EngineCost(Catalogue.model("llama-2-7b"), formats: formats, device: .ideal)
    // Three matrices side by side with 1 MiB each, and 2 bits a weight.
    let qkv = try find(engine, "attention.qkv", StepShape(decodes: 1, context: 1))
    let vectors: Double = (4096 + 12_288) * 2
    #expect(qkv.bytes == 32 * (4096 * 12_288 / 4 + 3 * 1_048_576 + vectors))
    // 7 matrices a layer in memory, the embedding and the head.
    let books = (32 * 7 + 2) * 1_048_576
    let weights: Double = 6_738_415_616 - 65 * 4096
    #expect(engine.memory.weights == weights / 4 + Double(books) + 65 * 4096 * 2)
  }

  @Test func weightsReadInAStepAreThoseInMemory() throws {
    // Bytes of a step without its tokens' share are the weights, embedding and norms apart.
    for id in ["llama-2-7b", "llama-3.1-8b"] {
      let engine = try EngineCost(Catalogue.model(id), device: .ideal)
      var constants = 0.0
      for term in engine.cost.terms[0] { constants += Double(term.count) * term.bytes.constant }
      let stored = engine.memory.weightsByClass.filter { $0.name != .embedding && $0.name != .norms }
      #expect(constants == stored.reduce(0) { $0 + $1.bytes })
    }
  }

  @Test func narrowActivationsDoNotNarrowWideWeights() {
    var formats = ModelFormats(weights: .fp8, activations: .fp8)
    formats.classes[.head] = .bf16
    #expect(formats.arithmetic(.attention, on: .ideal) == .fp8 && formats.arithmetic(.head, on: .ideal) == .bf16)
    #expect(ModelFormats(weights: .fp32).arithmetic(.head, on: .ideal) == .fp16)
  }
}
