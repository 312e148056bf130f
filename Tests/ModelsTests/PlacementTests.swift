import Hardware
import Models
import Support
import Testing
import Units

/// Llama 2 7B (6.6e9 weights in products, 0.5 MiB of KV cache a token in fp16) on a device of 100 TFLOP/s and 1 TB/s,
/// with streams of 10 GB/s in and 4 GB/s out.
@Suite struct PlacementTests {
  private let slow = Stream(name: "drives", capacity: 1e12, readRate: 10e9, writeRate: 4e9)

  private func engine(_ placement: Placement, _ device: Device = .ideal) throws -> EngineCost {
    var plan = MemoryPlan()
    plan.maxSequences = 32
    return try EngineCost(Catalogue.model("llama-2-7b"), device: device, plan: plan, placement: placement)
  }

  private func prefill(_ tokens: Int) -> StepShape {
    var shape = StepShape()
    shape.addChunk(tokens: tokens, cached: 0, last: true)
    return shape
  }

  private func named(_ name: String, _ engine: EngineCost, _ shape: StepShape) throws -> OperatorCost {
    try #require(engine.cost.operators(of: shape).first { $0.name == name })
  }

  /// ffn.down reads 32 x 11008 x 4096 x 2 B = 2.885 GB: 289 ms at 10 GB/s, whatever 8 tokens compute meanwhile.
  @Test func weightsArriveWhileTheirOperatorRuns() throws {
    let engine = try engine(Placement(weights: slow))
    let bytes = 32.0 * 11008 * 4096 * 2
    let few = try named("ffn.down", engine, StepShape(decodes: 8, context: 80))
    #expect(abs(few.seconds / (bytes / 10e9) - 1) < 1e-12)
    #expect(few.bound == .link && few.bytes == bytes)
    // 30,000 tokens compute for 2 x 30,000 x 1.44e9 / 100e12 = 866 ms: the stream is hidden.
    let many = try named("ffn.down", engine, prefill(30_000))
    #expect(abs(many.seconds / (30_000 * bytes / 100e12) - 1) < 1e-12 && many.bound == .compute)
    // Two of 32 layers are on the device, and the KV cache has the rest.
    let whole = try self.engine(Placement())
    #expect(abs(engine.memory.weights / whole.memory.weights - 2.0 / 32) < 1e-12)
    #expect(engine.memory.blocks > whole.memory.blocks)
  }

  /// 4 sequences of 1000 tokens read 4000 x 512 KiB = 2.1 GB: 210 ms; four new tokens are written in 2 MiB / 4 GB/s.
  @Test func cacheIsReadAndWrittenOverTheStream() throws {
    let engine = try engine(Placement(cache: slow))
    let token = 32.0 * 2 * 4096 * 2
    let shape = StepShape(decodes: 4, context: 4000)
    let read = try named("attention.decode", engine, shape)
    #expect(abs(read.seconds / (4000 * token / 10e9) - 1) < 2e-3 && read.bound == .link)
    let write = try named("kv-cache.write", engine, shape)
    #expect(abs(write.seconds / (4 * token / 4e9) - 1) < 1e-12)
    // Capacity is that of the tier: 1e12 / (16 x 512 KiB) blocks.
    #expect(engine.memory.blocks == Int(1e12 / (16 * token)))
    let plain = try self.engine(Placement())
    #expect(try named("attention.prefill", engine, prefill(500)) == named("attention.prefill", plain, prefill(500)))
  }

  /// One token of Mixtral activates two of eight experts: 2 x 14336 x 4096 weights of 2 bytes arrive for each layer.
  @Test func onlyActiveExpertsArrive() throws {
    var plan = MemoryPlan()
    plan.maxSequences = 8
    let engine = try EngineCost(
      Catalogue.model("mixtral-8x7b"), device: .ideal, plan: plan, placement: Placement(weights: slow))
    let down = try named("experts.down", engine, StepShape(decodes: 1, context: 10))
    #expect(abs(down.seconds / (32 * 2 * 14336 * 4096 * 2 / 10e9) - 1) < 1e-12 && down.bound == .link)
  }

  /// A tier as fast as the device's memory changes no operator that reads it.
  @Test func aFastTierCostsNothing() throws {
    let fast = Stream(name: "fast", capacity: 1e12, readRate: 1e13, writeRate: 1e13)
    let (placed, plain) = (try engine(Placement(weights: fast, cache: fast)), try engine(Placement()))
    for shape in [prefill(700), StepShape(decodes: 9, context: 9000)] {
      for name in ["ffn.up", "attention.qkv", "lm-head"] {
        #expect(try named(name, placed, shape).seconds == named(name, plain, shape).seconds, "\(name)")
      }
    }
  }

  /// Slower streams, more tokens and longer contexts never make a step shorter, and no stream one faster than memory.
  @Test func streamsAreMonotone() throws {
    var numbers = Numbers(state: 3)
    let rates = [1e12, 50e9, 20e9, 5e9]
    let engines = try rates.map { rate in
      let stream = Stream(name: "s", capacity: 1e12, readRate: rate, writeRate: rate)
      return try engine(Placement(weights: stream, cache: stream), .busy)
    }
    let plain = try engine(Placement(), .busy)
    for _ in 0..<300 {
      let shape = numbers.shape()
      var before = plain.cost.interval(of: shape)
      for engine in engines {
        let time = engine.cost.interval(of: shape)
        #expect(time.picoseconds >= before.picoseconds - 1)
        before = time
      }
      var longer = shape
      longer.decodeContext += 50
      #expect(engines[2].cost.interval(of: longer) >= engines[2].cost.interval(of: shape))
    }
  }

  @Test func whatDoesNotFitATierIsRefused() {
    let small = Stream(name: "small", capacity: 10e9, readRate: 1e9, writeRate: 1e9)
    let fault = #expect(throws: EngineFault.self) { try engine(Placement(weights: small)) }
    guard case .tier(let name, let needed, let available)? = fault else {
      Issue.record("\(String(describing: fault))")
      return
    }
    #expect(name == "small" && needed > 13e9 && available == 10e9)
    var none = small
    none.readRate = 0
    #expect(throws: EngineFault.self) { try engine(Placement(cache: none)) }
  }
}
