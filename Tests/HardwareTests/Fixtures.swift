import Hardware
import Support
import Units

extension Device {
  /// The ideal device with 80 GB, attention half as efficient, single precision a tenth as fast, and overheads.
  static var round: Device {
    var device = Device.ideal("round", capacity: 80e9)
    device.compute[.fp32] = ArithmeticRate(rate: given(ComputeRate(10e12)), accumulator: .fp32)
    device.execution.launch = given(Seconds(5e-6))
    device.execution.hostPerStep = given(Seconds(1e-3))
    device.execution.hostPerSequence = given(Seconds(1e-5))
    device.efficiency.attentionCompute = given(0.5)
    device.efficiency.attentionMemory = given(0.5)
    device.collective.latency = given(Seconds(10e-6))
    return device
  }
}
