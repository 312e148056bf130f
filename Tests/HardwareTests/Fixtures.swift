import Hardware
import Units

/// A number without a story.
func given<Value: Hashable & Sendable>(_ value: Value) -> Sourced<Value> { Sourced(value, source: "test") }

extension Device {
  /// A device of round numbers: 100 TFLOP/s, 1 TB/s, everything half efficient in attention.
  static var round: Device {
    Device(
      name: "round", kind: .gpu,
      memory: [MemoryTier(name: "hbm", capacity: given(Memory(80e9)), bandwidth: given(Bandwidth(1e12)))],
      compute: [
        .fp16: ArithmeticRate(rate: given(ComputeRate(100e12)), accumulator: .fp32),
        .fp32: ArithmeticRate(rate: given(ComputeRate(10e12)), accumulator: .fp32),
      ],
      interconnect: Link(name: "peer", bandwidth: given(Bandwidth(100e9)), latency: given(Seconds(1e-6))),
      execution: Execution(
        launch: given(Seconds(5e-6)), hostPerStep: given(Seconds(1e-3)), hostPerSequence: given(Seconds(1e-5)),
        prefillDispatch: given(Seconds(0)), decodeDispatch: given(Seconds(0))),
      efficiency: Efficiency(
        compute: given(1), memory: given(1), attentionCompute: given(0.5), attentionMemory: given(0.5),
        link: given(1)),
      collective: Collective(latency: given(Seconds(10e-6))),
      power: DevicePower(
        idle: given(Power(50)), prefill: given(Power(400)), decode: given(Power(300)), peak: given(Power(400))))
  }
}
