import Hardware
import Models
import Testing

@testable import Scenario

/// Formats by class, their conversion and attention windows, as a scenario asks for them.
@Suite struct FormatReachTests {
  private func engine(_ model: String, _ pool: String = "device: h100-sxm") throws -> EngineCost {
    let resolved = try scenario([
      "s.yaml": """
      model: \(model)
      cluster: {pools: {all: {\(pool)}}}
      workload: {generator: constant, rate: 1 /s, requests: 1, lengths: {prompt: 100 tokens, output: 10 tokens}}
      """
    ]).resolve()
    return try #require(resolved.pools.first).engine
  }

  @Test func eachClassHasItsFormat() throws {
    let engine = try engine(
      "{name: mixtral-8x7b, weights: int4-g128, attention: fp8, experts: codebook-1x16-v8, head: bf16, kv-cache: fp8}")
    let formats = WeightClass.allCases.map { engine.formats[$0].description }
    #expect(formats == ["fp8", "int4-g128", "codebook-1x16-v8", "codebook-1x16-v8", "int4-g128", "bf16", "fp16"])
    #expect(engine.formats.cache.description == "fp8" && engine.formats.activations.description == "bf16")
    // Weights that are not computed with as they are stored are converted, at a cost that explain shows.
    #expect(engine.conversions[.experts] == 2 && engine.conversions[.head] == nil)
    let decode = StepShape(decodes: 4, context: 4000)
    let experts = engine.cost.operators(of: decode, stage: 0).filter { $0.conversions > 0 }
    #expect(!experts.isEmpty)
  }

  @Test func sharedExpertsHaveAFormatOfTheirOwn() throws {
    let wide = try engine("{name: qwen2-57b-a14b, weights: int4-g128, shared-experts: bf16}")
    let narrow = try engine("{name: qwen2-57b-a14b, weights: int4-g128}")
    #expect(narrow.formats[.sharedExperts].description == "int4-g128")
    // 28 layers of 3 x 3584 x 20480 weights, with 16 bits in place of 4 + 20 / 128.
    let more = 28.0 * 3 * 3584 * 20480 * (16 - 4 - 20.0 / 128) / 8
    #expect(abs((wide.memory.weights - narrow.memory.weights) / more - 1) < 1e-3)
  }

  @Test func aPoolHasFormatsOfItsOwn() throws {
    let pool = "device: h100-sxm, precision: {weights: fp8, head: bf16, conversion-operations: 7}"
    let engine = try engine("llama-3.1-8b", pool)
    #expect(engine.formats[.feedForward].description == "fp8" && engine.formats[.head].description == "bf16")
    #expect(engine.formats.conversionOperations == 7)
  }

  @Test func aWindowBoundsWhatDecodingReads() throws {
    let (windowed, full) = (try engine("mistral-7b"), try engine("llama-3.1-8b"))
    func growth(_ engine: EngineCost) -> Double {
      func bytes(_ context: Int) -> Double {
        let shape = StepShape(decodes: 1, context: context, window: engine.cost.window)
        return engine.cost.operators(of: shape, stage: 0).reduce(0) { $0 + $1.bytes }
      }
      return bytes(32_000) - bytes(8000)
    }
    #expect(windowed.cost.window == 4096 && growth(windowed) == 0)
    // 32 layers of 2 x 8 x 128 elements of 2 bytes for each of 24,000 tokens.
    #expect(growth(full) == 24_000 * 131_072)
  }
}
