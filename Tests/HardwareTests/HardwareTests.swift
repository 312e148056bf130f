@testable import Hardware
import Support
import Testing
import Units

@Suite struct RooflineTests {
  @Test func arithmeticBoundWork() throws {
    let work = Work(family: .dense, operations: [.fp16: 1e12], bytes: 1e9, launches: 2)
    let cost = try Roofline(.round).cost(of: work)
    // 2 launches of 5 us, then max(1e12 / 100e12 = 10 ms, 1e9 / 1e12 = 1 ms)
    #expect(cost.times[.launch] == 2 * 5e-6)
    #expect(cost.times[.compute] == 1e12 / 100e12)
    #expect(cost.times[.memory] == 0)
    #expect(cost.bound == .compute)
  }

  @Test func memoryBoundWork() throws {
    let work = Work(family: .attention, operations: [.fp16: 1e9], bytes: 1e9)
    let cost = try Roofline(.round).cost(of: work)
    // 1e9 B / (1 TB/s * 0.5) = 2 ms > 1e9 / (100 TFLOP/s * 0.5) = 20 us
    #expect(cost.times[.memory] == 1e9 / 0.5e12)
    #expect(cost.bound == .memory)
    #expect(abs(cost.seconds - 0.002005) < 1e-15)
  }

  @Test func everyRoofHasItsOwnTime() {
    var times = RoofTimes()
    for (index, roof) in Roof.allCases.enumerated() { times[roof] += Double(index + 1) }
    #expect(Roof.allCases.map { times[$0] } == Roof.allCases.indices.map { Double($0 + 1) })
    var doubled = times
    doubled.add(times, count: 1)
    #expect(doubled.total == 2 * times.total)
    #expect(doubled != times)
  }

  @Test func tinyWorkIsBoundByItsLaunch() throws {
    let cost = try Roofline(.round).cost(of: Work(family: .elementwise, bytes: 1000))
    #expect(cost.bound == .launch)
  }

  @Test func formatsAddUpAndFallBack() throws {
    // fp8 is computed as fp16 here, bf16 as fp32: 1e12 / 100e12 + 1e12 / 10e12 = 0.11 s
    let work = Work(family: .dense, operations: [.fp8: 1e12, .bf16: 1e12], launches: 0)
    #expect(abs(try Roofline(.round).cost(of: work).seconds - 0.11) < 1e-15)
    #expect(Device.round.arithmetic(.bf16) == Device.round.compute[.fp32])
  }

  @Test func aFormatWithoutRateIsAnError() {
    var device = Device.round
    device.compute = [.int8: ArithmeticRate(rate: given(ComputeRate(1e12)), accumulator: .int32)]
    #expect(throws: Roofline.NoArithmetic(device: "round", format: .fp16)) {
      try Roofline(device).ceiling(.dense, .fp16)
    }
  }

  @Test func ridgeSeparatesTheRoofs() throws {
    let ceiling = try Roofline(.round).ceiling(.dense, .fp16)
    #expect(ceiling.ridge == 100)  // 100e12 / 1e12
    #expect(ceiling.seconds(operations: 100e6, bytes: 1e6) == 5e-6 + 1e-6)
  }
}

@Suite struct DeviceTests {
  @Test func aUsableDeviceHasNoFaults() { #expect(Device.round.faults.isEmpty) }

  @Test func everyFaultIsNamedByItsKey() {
    var device = Device.round
    device.memory[0].capacity.value = Memory(0)
    device.efficiency.compute.value = 1.2
    device.efficiency.memory.value = .nan
    device.execution.launch.value = Seconds(-1)
    device.power.cap = given(Power(350))
    device.collective.large = LargeMessages(from: given(Memory(1e6)), efficiency: given(1.5))
    device.compute[.fp16]?.rate.value = ComputeRate(.infinity)
    #expect(
      device.faults.map(\.key) == [
        "memory.hbm.capacity", "compute.fp16", "execution.launch", "efficiency.compute", "efficiency.memory",
        "collective.large.efficiency", "collective.large.efficiency", "power.prefill",
      ])
  }

  @Test func idlingDrawsNoMoreThanWork() {
    var device = Device.round
    device.power.idle = device.power.decode
    #expect(device.faults.isEmpty)
    device.power.idle = given(Power(device.power.decode.value.value + 1))
    #expect(device.faults.map(\.key) == ["power.idle"])
  }

  @Test func anEmptyDeviceIsUseless() {
    var device = Device.round
    device.memory = []
    device.compute = [:]
    #expect(device.faults.map(\.key) == ["memory", "compute"])
    #expect(throws: Roofline.NoArithmetic.self) { try Roofline(device).ceiling(.dense, .fp16) }
  }

  @Test func peersMeetOverTheHostLinkWithoutInterconnect() {
    var device = Device.round
    device.interconnect = nil
    #expect(device.peerLink == nil)
    device.hostLink = Link(name: "pcie", bandwidth: given(Bandwidth(1e9)), latency: given(Seconds(0)))
    #expect(device.peerLink?.name == "pcie")
  }

  @Test func elementsAreAQuarterByteToEightBytes() {
    #expect(Format.allCases.map(\.bytes) == [8, 4, 4, 2, 2, 1, 0.5, 4, 1, 0.5, 0.375, 0.25])
  }
}
