import Cluster
import Hardware
import Models
import Timeline
import Units

/// Weights stand in the host's memory or on drives and are copied to the device layer by layer, ahead of their use; the
/// device's memory holds a few layers on their way, those that are pinned, and the KV cache.
///
/// A copy starts when the copy before it has ended and the buffer it goes to is free again; the copies of the next step's
/// first layers start while this step's last ones compute. With `prefetch: 0` a layer is copied when it is needed. From
/// drives every layer passes the host: it is read into host memory and then copied. Several devices fetch a part of
/// every layer each over its own link and gather the rest from their peers. A ring of more buffers is SE-MoE's, a window
/// of layers that stay is Superpipeline's.
/// Settings: `from` (tier), `drives`, `request`, `depth`, `host` (tier that drives are read through), `link`,
/// `link-efficiency`, `prefetch` (layers ahead), `pinned` (layers that never leave). Source: ZeRO-Inference
/// (DeepSpeed, 2022-09-10); SE-MoE (Shen et al., 2022); Superpipeline (2024).
public struct LayerStreaming: PlacePolicy {
  /// The name that scenarios and reports use.
  public static let name = "layer-streaming"
  /// What it does.
  public static let summary = "Weights are copied from host memory or drives layer by layer, ahead of their use."

  private let pieces: ModelPieces
  /// Compute and dispatch.
  private let gpu: StreamID
  private let host: StreamID
  /// From the host to the devices, and from drives to the host; nil from host memory.
  private let copy: Way
  private let read: Way?
  /// From device to device.
  private let peers: StreamID
  /// The layers computed last, whose buffers are free again, and those copied last.
  private let buffers: RingID
  private let loaded: RingID
  private let prefetch: Int
  private let pinned: Int
  /// Layers in a row: the kind that is computed, the kind that is copied meanwhile, and how many.
  private let rows: [Row]
  /// Bytes of a layer that each device copies itself, and seconds in which it gathers the others'.
  private let devices: Double
  private let gather: Link?
  private var labels = LayerLabels()
  private var readLabel = TaskLabel.unnamed
  private var gatherLabel = TaskLabel.unnamed

  private struct Row {
    var computed: Int
    /// Nil for a layer that stays on the device.
    var copied: Int?
    var count: Int
  }

  /// Reads the settings.
  public static func plan(_ settings: any PlaceSettings) -> PlacedPlan? {
    let count = settings.layout.tensorParallel
    guard let pieces = settings.pieces(on: settings.device, tensorParallel: count) else { return nil }
    let tier = settings.tier("from", required: true)
    let isDrive = tier?.kind == .storage
    let drives = settings.count("drives", in: 1...1024, default: 1, because: "one")
    let request = settings.quantity(
      "request", MemoryDimension.self, in: 512...0x1p40, default: 0x1p20, because: "a piece of a layer's weights")
    let depth = settings.count("depth", in: 1...Tier.depthLimit, default: 32, because: "requests in flight a drive")
    let link = settings.link("link", default: settings.device.hostLink, required: true)
    let efficiency = settings.quantity(
      "link-efficiency", FractionDimension.self, in: 0.01...1, default: 1, because: "the link's own bandwidth")
    let prefetch = settings.count("prefetch", in: 0...64, default: 1, because: "one layer ahead")
    let pinned = settings.count(
      "pinned", in: 0...max(0, pieces.layers.count), default: 0, because: "every layer is streamed")
    guard let tier, let link else { return nil }
    var machine = Machine()
    let gpu = machine.compute(settings.device, count: count)
    let host = machine.stream("host")
    let copy = machine.link(link, count: count, name: "copy", efficiency: efficiency)
    let read =
      isDrive
      ? machine.reads(tier, drives: drives, request: request, depth: depth) : nil
    let largest = pieces.kinds.map(\.allWeights).max() ?? 0
    let ends = (pieces.first.weights + pieces.last.weights) * Double(count)
    let buffered = largest * Double(prefetch + 1) * Double(count)
    let stay = pieces.layers.prefix(pinned).reduce(0) { $0 + pieces.kinds[$1].allWeights } * Double(count)
    let memory = DeviceMemory(settings, count: count)
    let room = memory.usable - buffered - stay - ends
    machine.hold("device", bytes: memory.usable, of: memory.capacity)
    machine.hold(
      tier.kind.rawValue, bytes: pieces.weights * Double(count),
      of: tier.capacity.value.value * Double(isDrive ? drives : 1))
    guard pieces.weights * Double(count) <= tier.capacity.value.value * Double(isDrive ? drives : 1) else {
      settings.refuse(
        "from", "\(tier.name) cannot hold the weights",
        why: "\(Memory(pieces.weights * Double(count)).text) > \(tier.capacity.value.text)", fix: "a larger tier")
      return nil
    }
    guard room > 0 else {
      settings.refuse(
        "prefetch", "the device cannot hold the layers on their way",
        why:
          "\(prefetch + 1) buffers of \(Memory(largest).text) and \(pinned) pinned layers > \(Memory(memory.usable).text)",
        fix: "fewer layers ahead, or fewer pinned ones")
      return nil
    }
    let peers = machine.stream("peers")
    let (buffers, loaded) = (machine.resources.ring(2), machine.resources.ring(max(2, prefetch)))
    let policy = LayerStreaming(
      pieces: pieces, gpu: gpu, host: host, copy: copy, read: read, peers: peers, buffers: buffers, loaded: loaded,
      prefetch: prefetch, pinned: pinned, rows: rows(pieces, prefetch: prefetch, pinned: pinned),
      devices: Double(count), gather: count > 1 ? settings.device.peerLink : nil)
    return machine.plan(policy, cacheTokens: room / pieces.cacheBytesPerToken)
  }

  /// Takes the labels of its tasks.
  public mutating func begin(_ plan: inout StepPlan) {
    labels = LayerLabels(&plan)
    readLabel = plan.label("read")
    gatherLabel = plan.label("gather")
  }

  /// Copies and computes layer by layer.
  public func place(_ step: StepView, into plan: inout StepPlan) {
    let shape = step.shape
    let first = pieces.first.cost(shape)
    plan.run(labels.first, on: gpu, for: first.seconds, bound: first.bound)
    // The first layers of this step were copied by the step before, but for the first step of all.
    if step.step == 0 {
      for layer in pinned..<min(pinned + prefetch, pieces.layers.count) { fetch(pieces.layers[layer], into: &plan) }
    }
    for row in rows {
      plan.repeating(row.count) { plan in
        guard let copied = row.copied else { return compute(row.computed, shape, nil, into: &plan) }
        if prefetch == 0 {
          compute(row.computed, shape, fetch(copied, into: &plan), into: &plan)
        } else {
          compute(row.computed, shape, .last(of: loaded, back: prefetch), into: &plan)
          fetch(copied, into: &plan)
        }
      }
    }
    let last = pieces.last.cost(shape)
    plan.run(labels.last, on: gpu, for: last.seconds, bound: last.bound)
  }

  /// The rows of a model whose first `pinned` layers stay: with the layer that is computed the one `prefetch` further on
  /// is copied, those of the next step after the last.
  private static func rows(_ pieces: ModelPieces, prefetch: Int, pinned: Int) -> [Row] {
    let streamed = Array(pieces.layers.dropFirst(pinned))
    var rows: [Row] = []
    func add(_ computed: Int, _ copied: Int?) {
      if let last = rows.last, last.computed == computed, last.copied == copied {
        rows[rows.count - 1].count += 1
      } else {
        rows.append(Row(computed: computed, copied: copied, count: 1))
      }
    }
    for kind in pieces.layers.prefix(pinned) { add(kind, nil) }
    for (place, kind) in streamed.enumerated() { add(kind, streamed[(place + prefetch) % streamed.count]) }
    return rows
  }

  /// Copies the weights of a layer of `kind` to the device. The step does not wait for it, but for what needs it.
  @discardableResult
  private func fetch(_ kind: Int, into plan: inout StepPlan) -> TaskRef {
    let bytes = pieces.kinds[kind].allWeights * devices
    var ready = TaskRef.none
    if let read {
      // Two buffers of the host: the one before last has left.
      ready = plan.move(
        readLabel, over: read.stream, bytes: bytes, latency: read.latency, after: .last(of: loaded, back: 2),
        bound: PieceCost.linkBound, ahead: true)
    }
    let copied = plan.move(
      labels.copy, over: copy.stream, bytes: bytes, latency: copy.latency, after: ready,
      .last(of: buffers, back: prefetch == 0 ? 1 : 2), into: gather == nil ? loaded : nil, bound: PieceCost.linkBound,
      ahead: true)
    guard let gather else { return copied }
    let seconds = gather.latency.value.value + bytes * (devices - 1) / devices / gather.bandwidth.value.value
    return plan.run(
      gatherLabel, on: peers, for: seconds, after: copied, into: loaded, bound: PieceCost.linkBound, ahead: true)
  }

  private func compute(_ kind: Int, _ shape: StepShape, _ ready: TaskRef?, into plan: inout StepPlan) {
    let layer = pieces.kinds[kind]
    let cost =
      layer.input.cost(shape) + layer.attention.cost(shape) + layer.output.cost(shape) + layer.feedForward.cost(shape)
      + layer.routed(shape)
    let issued = plan.run(labels.host, on: host, for: pieces.dispatchPerLayer(shape), bound: PieceCost.hostBound)
    plan.run(
      labels.feedForward, on: gpu, for: cost.seconds, after: issued, ready ?? .none,
      into: ready == nil ? nil : buffers, bound: cost.bound)
  }
}
