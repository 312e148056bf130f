import Hardware
import Models
import Support
import Testing
import Units

/// A prefill of `tokens` tokens.
private func prefill(_ tokens: Int) -> StepShape {
  var shape = StepShape()
  shape.addChunk(tokens: tokens, cached: 0, last: true)
  return shape
}

private func engine(_ device: Device, maxSequences: Int = 64) throws -> EngineCost {
  var plan = MemoryPlan()
  plan.maxSequences = maxSequences
  return try EngineCost(Catalogue.model("llama-2-7b"), device: device, plan: plan)
}

extension EngineCost {
  fileprivate func named(_ name: String, _ shape: StepShape) throws -> OperatorCost {
    try #require(cost.operators(of: shape).first { $0.name == name })
  }
}

/// Llama 2 7B on a device of 100 TFLOP/s and 1 TB/s: ffn.down multiplies 11008 x 4096 weights of 2 bytes 32 times.
@Suite struct FormTests {
  private let weights = 11008.0 * 4096
  private let layers = 32.0

  /// 100 tokens in programs of 64: two passes, which read the weights twice and compute 128 tokens.
  @Test func passesReadTheWeightsAnewAndPadTokens() throws {
    var device = Device.ideal
    device.forms.shapes = CompiledShapes(tokens: [64], source: "test")
    device.forms.handOver = given(Seconds(1e-3))
    let engine = try engine(device)
    let down = try engine.named("ffn.down", prefill(100))
    let bytes = layers * (2 * weights * 2 + 128 * (11008 + 4096) * 2)
    #expect(abs(down.bytes / bytes - 1) < 1e-12 && abs(down.seconds / (bytes / 1e12) - 1) < 1e-12)
    #expect(down.operations == layers * 2 * 100 * weights)  // of use
    #expect(try engine.named("hand-over", prefill(100)).seconds == 2e-3)
    #expect(try engine.named("hand-over", prefill(64)).seconds == 1e-3)
    // One sampled row runs as 64.
    let head = 2.0 * 64 * 4096 * 32000 / 100e12
    let read = (4096.0 * 32000 + 64 * (4096 + 32000)) * 2 / 1e12
    #expect(abs(try engine.named("lm-head", prefill(64)).seconds / max(head, read) - 1) < 1e-12)
  }

  /// 11008 rows in blocks of 4096 are padded to 12288, 4096 columns in blocks of 3000 to 6000, 2100 tokens to 3000.
  @Test func tilesPadEveryEdge() throws {
    var device = Device.ideal
    device.forms.tile = MatrixTile(rows: 1000, inner: 4096, columns: 3000, source: "test")
    let down = try engine(device).named("ffn.down", prefill(2100))
    #expect(abs(down.seconds / (layers * 2 * 3000 * 12288 * 6000 / 100e12) - 1) < 1e-12)
    #expect(down.bound == .compute)
  }

  /// More tokens than the 4096 columns of ffn.down, not more than the 22016 of ffn.up.
  @Test func orderCostsWhereActivationsAreLarger() throws {
    var device = Device.ideal
    let plain = try engine(device)
    device.forms.order = given(Slowdown(6))
    let formed = try engine(device)
    func ratio(_ name: String, _ tokens: Int) throws -> Double {
      try formed.named(name, prefill(tokens)).seconds / plain.named(name, prefill(tokens)).seconds
    }
    #expect(try ratio("ffn.down", 4096) == 1 && ratio("ffn.up", 4097) == 1)
    #expect(abs(try ratio("ffn.down", 4097) - 6) < 1e-12)
  }

  /// ffn.down has 11008 rows and 4096 columns, ffn.up 4096 and 22016, attention.output as many of both.
  @Test func aspectCostsWhereWeightsAreTall() throws {
    var device = Device.ideal
    let plain = try engine(device)
    device.forms.aspect = given(Slowdown(3))
    let formed = try engine(device)
    func ratio(_ name: String) throws -> Double {
      try formed.named(name, prefill(1000)).seconds / plain.named(name, prefill(1000)).seconds
    }
    #expect(try ratio("ffn.up") == 1 && ratio("attention.output") == 1)
    #expect(abs(try ratio("ffn.down") - 3) < 1e-12)
  }

  /// With room on the chip for the activations of a decode step, memory carries weights, keys and values alone.
  @Test func activationsStayOnTheChip() throws {
    var device = Device.ideal
    device.forms.caches = [
      CacheLevel(name: "on-chip", capacity: given(Memory(43e6)), bandwidth: given(Bandwidth(2e12)))
    ]
    let engine = try engine(device)
    let shape = StepShape(decodes: 4, context: 4000)
    let read = engine.cost.operators(of: shape).filter { $0.byteRoof == .memory }.reduce(0) { $0 + $1.bytes }
    let parameters = layers * (4 * 4096 * 4096 + 3 * 4096 * 11008) + 4096 * 32000
    let cache = engine.cacheBytesPerToken * (4000 + 4)  // all tokens read, four written
    #expect(abs(read - (parameters * 2 + cache + 4 * 4096 * 2)) < 1)  // and four rows of the embedding
    // The sums that MBU is made of say the same.
    let sums = StepSums(steps: 1, prefillSteps: 0, decodeSteps: 1, sampledSteps: 1, shape: shape)
    #expect(abs(engine.cost.bytes(over: sums) - read) < 1)
    // 4 norms x 64 calls x 4096 elements twice read and written, at the chip's 2 TB/s
    #expect(abs(try engine.named("norms", shape).seconds - 64 * 4 * 4 * 4096 * 2 / 2e12) < 1e-15)
    // 3000 tokens x 4 x 4096 x 2 bytes are 98 MB and do not fit.
    #expect(try engine.named("norms", prefill(3000)).seconds == FormTests.plain().named("norms", prefill(3000)).seconds)
  }

  private static func plain() throws -> EngineCost { try engine(.ideal) }

  /// 13.5 GB of weights fit 20 GB at 2 TB/s, not 10 GB.
  @Test func weightsAreNearWhereAllFit() throws {
    var device = Device.ideal
    func down(_ capacity: Double) throws -> Double {
      device.forms.caches = [
        CacheLevel(name: "near", capacity: given(Memory(capacity)), bandwidth: given(Bandwidth(2e12)))
      ]
      return try engine(device).named("ffn.down", StepShape(decodes: 1, context: 10)).seconds
    }
    #expect(abs(try down(20e9) / (layers * (weights + 11008 + 4096) * 2 / 2e12) - 1) < 1e-12)
    #expect(try down(10e9) > layers * weights * 2 / 1e12)
  }

  /// A partner of three times the rate: three quarters of the columns take both equally long, a half makes the slower
  /// wait; attention stays where it was.
  @Test func partnersShareProducts() throws {
    var own = Device.ideal
    own.forms.memoryGroup = MemoryGroup(name: "chip", together: given(Bandwidth(1e12)))
    var other = own
    other.compute[.fp16] = ArithmeticRate(rate: given(ComputeRate(300e12)), accumulator: .fp32)
    let alone = try engine(own)
    func ratio(_ share: Double, _ name: String) throws -> Double {
      let both = try engine(own.beside(other, share: share, handOver: Seconds(0)))
      return try both.named(name, prefill(4000)).seconds / alone.named(name, prefill(4000)).seconds
    }
    #expect(abs(try ratio(0.75, "ffn.up") - 0.25) < 1e-12)
    #expect(abs(try ratio(0.5, "ffn.up") - 0.5) < 1e-12)
    #expect(try ratio(0.75, "attention.prefill") == 1)
    let waiting = try engine(own.beside(other, share: 0.75, handOver: Seconds(1e-3)))
    #expect(
      abs(
        try waiting.named("ffn.up", prefill(4000)).seconds
          - (0.25 * alone.named("ffn.up", prefill(4000)).seconds + 32e-3)) < 1e-9)
  }

  /// Devices with one form each, and one with all that pad.
  private static let formed: [Device] = {
    var tile = Device.busy
    tile.forms.tile = MatrixTile(rows: 128, inner: 128, columns: 128, source: "test")
    var shapes = Device.busy
    shapes.forms.shapes = CompiledShapes(tokens: [1, 8, 64, 500, 1000], source: "test")
    var order = shapes
    order.forms.order = given(Slowdown(6))
    order.forms.handOver = given(Seconds(1e-3))
    order.forms.tile = tile.forms.tile
    return [tile, shapes, order]
  }()

  /// Padding never makes a step shorter.
  @Test(arguments: formed) func paddingIsNeverFaster(_ device: Device) throws {
    let padded = try engine(device)
    let plain = try engine(.busy)
    var numbers = Numbers(state: 7)
    for _ in 0..<500 {
      let shape = numbers.shape()
      #expect(padded.cost.interval(of: shape) >= plain.cost.interval(of: shape), "\(shape)")
    }
  }

  /// One more token, decode or token of context never makes a step shorter.
  @Test(arguments: formed + [near]) func moreWorkIsNeverFaster(_ device: Device) throws {
    let engine = try engine(device)
    var before = Interval(picoseconds: 0)
    for tokens in stride(from: 1, through: 5000, by: 7) {
      let time = engine.cost.interval(of: prefill(tokens))
      #expect(time >= before, "\(tokens)")
      before = time
    }
    before = Interval(picoseconds: 0)
    for batch in 1...150 {
      let time = engine.cost.interval(of: StepShape(decodes: batch, context: batch * 500))
      #expect(time >= before, "\(batch)")
      #expect(engine.cost.interval(of: StepShape(decodes: batch, context: batch * 501)) >= time)
      before = time
    }
  }

  private static let near: Device = {
    var near = Device.busy
    near.forms.caches = [
      CacheLevel(name: "L2", capacity: given(Memory(2e6)), bandwidth: given(Bandwidth(9e12))),
      CacheLevel(name: "L3", capacity: given(Memory(40e6)), bandwidth: given(Bandwidth(5e12))),
    ]
    return near
  }()

  /// A step costs the same whether its batch is tabulated or computed term by term.
  @Test(arguments: formed + [near]) func tablesAgreeWithTerms(_ device: Device) throws {
    let table = try engine(device, maxSequences: 100)
    let terms = try engine(device, maxSequences: 1)
    for batch in [2, 7, 63, 64, 65, 100] {
      let shape = StepShape(decodes: batch, context: batch * 777)
      let (a, b) = (table.cost.interval(of: shape), terms.cost.interval(of: shape))
      #expect(abs(a.picoseconds - b.picoseconds) <= 1, "\(batch)")
      let listed = table.cost.operators(of: shape).reduce(0) { $0 + $1.seconds }
      #expect(abs(listed - a.seconds) < 1e-9)
    }
  }
}
