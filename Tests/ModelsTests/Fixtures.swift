import Hardware
import Models
import Support
import Units

extension Device {
  /// An H100 with overheads of every kind.
  static var busy: Device {
    var device = Device.ideal
    device.compute[.fp16] = ArithmeticRate(rate: given(ComputeRate(989.4e12)), accumulator: .fp32)
    device.memory[0].bandwidth = given(Bandwidth(3352e9))
    device.execution = Execution(
      launch: given(Seconds(4.3e-6)), hostPerStep: given(Seconds(5e-3)), hostPerSequence: given(Seconds(3e-4)),
      prefillDispatch: given(Seconds(43e-3)), decodeDispatch: given(Seconds(14e-3)))
    device.efficiency = Efficiency(
      compute: given(0.6), memory: given(0.85), attentionCompute: given(0.34), attentionMemory: given(0.78),
      link: given(0.61))
    device.collective = Collective(
      latency: given(Seconds(2e-5)), large: LargeMessages(from: given(Memory(67_108_864)), efficiency: given(0.2)))
    return device
  }
}

/// A small source of numbers for random shapes (SplitMix64).
struct Numbers: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func shape() -> StepShape {
    var shape = StepShape()
    for _ in 0..<Int.random(in: 0...3, using: &self) {
      shape.addChunk(
        tokens: .random(in: 1...3000, using: &self),
        cached: Bool.random(using: &self)
          ? 0
          : .random(
            in: 0...4000, using: &self), last: .random(using: &self))
    }
    let decodes = Int.random(in: shape.prefillTokens == 0 ? 1...300 : 0...300, using: &self)
    shape.decodes = decodes
    shape.decodeContext = decodes * Int.random(in: 1...4000, using: &self)
    return shape
  }
}

/// Engines of every kind: dense and mixture, one device, tensor and pipeline parallel.
func engines() throws -> [EngineCost] {
  var engines: [EngineCost] = []
  for (id, tensor, pipeline) in [
    ("llama-2-7b", 1, 1), ("llama-2-70b", 8, 1), ("llama-2-70b", 2, 3), ("bloom-176b", 8, 1), ("mixtral-8x7b", 2, 1),
    ("mixtral-8x7b", 1, 4),
  ] {
    engines.append(
      try EngineCost(
        Catalogue.model(id), layout: EngineLayout(tensorParallel: tensor, pipelineParallel: pipeline), device: .busy))
  }
  for model in ["llama-2-7b", "gemma-3-1b"] {
    engines.append(try EngineCost(Catalogue.model(model), device: .busy, kernels: .plain()))
  }
  for model in Transformer.kinds { engines.append(try EngineCost(model, device: .busy)) }
  engines.append(
    try EngineCost(
      .deepSeek, formats: ModelFormats(weights: StorageFormat(name: "int4-g128")),
      layout: EngineLayout(tensorParallel: 2, attentionGroups: 4, expertParallel: 8, expertSkew: 1.2), device: .busy))
  return engines
}
