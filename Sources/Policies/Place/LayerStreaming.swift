import Cluster
import Hardware
import Models
import Timeline
import Units

/// Weights stand in the host's memory or on drives and are copied to the device layer by layer, ahead of their use; the
/// device's memory holds a ring of layers on their way, those that are pinned, and the KV cache.
///
/// The ring has `prefetch` + 1 slots of `section` layers each. A copy starts when the copy before it has ended and its
/// slot is free again: while section i computes, section i + `prefetch` is on its way to the slot of section i - 1, the
/// first sections of the next step while this step's last ones compute. With `prefetch: 0` a section is read and copied
/// when it is needed. From drives every section passes two buffers of the host: it is read into one while the other is
/// copied. Several devices copy a part of every section each over its own link; with `gather` every device then gathers
/// the rest from its peers and serves sequences of its own, without it each keeps its part, as in tensor parallelism.
/// Settings: `from` (tier), `drives`, `request`, `depth`, `host` (tier with the buffers of drives), `link`,
/// `link-efficiency`, `prefetch` (sections ahead, at most all others), `section` (layers that are copied as one),
/// `pinned` (first layers, which never leave), `gather`. Source: ZeRO-Inference (DeepSpeed, 2022-09-10), whose
/// alternative are pinned layers; SE-MoE (Shen et al., arXiv 2205.10034), whose ring memory has `prefetch` + 1 slots;
/// Superpipeline (Abbasi, Lim, arXiv 2410.08791), whose window has k = (`prefetch` + 1) x `section` layers, k' =
/// `section` of which are swapped at once.
public struct LayerStreaming: PlacePolicy {
  /// The name that scenarios and reports use.
  public static let name = "layer-streaming"
  /// What it does.
  public static let summary = "Weights are copied from host memory or drives layer by layer, ahead of their use."

  private let pieces: ModelPieces
  private let layers: StreamedLayers
  /// Compute and dispatch.
  private let gpu: StreamID
  private let host: StreamID
  /// From the host to the devices, and from drives to the host; nil from host memory.
  private let copy: Way
  private let read: Way?
  /// How the devices gather what the others copied; nil where they do not.
  private let gather: Gather?
  /// The sections computed last, whose slots are free again, those that the device has, and those that left the host.
  private let freed: RingID
  private let loaded: RingID
  private let sent: RingID
  /// Devices that serve sequences of their own, and bytes that all links carry for a byte that a device computes with.
  private let servers: Int
  private let carried: Double
  private var labels = LayerLabels()
  private var readLabel = TaskLabel.unnamed
  private var gatherLabel = TaskLabel.unnamed

  /// An all-gather of sections between devices.
  private struct Gather {
    var stream: StreamID
    var latency: Double
    /// Seconds for each byte of a section.
    var perByte: Double
  }

  /// Reads the settings.
  public static func plan(_ settings: any PlaceSettings) -> PlacedPlan? {
    let count = settings.layout.tensorParallel
    let gathers =
      settings.flag("gather", default: count > 1, because: "ZeRO-Inference: where there are several devices")
      && count > 1
    guard let pieces = settings.pieces(on: settings.device, tensorParallel: gathers ? 1 : count) else { return nil }
    let tier = settings.tier("from", required: true)
    let host = settings.tier("host", required: false)
    let drives = settings.count("drives", in: 1...1024, default: 1, because: "one")
    let request = settings.quantity(
      "request", MemoryDimension.self, in: 512...0x1p40, default: 0x1p20, because: "a piece of a layer's weights")
    let depth = settings.count("depth", in: 1...Tier.depthLimit, default: 32, because: "requests in flight a drive")
    let link = settings.link("link", default: settings.device.hostLink, required: true)
    let efficiency = settings.quantity(
      "link-efficiency", FractionDimension.self, in: 0.01...1, default: 1, because: "the link's own bandwidth")
    let prefetch = settings.count("prefetch", in: 0...254, default: 1, because: "one section ahead")
    let section = settings.count("section", in: 1...4096, default: 1, because: "one layer")
    let pinned = settings.count("pinned", in: 0...pieces.layers.count, default: 0, because: "every layer is streamed")
    guard let tier, let link else { return nil }
    let layers = StreamedLayers(pieces, prefetch: prefetch, section: section, pinned: pinned)
    let devices = Double(count)
    let isDrive = tier.kind == .storage
    let whole = pieces.weights * (gathers ? 1 : devices)
    let capacity = tier.capacity.value.value * Double(isDrive ? drives : 1)
    let staged = isDrive ? 2 * layers.largest * (gathers ? 1 : devices) : 0
    let memory = DeviceMemory(settings, count: count)
    let held = (layers.held + pieces.ends) * devices
    guard whole <= capacity else {
      settings.refuse(
        "from", "\(tier.name) cannot hold the weights", why: "\(Memory(whole).text) > \(Memory(capacity).text)",
        fix: "a larger tier, or more drives")
      return nil
    }
    guard host.map({ staged <= $0.capacity.value.value }) ?? true else {
      settings.refuse(
        "host", "the host cannot hold two sections on their way", why: "\(Memory(staged).text) of buffers",
        fix: "a smaller section")
      return nil
    }
    guard held < memory.usable else {
      settings.refuse(
        nil, "the device cannot hold the layers on their way",
        why: "\(layers.prefetch + 1) slots of \(Memory(layers.largest).text), \(pinned) pinned layers and both ends "
          + "take \(Memory(held).text) > \(Memory(memory.usable).text)",
        fix: "fewer sections ahead, or fewer pinned layers")
      return nil
    }
    var machine = Machine()
    let gpu = machine.compute(settings.device, count: count)
    let issue = machine.stream("host")
    let most = link.bandwidth.value.value * devices
    let copy = machine.link(
      link, count: count, name: "copy",
      efficiency: isDrive ? efficiency : min(efficiency, tier.bandwidth.value.value / most))
    let read =
      isDrive
      ? machine.reads(tier, drives: drives, request: request, depth: depth) : nil
    var gather: Gather?
    if gathers, let peers = settings.device.peerLink {
      let rate = peers.bandwidth.value.value * settings.device.efficiency.link.value
      gather = Gather(
        stream: machine.stream("peers"),
        latency: settings.device.collective.latency.value.value * Double(EngineLayout.doublings(to: count)),
        perByte: (devices - 1) / devices / rate)
    }
    machine.hold("device", bytes: memory.usable, of: memory.capacity)
    machine.hold(tier.kind.rawValue, bytes: whole, of: capacity)
    if isDrive, let host { machine.hold("host", bytes: staged, of: host.capacity.value.value) }
    let freed = machine.resources.ring(2)
    let loaded = machine.resources.ring(max(2, layers.prefetch))
    let sent = gather == nil ? loaded : machine.resources.ring(2)
    let policy = LayerStreaming(
      pieces: pieces, layers: layers, gpu: gpu, host: issue, copy: copy, read: read, gather: gather,
      freed: freed, loaded: loaded, sent: sent, servers: gathers ? count : 1, carried: gathers ? 1 : devices)
    return machine.plan(policy, cacheTokens: (memory.usable - held) / pieces.cacheBytesPerToken)
  }

  /// Takes the labels of its tasks.
  public mutating func begin(_ plan: inout StepPlan) {
    labels = LayerLabels(&plan)
    readLabel = plan.label("read")
    gatherLabel = plan.label("gather")
  }

  /// Copies and computes section by section.
  public func place(_ step: StepView, into plan: inout StepPlan) {
    let shape = step.shape.part(of: servers)
    let dispatch = pieces.dispatchPerLayer(shape)
    let costs = pieces.kinds.map { $0.cost(shape) }
    let first = pieces.first.cost(shape)
    plan.run(labels.first, on: gpu, for: first.seconds, bound: first.bound)
    // The step before has left the first sections of this one on their way, but for the first step of all.
    if step.step == 0 { for section in layers.ahead { fetch(section, into: &plan) } }
    for row in layers.rows {
      plan.repeating(row.count) { plan in
        guard let copied = row.copied else {
          return compute(row.computed, costs, dispatch, after: .none, frees: nil, into: &plan)
        }
        if layers.prefetch == 0 {
          let ready = fetch(copied, into: &plan)
          compute(row.computed, costs, dispatch, after: ready, frees: freed, into: &plan)
        } else {
          let ready = TaskRef.last(of: loaded, back: layers.prefetch)
          compute(row.computed, costs, dispatch, after: ready, frees: freed, into: &plan)
          fetch(copied, into: &plan)
        }
      }
    }
    let last = pieces.last.cost(shape)
    plan.run(labels.last, on: gpu, for: last.seconds, bound: last.bound)
  }

  /// Bytes of weights on a device at most at once, and of all weights.
  public var figures: [PlacedFigure] {
    [
      PlacedFigure("device-weights", layers.held + pieces.ends, unit: "B"),
      PlacedFigure("weights", pieces.weights, unit: "B"),
    ]
  }

  /// Copies a section to the device. The step does not wait for it, but for what needs it.
  @discardableResult
  private func fetch(_ section: Int, into plan: inout StepPlan) -> TaskRef {
    let bytes = layers.sections[section].bytes
    // Without prefetch there is one slot, which the section before has just left; else two have been left since.
    let slot = TaskRef.last(of: freed, back: layers.prefetch == 0 ? 1 : 2)
    var ready = TaskRef.none
    if let read {
      ready = plan.move(
        readLabel, over: read.stream, bytes: bytes * carried, latency: read.latency,
        after: layers.prefetch == 0 ? slot : .last(of: sent, back: 2), bound: PieceCost.linkBound, ahead: true)
    }
    let arrived = plan.move(
      labels.copy, over: copy.stream, bytes: bytes * carried, latency: copy.latency, after: ready, slot,
      into: sent, bound: PieceCost.linkBound, ahead: true)
    guard let gather else { return arrived }
    return plan.run(
      gatherLabel, on: gather.stream, for: gather.latency + bytes * gather.perByte, after: arrived, into: loaded,
      bound: PieceCost.linkBound, ahead: true)
  }

  private func compute(
    _ section: Int, _ costs: [PieceCost], _ dispatch: Double, after ready: TaskRef, frees ring: RingID?,
    into plan: inout StepPlan
  ) {
    var rest = layers.sections[section].layers
    for kind in layers.sections[section].kinds {
      rest -= 1
      let issued = plan.run(labels.host, on: host, for: dispatch, bound: PieceCost.hostBound)
      plan.run(
        labels.feedForward, on: gpu, for: costs[kind].seconds, after: issued, ready, into: rest == 0 ? ring : nil,
        bound: costs[kind].bound)
    }
  }
}

/// The layers of a model in sections that take turns in the memory of a device.
struct StreamedLayers: Sendable {
  /// Layers in a row that are copied as one.
  struct Section: Hashable, Sendable {
    var kinds: [Int]
    var bytes: Double
    var layers: Int { kinds.count }
  }

  /// A section that is computed, the one that is copied meanwhile (none with a pinned layer), and how often in a row.
  struct Row: Hashable, Sendable {
    var computed: Int
    var copied: Int?
    var count: Int
  }

  /// Sections that differ.
  private(set) var sections: [Section] = []
  private(set) var rows: [Row] = []
  /// The sections that are copied before the first step.
  private(set) var ahead: [Int] = []
  /// Sections ahead of the one that is computed.
  let prefetch: Int
  /// Bytes of the largest section that is copied.
  let largest: Double
  /// Bytes of pinned layers and slots.
  let held: Double

  init(_ pieces: ModelPieces, prefetch wanted: Int, section size: Int, pinned: Int) {
    func section(_ kinds: [Int]) -> Section {
      Section(kinds: kinds, bytes: kinds.reduce(0) { $0 + pieces.kinds[$1].allWeights })
    }
    let stay = pieces.layers.prefix(pinned).map { section([$0]) }
    let streamed = stride(from: pinned, to: pieces.layers.count, by: size).map {
      section(Array(pieces.layers[$0..<min($0 + size, pieces.layers.count)]))
    }
    prefetch = max(0, min(wanted, streamed.count - 1))
    largest = streamed.map(\.bytes).max() ?? 0
    held = stay.reduce(0) { $0 + $1.bytes } + largest * Double(streamed.isEmpty ? 0 : prefetch + 1)
    for section in stay { add(section, nil) }
    for (place, section) in streamed.enumerated() { add(section, streamed[(place + prefetch) % streamed.count]) }
    ahead = streamed.prefix(prefetch).map { index(of: $0) }
  }

  private mutating func index(of section: Section) -> Int {
    if let index = sections.firstIndex(of: section) { return index }
    sections.append(section)
    return sections.count - 1
  }

  private mutating func add(_ computed: Section, _ copied: Section?) {
    let row = Row(computed: index(of: computed), copied: copied.map { index(of: $0) }, count: 1)
    if let last = rows.last, last.computed == row.computed, last.copied == row.copied {
      rows[rows.count - 1].count += 1
    } else {
      rows.append(row)
    }
  }
}
