import Cluster
import Hardware
import Models
import Timeline
import Units

/// Devices with little memory share every layer and read its weights from their own disks, a window of blocks at a time:
/// blocks are read while others compute and sum over the network, and leave when they have been used.
///
/// A block is attention with its projections, a feed-forward block, or the master's embedding or head. `window` blocks are in
/// memory at once, so that `window` - 1 are read ahead; the first of the next step are read while this one's last compute.
/// Every step reads all blocks again, as in the authors' code, which frees each before the one that is computed; but where the
/// window has room for all of them none leaves, and none is read, as there with the schedule turned off.
/// After each block of a layer the devices sum their parts: over a `ring`, each step of which waits for every link on its way,
/// a `tree`, or a `star` whose centre receives and sends all parts over its own link. The master's disk counts.
/// With `share: layers` each device has layers of its own, which it reads block by block when they are needed: stages of devices
/// that swap, whose master keeps embedding and head. A process takes the memory that the pool reserves.
/// Settings: `disk` (tier), `request`, `depth`, `window` (0, or as many blocks as there are, keeps all weights in memory),
/// `link`, `links` (between two devices), `reduce`, `share`. Source: TPI-LLM (Li et al., arXiv 2410.00531).
public struct SlidingWindow: PlacePolicy {
  /// The name that scenarios and reports use.
  public static let name = "sliding-window"
  /// What it does.
  public static let summary =
    "Devices share layers and read a window of blocks from their disks while they compute and sum."

  private let pieces: ModelPieces
  /// What stands before and after the layers, on the master.
  private let ends: ModelPieces
  private let compute: StreamID
  private let disk: Way
  private let network: StreamID
  private let reduction: Reduction
  /// Blocks of all layers in order.
  private let blocks: [Block]
  private let ahead: Int
  private let isResident: Bool
  /// The blocks read last, and those computed last.
  private let loaded: RingID
  private let computed: RingID
  private var labels = LayerLabels()
  private var sumLabel = TaskLabel.unnamed

  private struct Block {
    enum Part {
      case embedding
      case attention
      case feedForward
      case head
    }

    var part: Part
    var kind = 0
    /// Bytes that the master reads.
    var bytes: Double
  }

  /// Reads the settings.
  public static func plan(_ settings: any PlaceSettings) -> PlacedPlan? {
    let count = settings.layout.tensorParallel
    var device = settings.device
    // The sums are this policy's, not those of the devices' own links.
    device.interconnect = nil
    device.hostLink = nil
    let share = settings.choice("share", of: ["tensors", "layers"], default: "tensors", because: "TPI-LLM")
    let tier = settings.tier("disk", required: true)
    let requests = settings.requests(of: "a block's weights")
    let isStages = share == "layers"
    let window = settings.count(
      "window", in: 0...255, default: isStages ? 1 : 2,
      because: isStages ? "stages read nothing ahead" : "TPI-LLM's own")
    let link = settings.link("link", default: nil, required: true)
    let links = settings.count("links", in: 1...64, default: 4, because: "TPI-LLM: to a router, the switch and back")
    let reduce = settings.choice(
      "reduce", of: Reduction.Shape.allCases.map(\.rawValue), default: Reduction.Shape.star.rawValue, because: "TPI-LLM"
    )
    guard !isStages || window < 2 else {
      settings.refuse(
        "window", "stages read no block ahead", why: "with 'share: layers' a block is read when it is needed",
        fix: "leave 'window' away, or 0 to keep all weights in memory")
      return nil
    }
    guard let tier, let link, let whole = settings.pieces(on: device, tensorParallel: 1),
      let pieces = settings.pieces(on: device, tensorParallel: isStages ? 1 : count)
    else { return nil }
    var blocks: [Block] = []
    for kind in pieces.layers {
      let layer = pieces.kinds[kind]
      let attention = layer.input.weights + layer.attention.weights + layer.output.weights
      blocks.append(Block(part: .attention, kind: kind, bytes: attention))
      blocks.append(Block(part: .feedForward, kind: kind, bytes: layer.allWeights - attention))
    }
    let layers = blocks.reduce(0) { $0 + $1.bytes }
    let embedding = Block(part: .embedding, bytes: whole.embeddingBytes + whole.first.weights)
    let head = Block(part: .head, bytes: whole.last.weights)
    let ends = embedding.bytes + head.bytes
    var own = ends + layers
    var weights = own
    if isStages {
      own = ends + layers / Double(count)
      weights = window == 0 ? own : min(own, ends + most(of: blocks, inRow: 1))
      blocks = [Block(part: .embedding, bytes: 0)] + blocks + [Block(part: .head, bytes: 0)]
    } else {
      blocks = [embedding] + blocks + [head]
      if window > 0 { weights = min(own, most(of: blocks, inRow: window)) }
    }
    let memory = DeviceMemory(settings, count: 1)
    guard weights < memory.usable else {
      settings.refuse(
        "window", "the master cannot hold a window of weights",
        why: "\(Memory(weights).text) > \(Memory(memory.usable).text)", fix: "a smaller window, or a narrower format")
      return nil
    }
    guard own <= tier.capacity.value.value else {
      settings.refuse(
        "disk", "\(tier.name) cannot hold a device's weights",
        why: "\(Memory(own).text) > \(tier.capacity.value.text)", fix: "more devices, or a larger disk")
      return nil
    }
    var machine = Machine()
    let compute = machine.compute(device, count: count)
    let disk = machine.reads(tier, request: requests.bytes, depth: requests.depth)
    let network = machine.stream("network")
    machine.hold(device.memoryName, bytes: weights + settings.memory.reserved, of: memory.capacity)
    machine.hold(tier.name, bytes: own, of: tier.capacity.value.value)
    let ahead = max(0, window - 1)
    let policy = SlidingWindow(
      pieces: pieces, ends: whole, compute: compute, disk: disk, network: network,
      reduction: Reduction(
        shape: .init(rawValue: reduce) ?? .star, devices: count, hop: Double(links) * link.latency.value.value,
        rate: link.bandwidth.value.value, isSum: !isStages),
      blocks: blocks, ahead: min(ahead, blocks.count), isResident: window == 0 || ahead + 1 >= blocks.count,
      loaded: machine.resources.ring(max(1, ahead)), computed: machine.resources.ring(2))
    return machine.plan(
      policy, cacheTokens: whole.tokens(in: (memory.usable - weights) * Double(count)))
  }

  /// The most bytes of `count` blocks in a row, the first following the last.
  private static func most(of blocks: [Block], inRow count: Int) -> Double {
    blocks.indices.map { start in
      (0..<min(count, blocks.count)).reduce(0) { $0 + blocks[(start + $1) % blocks.count].bytes }
    }.max() ?? 0
  }

  /// Takes the labels of its tasks.
  public mutating func begin(_ plan: inout StepPlan) {
    labels = LayerLabels(&plan)
    sumLabel = plan.label("all-reduce")
  }

  /// Block by block: what a device reads, computes and sums.
  public func place(_ step: StepView, into plan: inout StepPlan) {
    let shape = step.shape
    // The first blocks of this step were read by the step before, but for the first step of all.
    if step.step == 0, !isResident { for index in 0..<ahead { fetch(blocks[index], ahead: false, into: &plan) } }
    let bytes = Double(pieces.hidden) * pieces.activationBytes * Double(shape.tokens)
    var summed = TaskRef.none
    for (index, block) in blocks.enumerated() {
      var ready = TaskRef.none
      if !isResident, block.bytes > 0 {
        ready = ahead == 0 ? fetch(block, ahead: false, into: &plan) : .last(of: loaded, back: ahead)
      }
      let (label, cost) = work(of: block, shape)
      let done = plan.run(label, on: compute, cost, after: ready, summed, into: computed)
      if ahead > 0, !isResident { fetch(blocks[(index + ahead) % blocks.count], ahead: true, into: &plan) }
      guard block.part == .attention || block.part == .feedForward else { continue }
      summed = plan.run(
        sumLabel, on: network, for: reduction.seconds(bytes, afterLast: index == blocks.count - 2), after: done,
        bound: PieceCost.linkBound)
    }
  }

  /// What a device computes of a block.
  private func work(of block: Block, _ shape: StepShape) -> (TaskLabel, PieceCost) {
    switch block.part {
    case .embedding: (labels.first, ends.first.cost(shape))
    case .attention: (labels.attention, pieces.kinds[block.kind].attended(shape))
    case .feedForward: (labels.feedForward, pieces.kinds[block.kind].fed(shape))
    case .head: (labels.last, ends.last.cost(shape))
    }
  }

  /// Reads a block into the buffer of the one computed before the last, which has been used.
  @discardableResult
  private func fetch(_ block: Block, ahead isAhead: Bool, into plan: inout StepPlan) -> TaskRef {
    plan.move(
      labels.copy, over: disk.stream, bytes: block.bytes, latency: disk.latency,
      after: .last(of: computed, back: isAhead ? 2 : 1), into: loaded, bound: PieceCost.linkBound, ahead: isAhead)
  }
}

/// How devices on links with delays sum what each has computed.
struct Reduction: Sendable {
  /// The way that parts take.
  enum Shape: String, CaseIterable {
    case star
    case ring
    case tree
  }

  var shape: Shape
  var devices: Int
  /// Seconds from one device to another, all links on the way.
  var hop: Double
  /// Bytes/s of each device's link.
  var rate: Double
  /// Whether blocks are summed; otherwise a block's output goes from stage to stage, once a step for each.
  var isSum: Bool

  /// Seconds of one exchange of `bytes` on every device: all have the sum afterwards.
  ///
  /// A ring takes 2 (n - 1) steps of 1 / n of the bytes; a tree 2 log2 n steps of all, upwards and downwards; a star two
  /// steps, in which the centre's link carries the bytes of n - 1 others.
  func seconds(_ bytes: Double, afterLast: Bool) -> Double {
    guard devices > 1 else { return 0 }
    let others = Double(devices - 1)
    // Stages of a pipeline: all hand-overs of a step at its end, where their sum is the same.
    guard isSum else { return afterLast ? others * (hop + bytes / rate) : 0 }
    switch shape {
    case .star: return 2 * (hop + others * bytes / rate)
    case .ring: return 2 * others * (hop + bytes / Double(devices) / rate)
    case .tree:
      let depth = Double(Int.bitWidth - (devices - 1).leadingZeroBitCount)
      return 2 * depth * (hop + bytes / rate)
    }
  }
}
