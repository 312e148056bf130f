import Hardware
import Units

/// A number without a story.
public func given<Value: Hashable & Sendable>(_ value: Value) -> Sourced<Value> { Sourced(value, source: "test") }

extension Device {
  /// A device of round numbers: 100 TFLOP/s, 1,000 GB at 1 TB/s, links of 100 GB/s; without overheads.
  public static var ideal: Device { ideal("ideal") }

  /// The ideal device, called `name`, with a memory of `capacity` bytes and `bandwidth` bytes/s.
  public static func ideal(_ name: String, bandwidth: Double = 1e12, capacity: Double = 1e12) -> Device {
    Device(
      name: name, kind: .gpu,
      memory: [MemoryTier(name: "hbm", capacity: given(Memory(capacity)), bandwidth: given(Bandwidth(bandwidth)))],
      compute: [.fp16: ArithmeticRate(rate: given(ComputeRate(100e12)), accumulator: .fp32)],
      interconnect: Link(name: "peer", bandwidth: given(Bandwidth(100e9)), latency: given(Seconds(1e-6))),
      execution: Execution(
        launch: given(Seconds(0)), hostPerStep: given(Seconds(0)), hostPerSequence: given(Seconds(0)),
        prefillDispatch: given(Seconds(0)), decodeDispatch: given(Seconds(0))),
      efficiency: Efficiency(
        compute: given(1), memory: given(1), attentionCompute: given(1), attentionMemory: given(1), link: given(1)),
      collective: Collective(latency: given(Seconds(0))),
      power: DevicePower(
        idle: given(Power(50)), prefill: given(Power(400)), decode: given(Power(300)), peak: given(Power(400))))
  }
}
