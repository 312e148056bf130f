@testable import Hardware
import Support
import Testing
import Units

@Suite struct TokenRoundingTests {
  @Test func tilesPadToWholeTiles() {
    let rounding = TokenRounding(tile: 32)
    #expect(rounding.padded(0) == .init(tokens: 0, passes: 1, largest: 0))
    #expect(rounding.padded(1) == .init(tokens: 32, passes: 1, largest: 32))
    #expect(rounding.padded(64) == .init(tokens: 64, passes: 1, largest: 64))
    #expect(rounding.padded(65) == .init(tokens: 96, passes: 1, largest: 96))
  }

  @Test func shapesPadToTheNextAndBeyondTheLargestTakePasses() {
    let rounding = TokenRounding(tile: 1, shapes: [64, 128, 512])
    #expect(rounding.padded(65) == .init(tokens: 128, passes: 1, largest: 128))
    #expect(rounding.padded(512) == .init(tokens: 512, passes: 1, largest: 512))
    // 1100 = 2 x 512 + 76, of which the last pass runs as 128
    #expect(rounding.padded(1100) == .init(tokens: 1152, passes: 3, largest: 512))
    #expect(rounding.padded(1024) == .init(tokens: 1024, passes: 2, largest: 512))
    // shapes are whole tiles themselves
    #expect(TokenRounding(tile: 32, shapes: [50]).padded(10).tokens == 64)
  }

  /// Padding never loses a token, and more tokens never take fewer passes nor fewer padded tokens.
  @Test(arguments: [
    TokenRounding(tile: 1), TokenRounding(tile: 16), TokenRounding(tile: 8, shapes: [1, 24, 100]),
    TokenRounding(tile: 1, shapes: [64]),
  ])
  func paddingIsMonotone(_ rounding: TokenRounding) {
    var before = rounding.padded(0)
    for tokens in 1...700 {
      let padded = rounding.padded(tokens)
      #expect(padded.tokens >= tokens && padded.largest <= padded.tokens)
      #expect(padded.tokens >= before.tokens && padded.passes >= before.passes)
      before = padded
    }
  }

  @Test func tilePaddingOfWeights() {
    let tile = MatrixTile(rows: 128, inner: 128, columns: 128, source: "test")
    #expect(tile.padding(inner: 4096, columns: 1024) == 1)
    // 100 of 128 rows, 200 of 256 columns
    #expect(tile.padding(inner: 100, columns: 200) == 1.28 * 1.28)
  }
}

@Suite struct TierTests {
  static func drive(rate: Double? = nil, request: Double = 4096) -> Tier {
    Tier(
      name: "drive", kind: .storage, capacity: given(Memory(1e12)), bandwidth: given(Bandwidth(3.16e9)),
      writeBandwidth: given(Bandwidth(1e9)), latency: given(Seconds(154e-6)), request: given(Memory(request)),
      requestRate: rate.map { given(Rate($0)) })
  }

  /// 512 KiB take 154 us and 166 us on the bus. Two in flight: the second waits for the first with the share of time
  /// that one alone is on the bus, 166 / 320: 166 x 1.518 = 252 us, so 2 x 512 KiB in 406 us.
  @Test func depthsByHand() {
    let drive = Self.drive()
    let bytes = 524_288.0
    #expect(abs(drive.read(bytes: bytes, depth: 1) / 1.639e9 - 1) < 0.005)
    #expect(abs(drive.read(bytes: bytes, depth: 2) / (2 * bytes / 406e-6) - 1) < 0.005)
    #expect(abs(drive.read(bytes: bytes, depth: 128) / 3.16e9 - 1) < 1e-6)
  }

  @Test func requestRateAndUnitsLimit() {
    #expect(abs(Self.drive(rate: 500_000).read(bytes: 4096, depth: 4096) / (500_000 * 4096) - 1) < 1e-3)
    // Half a unit moves a whole one.
    let deep = Self.drive(request: 8192).read(bytes: 4096, depth: 4096)
    #expect(abs(deep / (3.16e9 / 2) - 1) < 1e-3)
    #expect(Self.drive().write(bytes: 1_048_576, depth: 256) <= 1e9)
    #expect(Self.drive().read(bytes: 0, depth: 8) == 0 && Self.drive().read(bytes: 4096, depth: 0) == 0)
  }

  /// Deeper and larger reads are no slower, and none beats the bandwidth or depth x bytes / latency.
  @Test func readsAreMonotone() {
    let drive = Self.drive(rate: 600_000)
    for bytes in [4096.0, 65_536, 1_048_576] {
      var before = 0.0
      for depth in 1...64 {
        let rate = drive.read(bytes: bytes, depth: depth)
        let above = rate * (1 + 1e-12)  // sums of many terms end within a few units of the last place
        #expect(above >= before && above >= drive.read(bytes: bytes / 2, depth: depth))
        #expect(rate <= 3.16e9 * (1 + 1e-12) && rate <= Double(depth) * bytes / 154e-6)
        before = rate
      }
    }
  }

  @Test func faults() {
    var drive = Self.drive()
    #expect(drive.faults.isEmpty)
    drive.bandwidth.value = Bandwidth(0)
    drive.latency.value = Seconds(-1)
    drive.request.value = Memory(.nan)
    #expect(drive.faults.map(\.key) == ["bandwidth", "latency", "request"])
  }
}

@Suite struct DeviceFormTests {
  /// 96 cores x 2.4 GHz x 32 = 7.3728 TFLOP/s.
  static var cores: ArithmeticUnits {
    ArithmeticUnits(name: "cores", count: given(96), clock: given(Frequency(2.4e9)), perCycle: [.fp32: given(32)])
  }

  @Test func unitsMakeThePeak() {
    var device = Device.round
    device.forms.units = [Self.cores]
    #expect(device.forms.peak(.fp32) == 96 * 2.4e9 * 32 && device.forms.peak(.fp16) == nil)
    // The device says 10 TFLOP/s.
    #expect(device.faults.map(\.key) == ["forms.units"])
    device.compute[.fp32]?.rate.value = ComputeRate(7.37e12)
    #expect(device.faults.isEmpty)
    device.compute[.fp32] = nil
    #expect(device.faults.first?.why.contains("for which compute has no rate") == true)
  }

  @Test func everyFaultIsNamedByItsKey() {
    var device = Device.round
    device.forms.caches = [
      CacheLevel(name: "a", capacity: given(Memory(2e6)), bandwidth: given(Bandwidth(2e12))),
      CacheLevel(name: "b", capacity: given(Memory(1e6)), bandwidth: given(Bandwidth(1e11))),
    ]
    device.forms.tile = MatrixTile(rows: 0, inner: 1, columns: 1, source: "test")
    device.forms.shapes = CompiledShapes(tokens: [64, 64], source: "test")
    device.forms.order = given(Slowdown(0.5))
    device.forms.aspect = given(Slowdown(0.5))
    device.forms.handOver = given(Seconds(-1))
    let link = Link(name: "l", bandwidth: given(Bandwidth(1e10)), latency: given(Seconds(0)))
    device.forms.numa = RemoteMemory(remote: given(Fraction(1.5)), link: link)
    device.forms.memoryGroup = MemoryGroup(name: "g", together: given(Bandwidth(2e12)))
    #expect(
      device.faults.map(\.key) == [
        "forms.caches.a.capacity", "forms.caches.b.bandwidth", "forms.tile", "forms.shapes.tokens", "forms.order",
        "forms.aspect", "forms.hand-over", "forms.numa.remote", "forms.memory-group.together",
      ])
    #expect(device.forms.names == ["caches", "tile", "shapes", "order", "aspect", "hand-over", "numa", "memory-group"])
  }

  /// Half of all bytes cross a link of 41.6 GB/s: 83.2 GB/s in all, whatever the memory.
  @Test func remoteMemoryIsBoundByItsLink() throws {
    var device = Device.round
    let link = Link(name: "upi", bandwidth: given(Bandwidth(41.6e9)), latency: given(Seconds(0)))
    device.forms.numa = RemoteMemory(remote: given(Fraction(0.5)), link: link)
    #expect(try Roofline(device).ceiling(.dense, .fp16).byteRate == 83.2e9)
    device.forms.numa?.remote.value = Fraction(0.01)
    #expect(try Roofline(device).ceiling(.dense, .fp16).byteRate == 1e12)
  }

  @Test func ridgesAreInOperationsPerByte() {
    let ridges = Device.round.ridges
    #expect(ridges.map(\.format) == [.fp32, .fp16])
    // 100 TFLOP/s over 1 TB/s; attention reaches half of both
    #expect(ridges[1].peak == 100 && ridges[1].dense == 100 && ridges[1].attention == 100)
    #expect(Device.round.widest == .fp16)
  }
}

@Suite struct UnifiedMemoryTests {
  /// 100 GB/s, of which one alone draws 60 and several 90.
  static func chip(_ name: String, _ rate: Double) -> Device {
    var device = Device.round
    device.name = name
    device.memory[0].bandwidth = given(Bandwidth(100e9))
    device.efficiency.memory = given(0.6)
    device.efficiency.attentionMemory = given(0.6)
    device.compute = [.fp16: ArithmeticRate(rate: given(ComputeRate(rate)), accumulator: .fp32)]
    device.forms.memoryGroup = MemoryGroup(name: "chip", together: given(Bandwidth(90e9)))
    return device
  }

  @Test func twoReadersShareWhatTheyReachTogether() {
    let both = Self.chip("gpu", 1e12).sharingMemory(with: 2)
    // 45 of 100 GB/s each, half of the capacity
    #expect(abs(both.efficiency.memory.value - 0.45) < 1e-15 && both.memory[0].capacity.value.value == 40e9)
    #expect(Self.chip("gpu", 1e12).sharingMemory(with: 1) == Self.chip("gpu", 1e12))
    #expect(Device.round.sharingMemory(with: 4) == .round)
  }

  @Test func aPartnerDrawsOnTheSameMemory() throws {
    let gpu = Self.chip("gpu", 1e12)
    let npu = Self.chip("npu", 3e12)
    let both = try gpu.beside(npu, share: 0.5, handOver: Seconds(100e-6))
    let ceiling = try Roofline(both).ceiling(.dense, .fp16)
    // Each half at 60 GB/s would be 120; together they reach 90.
    #expect(ceiling.byteRate == 90e9 && abs(ceiling.launch - 105e-6) < 1e-18)
    #expect(try Roofline(both).ceiling(.attention, .fp16) == Roofline(gpu).ceiling(.attention, .fp16))
    // A share of a tenth: the GPU's nine tenths at 60 GB/s last longest.
    let little = try gpu.beside(npu, share: 0.1, handOver: Seconds(0))
    #expect(abs(try Roofline(little).ceiling(.dense, .fp16).byteRate - 60e9 / 0.9) < 1)
    #expect(both.peakOperations(.fp16) == 4e12 && both.power.peak.value.value == 800)
  }

  @Test func onlyDevicesOfOneMemoryStandBesideEachOther() {
    #expect(throws: DeviceFault.self) {
      try Device.round.beside(Self.chip("npu", 1e12), share: 0.5, handOver: Seconds(0))
    }
    #expect(throws: DeviceFault.self) {
      try Self.chip("gpu", 1e12).beside(Self.chip("npu", 1e12), share: 1, handOver: Seconds(0))
    }
  }
}
