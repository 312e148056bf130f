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
/// when it is needed. With `prefetch-part` only that part of the next section may be ahead, and the rest is read and copied
/// when the section is needed: it is read while nothing else is, and the part ahead of the section after is read while
/// the rest is copied. From drives every section passes two buffers of the host: it is read into one while the other is
/// copied. Several devices copy a part of every section each over its own link; with `gather` every device then gathers
/// the rest from its peers and serves sequences of its own, without it each keeps its part, as in tensor parallelism.
/// On one device `gather` copies what has arrived once more, as ZeRO-3's all-gather of one device does; with `one-stream`
/// copies wait for gathers. With `launch-ahead` the host waits for copies alone, not for what is computed, so that a
/// section that is needed is read and copied while the one before computes.
/// Settings: `from` (tier), `drives`, `request`, `depth`, `host` (tier with the buffers of drives), `link`,
/// `link-efficiency`, `prefetch` (sections ahead; where it is all others each has a slot of its own, and nothing is
/// copied), `prefetch-part` (of the one ahead), `section` (layers that are copied as one), `pinned` (first layers, which
/// never leave, as the embedding and the head do not) or `pinned-weights` (bytes on a device that never leave: the
/// embedding and the head, which are copied too where they do not fit, then layers), `gather`, `one-stream`,
/// `launch-ahead`. Source: ZeRO-Inference (DeepSpeed, 2022-09-10), whose alternative are pinned weights, and DeepSpeed
/// 0.7.2, runtime/zero; Superpipeline (Abbasi, Lim, arXiv 2410.08791), whose window has
/// k = (`prefetch` + 1) x `section` layers, k' = `section` of which are swapped at once.
/// SE-MoE's ring holds experts alone: `prefetch-all` of ``ExpertOffload``.
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
  /// Whether the host waits for copies alone.
  private let launchesAhead: Bool
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

  /// An all-gather of sections between devices, or a copy within one.
  private struct Gather {
    var stream: StreamID
    /// Whether the next copy waits for it.
    var isAwaited: Bool
    var latency: Double
    /// Seconds for each byte of a section.
    var perByte: Double
  }

  /// Reads the settings.
  public static func plan(_ settings: any PlaceSettings) -> PlacedPlan? {
    let count = settings.layout.tensorParallel
    let gathers =
      settings.flag("gather", default: count > 1, because: "ZeRO-Inference: where there are several devices")
    guard let pieces = settings.pieces(on: settings.device, tensorParallel: gathers ? 1 : count) else { return nil }
    let tier = settings.tier("from", required: true)
    let host = settings.tier("host", required: false)
    let drives = settings.count("drives", in: 1...1024, default: 1, because: "one")
    let requests = settings.requests(of: "a layer's weights")
    let (link, efficiency) = settings.path(default: settings.device.hostLink)
    let prefetch = settings.count("prefetch", in: 0...254, default: 1, because: "one section ahead")
    let part = settings.quantity(
      "prefetch-part", FractionDimension.self, in: 0.001...1, default: 1, because: "all of a section")
    let section = settings.count("section", in: 1...4096, default: 1, because: "one layer")
    let oneStream = settings.flag("one-stream", default: false, because: "copies do not wait for gathers")
    let launchesAhead = settings.flag(
      "launch-ahead", default: false, because: "what is needed is fetched once the section before is computed")
    guard let tier, let link, let pinned = pinned(settings, pieces) else { return nil }
    let layers = StreamedLayers(
      pieces, prefetch: prefetch, part: part, section: section, pinned: pinned,
      landing: gathers ? 1 / Double(count) : 0)
    guard part == 1 || layers.prefetch <= 1 else {
      settings.refuse(
        "prefetch-part", "a part of a section is ahead only where one section is",
        why: "\(layers.prefetch) sections are ahead", fix: "prefetch: 1")
      return nil
    }
    let devices = Double(count)
    let isDrive = tier.kind == .storage
    let whole = pieces.weights * (gathers ? 1 : devices)
    let capacity = tier.capacity.value.value * Double(isDrive ? drives : 1)
    let staged = isDrive ? 2 * layers.largest * (gathers ? 1 : devices) : 0
    let memory = DeviceMemory(settings, count: count)
    let held = layers.held * devices
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
        why: "\(layers.prefetch + 1) slots of \(Memory(layers.largest).text) and what is pinned "
          + "take \(Memory(held).text) > \(Memory(memory.usable).text)",
        fix: "fewer sections ahead, or less that is pinned")
      return nil
    }
    var machine = Machine()
    let gpu = machine.compute(settings.device, count: count)
    let issue = machine.stream("host")
    let copy = machine.link(
      link, count: count, name: "copy", efficiency: efficiency,
      limit: isDrive ? .infinity : tier.bandwidth.value.value)
    let read =
      isDrive
      ? machine.reads(tier, drives: drives, request: requests.bytes, depth: requests.depth) : nil
    let gather = gathers ? gathering(on: settings.device, count: count, isAwaited: oneStream, in: &machine) : nil
    machine.hold("device", bytes: memory.usable, of: memory.capacity)
    machine.hold(tier.kind.rawValue, bytes: whole, of: capacity)
    if isDrive, let host { machine.hold("host", bytes: staged, of: host.capacity.value.value) }
    let freed = machine.resources.ring(2)
    let loaded = machine.resources.ring(max(2, layers.prefetch))
    let sent = gather == nil ? loaded : machine.resources.ring(2)
    let policy = LayerStreaming(
      pieces: pieces, layers: layers, gpu: gpu, host: issue, copy: copy, read: read, gather: gather,
      launchesAhead: launchesAhead, freed: freed, loaded: loaded, sent: sent, servers: gathers ? count : 1,
      carried: gathers ? 1 : devices)
    return machine.plan(policy, cacheTokens: pieces.tokens(in: memory.usable - held))
  }

  /// What never leaves the devices; nil where it is told twice.
  private static func pinned(_ settings: any PlaceSettings, _ pieces: ModelPieces) -> StreamedLayers.Pinned? {
    guard settings.has("pinned-weights") else {
      return .layers(
        settings.count("pinned", in: 0...pieces.layers.count, default: 0, because: "every layer is streamed"))
    }
    guard !settings.has("pinned") else {
      settings.refuse(
        "pinned-weights", "what never leaves is told twice", why: "'pinned' counts layers",
        fix: "one of 'pinned' and 'pinned-weights'")
      return nil
    }
    return .bytes(
      settings.quantity(
        "pinned-weights", MemoryDimension.self, in: 0...0x1p50, default: 0, because: "all weights are streamed"))
  }

  /// How `count` devices gather a section; nil where several have no links between them.
  private static func gathering(
    on device: Device, count: Int, isAwaited: Bool, in machine: inout Machine
  ) -> Gather? {
    guard count > 1 else {
      // Each byte is read and written.
      return Gather(
        stream: machine.stream("gather"), isAwaited: isAwaited, latency: 0, perByte: 2 / device.memoryRate)
    }
    guard let peers = device.peerLink else { return nil }
    let rate = peers.bandwidth.value.value * device.efficiency.link.value
    return Gather(
      stream: machine.stream("peers"), isAwaited: isAwaited,
      latency: device.collective.latency.value.value * Double(EngineLayout.doublings(to: count)),
      perByte: Double(count - 1) / Double(count) / rate)
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
    let costs = StepCosts(
      embedding: pieces.first.cost(shape), layers: pieces.kinds.map { $0.cost(shape) }, head: pieces.last.cost(shape),
      dispatch: pieces.dispatchPerLayer(shape))
    plan.run(labels.host, on: host, for: pieces.hostSeconds(shape), bound: PieceCost.hostBound)
    // The step before has left the first sections of this one on their way, but for the first step of all.
    if step.step == 0 { for section in layers.ahead { fetch(section, part: layers.part, into: &plan) } }
    for row in layers.rows {
      plan.repeating(row.count) { plan in
        guard let copied = row.copied else {
          return compute(row.computed, costs, after: .none, frees: nil, into: &plan)
        }
        if layers.prefetch == 0 {
          let ready = fetch(copied, isNeeded: true, into: &plan)
          compute(row.computed, costs, after: ready, frees: freed, into: &plan)
        } else if layers.part < 1 {
          let ready = fetch(row.computed, part: 1 - layers.part, isNeeded: true, into: &plan)
          compute(row.computed, costs, after: ready, frees: freed, into: &plan)
          fetch(copied, part: layers.part, into: &plan)
        } else {
          let ready = TaskRef.last(of: loaded, back: layers.prefetch)
          compute(row.computed, costs, after: ready, frees: freed, into: &plan)
          fetch(copied, into: &plan)
        }
      }
    }
  }

  /// Whether nothing is gathered: from peers every device gets all weights, on one device each byte moves once more.
  public var movesModel: Bool { gather == nil }

  /// Bytes of weights on a device at most at once, and of all weights.
  public var figures: [PlacedFigure] {
    [
      PlacedFigure("device-weights", layers.held, of: 1, unit: "B"),
      PlacedFigure("weights", pieces.weights, of: 1, unit: "B"),
    ]
  }

  /// Copies a part of a section to the device, which is needed now or for the section after. The step does not wait for
  /// it, but for what needs it.
  @discardableResult
  private func fetch(
    _ section: Int, part: Double = 1, isNeeded: Bool = false, into plan: inout StepPlan
  ) -> TaskRef {
    let bytes = layers.sections[section].bytes * part
    // What is needed now takes the slot that the section before has just left; of the others two have been left since. A
    // host that launches ahead does not wait for the section before: its matrices leave as those that are needed arrive.
    let slot = TaskRef.last(of: freed, back: isNeeded && !launchesAhead ? 1 : 2)
    var ready = TaskRef.none
    if let read {
      // The last copy of what was needed before: behind it stands that of the part ahead, if there is one.
      let free = launchesAhead ? TaskRef.last(of: sent, back: layers.prefetch == 0 ? 1 : 2) : slot
      ready = plan.move(
        readLabel, over: read.stream, bytes: bytes * carried, latency: read.latency,
        after: isNeeded ? free : .none, .last(of: sent, back: 2), bound: PieceCost.linkBound, ahead: true)
    }
    let arrived = plan.move(
      labels.copy, over: copy.stream, bytes: bytes * carried, latency: copy.latency, after: ready, slot,
      gather?.isAwaited == true ? .last(of: loaded) : .none, into: sent, bound: PieceCost.linkBound, ahead: true)
    guard let gather else { return arrived }
    return plan.run(
      gatherLabel, on: gather.stream, for: gather.latency + bytes * gather.perByte, after: arrived, into: loaded,
      bound: PieceCost.linkBound, ahead: true)
  }

  /// What the parts of a step take, layers by kind.
  private struct StepCosts {
    var embedding: PieceCost
    var layers: [PieceCost]
    var head: PieceCost
    /// The host's seconds for a layer.
    var dispatch: Double
  }

  private func compute(
    _ section: Int, _ costs: StepCosts, after ready: TaskRef, frees ring: RingID?, into plan: inout StepPlan
  ) {
    var rest = layers.sections[section].parts.count
    for part in layers.sections[section].parts {
      rest -= 1
      var (label, cost, issued) = (labels.first, costs.embedding, TaskRef.none)
      switch part {
      case .embedding: break
      case .head: (label, cost) = (labels.last, costs.head)
      case .layer(let kind):
        issued = plan.run(labels.host, on: host, for: costs.dispatch, bound: PieceCost.hostBound)
        (label, cost) = (labels.feedForward, costs.layers[kind])
      }
      plan.run(
        label, on: gpu, cost, after: issued, ready, into: rest == 0 ? ring : nil)
    }
  }
}
