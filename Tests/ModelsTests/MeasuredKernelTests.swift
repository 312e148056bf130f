import Hardware
import Support
import Testing
import Units

@testable import Models

extension EngineKernels {
  /// A framework whose kernels have the values that fits begin with, on a chip of 100 processors with 50 MB of cache.
  static func plain() throws -> EngineKernels {
    let format = try #require(KernelFormat("fp16"))
    func kernel<Model: KernelModel>(_ model: Model.Type) -> FittedKernel {
      let parameters = Model.parameters(Model.variants[0], format)
      return FittedKernel(
        operatorName: Model.name, framework: "test", format: format, kernel: "", variant: Model.variants[0],
        values: Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0.start) }), source: "test")
    }
    return EngineKernels(
      KernelTable(
        device: "busy", processors: given(100), cache: given(50e6),
        kernels: [kernel(GEMM.self), kernel(DecodeAttention.self), kernel(PrefillAttention.self)]),
      frameworks: ["test"])
  }
}

/// Engines whose operators take the time of measured kernels.
@Suite struct MeasuredKernelTests {
  private let engine: EngineCost

  init() throws { engine = try EngineCost(Catalogue.model("llama-2-7b"), device: .busy, kernels: .plain()) }

  private func seconds(_ name: String, _ shape: StepShape) throws -> (seconds: Double, calls: Double) {
    let found = try #require(engine.cost.operators(of: shape).first { $0.name == name })
    return (found.seconds, Double(found.calls))
  }

  private func model<Model: KernelModel>(_ model: Model.Type) throws -> Model {
    let table = try EngineKernels.plain().table
    let kernel = try #require(table.kernel(Model.name, framework: "test", format: "fp16"))
    return try #require(kernel.model(model, on: table.chip(.busy)))
  }

  @Test func productsTakeTheTimeOfTheirKernel() throws {
    let gemm = try model(GEMM.self)
    for tokens in [1, 2, 17, 63, 64, 100, 256, 1000, 2048, 4096, 8192] {
      var shape = StepShape()
      shape.addChunk(tokens: tokens, cached: 0, last: true)
      let (found, calls) = try seconds("ffn.down", shape)
      let own = gemm.seconds(GEMM.Shape(rows: Double(tokens), columns: 4096, inner: 11008), .cold)
      // Between points of the table a straight line stands for the steps of tiles.
      #expect(abs(found / calls - own) <= (tokens <= 64 ? 1e-12 : 0.03) * own, "\(tokens) tokens")
    }
  }

  @Test func decodeAttentionTakesTheTimeOfItsKernel() throws {
    let attention = try model(DecodeAttention.self)
    for (batch, context) in [(1, 1), (1, 128), (8, 1000), (64, 2048), (256, 4000), (300, 700)] {
      let shape = StepShape(decodes: batch, context: batch * context)
      let (found, calls) = try seconds("attention.decode", shape)
      let own = attention.seconds(
        DecodeAttention.Shape(
          batch: Double(batch), heads: 32, keyHeads: 32, headSize: 128, context: Double(context)), .cold)
      #expect(abs(found / calls - own) <= 0.05 * own, "\(batch) sequences of \(context) tokens")
    }
  }

  @Test func promptAttentionTakesTheTimeOfItsKernel() throws {
    let attention = try model(PrefillAttention.self)
    for (chunks, tokens, cached) in [(1, 512, 0), (3, 700, 0), (2, 256, 4096)] {
      var shape = StepShape()
      for _ in 0..<chunks { shape.addChunk(tokens: tokens, cached: cached, last: true) }
      let (found, calls) = try seconds("attention.prefill", shape)
      let own = attention.seconds(
        PrefillAttention.Shape(
          batch: Double(chunks), heads: 32, keyHeads: 32, headSize: 128, queries: Double(tokens),
          context: Double(tokens + cached)), .cold)
      #expect(abs(found / calls - own) <= 1e-9 * own)
    }
  }

  @Test func longerContextsAreNeverFaster() {
    for batch in [1, 7, 64, 200] {
      var last = Interval.zero
      for context in stride(from: 1, through: 200_000, by: 97) {
        let interval = engine.cost.interval(of: StepShape(decodes: batch, context: batch * context))
        #expect(interval >= last)
        last = interval
      }
    }
  }

  @Test func operatorsWithoutAKernelKeepTheirRoofline() throws {
    let plain = try EngineCost(Catalogue.model("llama-2-7b"), device: .busy)
    let shape = StepShape(decodes: 8, context: 8000)
    let norms = try #require(plain.cost.operators(of: shape).first { $0.name == "norms" })
    #expect(try seconds("norms", shape).seconds == norms.seconds)
    // Kernels for 16 bits are not those of quantised weights.
    let quantised = try EngineCost(
      Catalogue.model("llama-2-7b"), formats: ModelFormats(weights: StorageFormat(name: "int4-g128")), device: .busy,
      kernels: .plain())
    #expect(quantised.cost.terms.joined().allSatisfy { $0.name != "ffn.down" || $0.kernel == nil })
  }

  @Test func quantisedInputsTakeTheKernelsOfTheirFormat() throws {
    var kernels = try EngineKernels.plain()
    let plain = try #require(kernels.table.kernel(GEMM.name, framework: "test", format: "fp16"))
    for name in ["int8", "int8-weights", "int4", "int4-weights", "int4-fp8"] {
      var kernel = plain
      kernel.format = try #require(KernelFormat(name))
      kernels.table.kernels.append(kernel)
    }
    func kernel(_ weights: StorageFormat, inputs: Format?, on compute: Format...) throws -> String? {
      var formats = ModelFormats(weights: weights)
      for name in WeightClass.allCases { formats.inputs[name] = inputs }
      formats.classes[.head] = .fp16
      var device = Device.busy
      let rate = try #require(device.compute[.fp16])
      device.compute = [.fp16: rate]
      for format in compute { device.compute[format] = rate }
      let engine = try EngineCost(Catalogue.model("llama-2-7b"), formats: formats, device: device, kernels: kernels)
      let terms = engine.cost.terms.joined()
      #expect(terms.first { $0.name == "lm-head" }?.kernel?.kernel.format.name == "fp16")
      return terms.first { $0.name == "ffn.down" }?.kernel?.kernel.format.name
    }
    #expect(try kernel(.int8, inputs: nil, on: .int8) == "int8-weights")
    #expect(try kernel(.int8, inputs: .int8, on: .int8) == "int8")
    // Where a device does not multiply int8 the inputs stay in 16 bits.
    #expect(try kernel(.int8, inputs: .int8) == "int8-weights")
    #expect(try kernel(StorageFormat(.int4), inputs: .int8, on: .int8) == "int4")
    #expect(try kernel(StorageFormat(.int4), inputs: .fp8, on: .fp8) == "int4-fp8")
    #expect(try kernel(StorageFormat(.int4), inputs: .fp8) == "int4-weights")
  }

  @Test func aKernelIsThatOfTheFirstFrameworkThatHasOne() throws {
    var kernels = try EngineKernels.plain()
    var slow = try #require(kernels.table.kernel(GEMM.name, framework: "test", format: "fp16"))
    slow.framework = "slow"
    slow.values["launch"] = 1
    kernels.table.kernels.append(slow)
    func times(_ frameworks: [String]) throws -> (down: Double, attention: Bool) {
      kernels.frameworks = frameworks
      let engine = try EngineCost(Catalogue.model("llama-2-7b"), device: .busy, kernels: kernels)
      let operators = engine.cost.operators(of: StepShape(decodes: 1, context: 100))
      let down = try #require(operators.first { $0.name == "ffn.down" })
      let attention = try #require(engine.cost.terms.joined().first { $0.name == "attention.decode" })
      return (down.seconds, attention.kernel != nil)
    }
    let (fast, both, reverse, alone) = try (
      times(["test"]), times(["test", "slow"]), times(["slow", "test"]), times(["slow"])
    )
    #expect(both == fast)
    #expect(reverse.down > 32 && reverse.attention)
    #expect(alone.down == reverse.down && !alone.attention)
  }
}
