import Cluster
import Hardware
import Models
import Timeline
import Units

/// A processor of a chip: the model's pieces on it, its compute stream, and the bytes/s that it alone draws from the
/// memory which it shares with the others.
struct Processor: Sendable {
  var pieces: ModelPieces
  var stream: StreamID
  var rate: Double

  /// Bytes that a piece of `cost` reads and writes where memory bounds it.
  func bytes(_ cost: PieceCost) -> Double { cost.memory * rate }
}

extension PlaceSettings {
  /// The memory that the pool's device shares with `others`; nil where they share none, or where several devices are to
  /// work as one, which is told.
  func chip(with others: [Device]) -> MemoryGroup? {
    guard isOneDevice() else { return nil }
    guard let group = device.forms.memoryGroup, others.allSatisfy({ $0.forms.memoryGroup?.name == group.name }) else {
      let names = ([device] + others).map(\.name).joined(separator: ", ")
      refuse(
        nil, "\(names): not processors of one chip", why: "they do not name the same forms.memory-group",
        fix: "devices that share a memory, such as snapdragon-8-gen-3-gpu and -npu")
      return nil
    }
    return group
  }

  /// Whether the pool's model lies on one device; otherwise told.
  func isOneDevice() -> Bool {
    guard layout.tensorParallel != 1 else { return true }
    refuse(
      nil, "this placement is of one device", why: "tensor-parallel is \(layout.tensorParallel)",
      fix: "tensor-parallel: 1")
    return false
  }
}

extension Machine {
  /// The channel of the memory that the processors of a chip share: what they draw from it together.
  mutating func memory(of group: MemoryGroup) -> Int {
    resources.channel(group.name, rate: group.together.value.value)
  }

  /// A processor whose products read the memory behind `channel`, no faster than it does alone, or one of its own.
  mutating func processor(_ device: Device, _ pieces: ModelPieces, sharing channel: Int?, isExtra: Bool) -> Processor {
    let rate = device.memoryRate
    let own = resources.channel("\(device.name) memory", rate: rate)
    return Processor(
      pieces: pieces, stream: compute(device, route: [own] + (channel.map { [$0] } ?? []), isExtra: isExtra), rate: rate
    )
  }
}

extension Device {
  /// Bytes/s of its products' traffic with its memory.
  var memoryRate: Double { (memory.first?.bandwidth.value.value ?? 0) * efficiency.memory.value }
  /// The name of its memory.
  var memoryName: String { memory.first?.name ?? name }
}

extension StepPlan {
  /// Runs work of `cost` on a processor: what arithmetic bounds, then what memory does, at the rate that the others
  /// leave; `delay` seconds after what it waits for.
  @discardableResult
  mutating func run(
    _ label: TaskLabel, on processor: Processor, _ cost: PieceCost, delay: Double = 0, after first: TaskRef = .none,
    _ second: TaskRef = .none, _ third: TaskRef = .none, into ring: RingID? = nil
  ) -> TaskRef {
    move(
      label, over: processor.stream, bytes: processor.bytes(cost), latency: delay + cost.launch + cost.compute,
      after: first, second, third, into: ring, bound: cost.bound)
  }
}

extension PieceCost {
  /// A `share` of the columns of its products: every launch, and so much of the rest.
  func columns(_ share: Double) -> PieceCost {
    var part = self
    part.compute *= share
    part.memory *= share
    return part
  }

  /// It `count` times.
  func times(_ count: Double) -> PieceCost {
    var all = columns(count)
    all.launch *= count
    return all
  }
}

/// Work that reads a shared memory: seconds before its bytes flow, the bytes, and the bytes/s that it draws alone.
struct SharedRead {
  var delay: Double
  var bytes: Double
  var rate: Double

  init(_ cost: PieceCost, on processor: Processor) {
    delay = cost.launch + cost.compute
    bytes = processor.bytes(cost)
    rate = processor.rate
  }

  init(delay: Double, bytes: Double, rate: Double) {
    self.delay = delay
    self.bytes = bytes
    self.rate = rate
  }

  /// Seconds until it ends, alone.
  var alone: Double { delay + bytes / rate }

  /// Seconds until both end that begin at once and share `together` bytes/s in equal parts, but for what one leaves.
  func together(with other: SharedRead, limit together: Double) -> Double {
    let (early, late) = delay <= other.delay ? (self, other) : (other, self)
    let ahead = min(early.bytes, (late.delay - early.delay) * early.rate)
    let half = together / 2
    let first = min(early.rate, max(half, together - late.rate))
    let second = min(late.rate, together - first)
    let (restA, restB) = (early.bytes - ahead, late.bytes)
    guard restA > 0, restB > 0 else { return max(early.alone, late.alone) }
    let both = min(restA / first, restB / second)
    return late.delay + both + max((restA - both * first) / early.rate, (restB - both * second) / late.rate)
  }
}
