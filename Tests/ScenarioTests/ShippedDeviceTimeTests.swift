import Hardware
import Models
import Testing
import Units

@testable import Scenario

/// Times of shipped devices: published ones, and the laws that hold of every device.
@Suite struct ShippedDeviceTimeTests {
  private static let catalogue = Catalogue(root: repository + "/scenarios", dataRoots: [])
  static let devices = catalogue.names(.device)

  /// Llama 2 7B with weights in 4 bits on a device, whatever its memory holds.
  private func engine(_ name: String, _ activations: Format) throws -> EngineCost {
    var plan = MemoryPlan()
    plan.blocks = 1
    plan.maxSequences = 64
    let formats = ModelFormats(
      weights: StorageFormat(.int4), cache: StorageFormat(activations), activations: StorageFormat(activations))
    return try EngineCost(
      Self.catalogue.model(named: "llama-2-7b"), formats: formats, device: Self.catalogue.device(named: name),
      plan: plan)
  }

  private func prefill(_ tokens: Int) -> StepShape {
    var shape = StepShape()
    shape.addChunk(tokens: tokens, cached: 0, last: true)
    return shape
  }

  /// FlightLLM/flightllm_test_demo@4a96251 (simulation of its authors): 289.9 ms for 128 tokens, 1181.4 ms for 512, and
  /// 92.5 tokens/s on the VHK158; 55 tokens/s on the U280 board. The rates of the files were fitted to the first, the
  /// third and the fourth; the second is predicted.
  @Test func overlaysOnFPGAs() throws {
    let versal = try engine("versal-vhk158", .int8)
    #expect(abs(versal.cost.interval(of: prefill(128)).seconds / 0.2899 - 1) < 0.05)
    #expect(abs(versal.cost.interval(of: prefill(512)).seconds / 1.1814 - 1) < 0.05)
    let decode = StepShape(decodes: 1, context: 128)
    #expect(abs(1 / versal.cost.interval(of: decode).seconds / 92.5 - 1) < 0.06)
    #expect(abs(1 / (try engine("alveo-u280", .int8)).cost.interval(of: decode).seconds / 55 - 1) < 0.06)
  }

  /// smpanaro/coreml-llm-cli: the Neural Engine of an M2 Pro runs graphs of 64 positions of Llama 2 7B 6.76 times a
  /// second, whether they hold a prompt or one token.
  @Test func neuralEngineRunsWholeGraphs() throws {
    let engine = try engine("m2-pro-npu", .fp16)
    let token = engine.cost.interval(of: StepShape(decodes: 1, context: 512)).seconds
    let prompt = engine.cost.interval(of: prefill(64)).seconds
    #expect(abs(1 / token / 6.76 - 1) < 0.1 && abs(prompt / token - 1) < 0.02)
  }

  /// More tokens, more sequences and longer contexts never take less time on any device that ships.
  @Test(arguments: devices) func moreWorkIsNeverFaster(_ name: String) throws {
    let device = try Self.catalogue.device(named: name)
    let wide: [Format] = [.fp16, .bf16, .int8]
    let activations = wide.first { device.compute[$0] != nil } ?? .fp16
    let engine = try engine(name, activations)
    var before = Interval(picoseconds: 0)
    for tokens in stride(from: 1, through: 2500, by: 13) {
      let time = engine.cost.interval(of: prefill(tokens))
      #expect(time >= before, "\(tokens) tokens")
      before = time
    }
    before = Interval(picoseconds: 0)
    for batch in 1...96 {
      let time = engine.cost.interval(of: StepShape(decodes: batch, context: batch * 300))
      #expect(time >= before, "\(batch) sequences")
      #expect(engine.cost.interval(of: StepShape(decodes: batch, context: batch * 301)) >= time)
      before = time
    }
  }
}
