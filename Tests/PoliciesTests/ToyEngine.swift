import Hardware
import Models
import Support
import Timeline
import Units

@testable import Cluster

extension Device {
  /// The ideal device with a memory of 1 GB, on a link of 10 GB/s to its host.
  static func toy(_ name: String, bandwidth: Double = 1e12, capacity: Double = 1e9) -> Device {
    var device = Device.ideal(name, bandwidth: bandwidth, capacity: capacity)
    device.hostLink = Link(name: "host", bandwidth: given(Bandwidth(10e9)), latency: given(Seconds(1e-6)))
    return device
  }
}

extension Transformer {
  /// Four layers of 8 heads of 128, which leave 4096 B of keys and values a token and layer.
  static var toy: Transformer {
    let layer = Layer(
      mixer: .attention(Attention(heads: 8, kvHeads: 8, headDimension: 128)), feedForward: FeedForward(width: 4096))
    return Transformer(
      family: "toy", hidden: 1024, layers: Array(repeating: layer, count: 4), vocabulary: 1000, tiedEmbeddings: false)
  }
}

/// Settings of a test: numbers in base units, flags and words by key, one other device, and a tier of 1 GB.
struct ToySettings: PlaceSettings {
  var model = Transformer.toy
  var formats = ModelFormats()
  var device = Device.toy("own")
  var layout = EngineLayout()
  var memory = MemoryPlan()
  var seed: UInt64 = 1
  var numbers: [String: Double] = [:]
  var flags: [String: Bool] = [:]
  var words: [String: String] = [:]
  var other = Device.toy("other")
  /// The tier's kind, and its bytes a second.
  var tierKind = TierKind.memory
  var tierRate = 100e9
  var way = Link(name: "way", bandwidth: given(Bandwidth(10e9)), latency: given(Seconds(1e-6)))

  init(numbers: [String: Double] = [:], flags: [String: Bool] = [:], words: [String: String] = [:]) {
    self.numbers = numbers
    self.flags = flags
    self.words = words
    memory.utilization = 1
    memory.reserved = 0
  }

  func has(_ key: String) -> Bool { numbers[key] != nil || flags[key] != nil || words[key] != nil }
  func count(_ key: String, in range: ClosedRange<Int>, default fallback: Int, because source: String) -> Int {
    numbers[key].map { Int($0) } ?? fallback
  }
  func number(
    _ key: String, in range: ClosedRange<Double>, default fallback: Double, because source: String
  ) -> Double { numbers[key] ?? fallback }
  func quantity<D: Dimension>(
    _ key: String, _ dimension: D.Type, in range: ClosedRange<Double>, default fallback: Double, because source: String
  ) -> Double { numbers[key] ?? fallback }
  func flag(_ key: String, default fallback: Bool, because source: String) -> Bool { flags[key] ?? fallback }
  func choice(_ key: String, of words: [String], default fallback: String, because source: String) -> String {
    self.words[key] ?? fallback
  }
  func device(_ key: String, required: Bool) -> Device? { other }
  func link(_ key: String, default fallback: Link?, required: Bool) -> Link? { way }
  func tier(_ key: String, required: Bool) -> Tier? {
    Tier(
      name: "dram", kind: tierKind, capacity: given(Memory(1e9)), bandwidth: given(Bandwidth(tierRate)),
      writeBandwidth: given(Bandwidth(tierRate)), latency: given(Seconds(0)), request: given(Memory(64)))
  }
  func evict(_ key: String, default fallback: String) -> (any EvictPolicy)? { nil }
  func section(_ key: String) -> any PlaceSettings { self }
  func refuse(_ key: String?, _ what: String, why: String, fix: String) {}
  func warn(_ key: String?, _ what: String, why: String, fix: String) {}
  func pieces(of key: String, on device: Device) -> ModelPieces? { nil }
  func pieces(on device: Device, tensorParallel: Int) -> ModelPieces? {
    try? ModelPieces(model, formats: formats, layout: layout, device: device)
  }
}

/// A policy's steps on a timeline, one after another.
struct ToyRun: ~Copyable {
  private var policy: any PlacePolicy
  private var timeline: Timeline
  private var plan = StepPlan()
  private var now = Instant.start
  private var step = 0

  init(_ placed: PlacedPlan) {
    policy = placed.engine.policy
    timeline = Timeline(placed.engine.resources)
    policy.begin(&plan)
  }

  /// Seconds of the next step.
  mutating func seconds(_ shape: StepShape) -> Double {
    plan.removeAll()
    policy.place(StepView(shape: shape, sequences: UnsafeBufferPointer(start: nil, count: 0), step: step), into: &plan)
    step += 1
    let start = now
    now = timeline.run(&plan, release: now)
    return Double(now.picoseconds - start.picoseconds) * 1e-12
  }

  /// Bytes that cross the route of the stream called `name`, those that the last step left ahead included.
  func bytes(_ name: String) -> Double {
    let all = timeline.totals(until: .never)
    return timeline.resources.streams.firstIndex { $0.name == name }.map { Double(all.bytes($0)) } ?? 0
  }
}
