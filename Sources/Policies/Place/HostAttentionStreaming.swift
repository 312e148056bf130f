import Cluster
import Hardware
import Models
import Timeline
import Units

/// All layers' weights stream from host memory in every pass, and a processor attends over keys and values that stay
/// there, while the device computes everything else.
///
/// A layer is copied into one of two buffers while the layer before is computed: its projections and what follows them
/// wait for the copy, the next copy waits for the buffer. The tokens of a pass, prompts and decodes alike, are cut in
/// `groups` that take turns: while the processor attends for one, the device multiplies for another. Queries, new keys
/// and values go to the host over the link and results come back beside the weights. Copies and attention share the
/// bandwidth of the host's memory. Prompts are attended on the device; what earlier chunks of theirs have left is fetched.
/// Whether passes hold prompts and decodes at once is the batch policy's to say.
/// Settings: `processor` (device), `kv-capacity`, `link`, `link-efficiency`, `groups`.
/// Source: MoE-Lens (Yuan et al., arXiv 2504.09345); its baseline MoE-Lightning (Cao et al., ASPLOS 2025) differs in how
/// passes are filled.
public struct HostAttentionStreaming: PlacePolicy {
  /// The name that scenarios and reports use.
  public static let name = "host-attention-streaming"
  /// What it does.
  public static let summary =
    "Weights stream from host memory every pass while the processor attends over the KV cache there."

  /// Who attends, and the way there.
  private var beside: AttentionBeside
  /// The way of the weights.
  private let copy: Way
  private let groups: Int
  /// The kind of each layer that is computed, with the kind that is copied meanwhile.
  private let rows: [LayerRow]
  /// The layers copied last, and the last tasks of the layers computed last.
  private let loaded: RingID
  private let freed: RingID
  private let devices: Double

  private var pieces: ModelPieces { beside.pieces }
  private var gpu: StreamID { beside.gpu }
  private var labels: LayerLabels { beside.labels }

  /// Reads the settings.
  public static func plan(_ settings: any PlaceSettings) -> PlacedPlan? {
    let count = settings.layout.tensorParallel
    let beside = AttendingDevice(settings, named: "processor", way: settings, link: settings.device.hostLink)
    let groups = settings.count("groups", in: 1...64, default: 2, because: "MoE-Lens: one attends, one multiplies")
    guard let pieces = settings.pieces(on: settings.device, tensorParallel: count) else { return nil }
    let layers = pieces.layers.reduce(0) { $0 + pieces.kinds[$1].allWeights } * Double(count)
    let capacity = beside?.capacity ?? 0
    let cache = settings.quantity(
      "kv-capacity", MemoryDimension.self, in: 1e6...0x1p50, default: max(1e6, capacity - layers),
      because: "what weights leave of the processor's memory")
    guard let beside else { return nil }
    let (processor, link) = (beside.device, beside.link)
    guard layers + cache <= capacity else {
      settings.refuse(
        "processor", "\(processor.name) cannot hold weights and KV cache",
        why: "\(Memory(layers).text) + \(Memory(cache).text) > \(Memory(capacity).text)",
        fix: "a smaller kv-capacity, or a processor with more memory")
      return nil
    }
    let memory = DeviceMemory(settings, count: count)
    let largest = (pieces.kinds.map(\.allWeights).max() ?? 0) * Double(count)
    let ends = pieces.ends * Double(count)
    guard 2 * largest + ends <= memory.usable else {
      settings.refuse(
        nil, "the pool's devices cannot hold two layers on their way",
        why:
          "2 x \(Memory(largest).text) + embedding and head \(Memory(ends).text) > \(Memory(memory.usable).text)",
        fix: "a device with more memory, or a smaller format")
      return nil
    }
    var machine = Machine()
    let gpu = machine.compute(settings.device, count: count)
    let host = machine.stream("host")
    let dram = machine.resources.channel("dram", rate: processor.memoryRate)
    let attends = machine.compute(processor, name: "processor", route: [dram], isExtra: true)
    let rate = link.bandwidth.value.value * Double(count) * beside.efficiency
    let down = machine.resources.channel("down", rate: rate)
    let up = machine.resources.channel("up", rate: rate)
    func way(_ name: String, _ channel: Int) -> Way {
      Way(stream: machine.stream(name, route: [channel, dram]), latency: link.latency.value.value, rate: rate)
    }
    let (copy, send, back) = (way("weights", down), way("send", up), way("return", down))
    machine.hold("device", bytes: 2 * largest + ends, of: memory.capacity)
    machine.hold("processor", bytes: layers + cache, of: capacity)
    let (loaded, freed) = (machine.resources.ring(2), machine.resources.ring(2))
    let policy = HostAttentionStreaming(
      beside: AttentionBeside(
        settings.model, pieces: pieces, attending: beside.pieces, gpu: gpu, processor: attends, host: host, send: send,
        back: back),
      copy: copy, groups: groups, rows: LayerRow.rows(pieces), loaded: loaded, freed: freed, devices: Double(count))
    return machine.plan(policy, cacheTokens: pieces.tokens(in: cache))
  }

  /// Takes the labels of its tasks.
  public mutating func begin(_ plan: inout StepPlan) { beside.begin(&plan) }

  /// Copies, multiplies and attends layer by layer.
  public func place(_ step: StepView, into plan: inout StepPlan) {
    let shape = step.shape
    plan.begin(beside.pieces, shape, beside.labels, on: beside.gpu, host: beside.host)
    // The first layer of a pass was copied while the last one of the pass before was computed.
    if step.step == 0, let kind = rows.first?.kind { load(kind, into: &plan) }
    let parts = shape.parts(groups)
    for row in rows {
      plan.repeating(row.count) { plan in
        load(row.next ?? rows[0].kind, into: &plan)
        layer(row.kind, parts, into: &plan)
      }
    }
    plan.run(labels.last, on: gpu, pieces.last.cost(shape))
  }

  /// Copies a layer into the buffer that is free once the layer before the one under way has been computed.
  private func load(_ kind: Int, into plan: inout StepPlan) {
    plan.move(
      labels.copy, over: copy.stream, bytes: pieces.kinds[kind].allWeights * devices, latency: copy.latency,
      after: .last(of: freed), into: loaded, bound: PieceCost.linkBound, ahead: true)
  }

  /// Projects all groups, attends for each, and lets each go on when its attention is back.
  private func layer(_ kind: Int, _ parts: [StepShape], into plan: inout StepPlan) {
    let layer = pieces.kinds[kind]
    // The copy before the one that has just been issued.
    let ready = TaskRef.last(of: loaded, back: 2)
    let issued = plan.run(
      labels.host, on: beside.host, for: pieces.dispatchPerLayer(parts[0]), bound: PieceCost.hostBound)
    var results: [(TaskRef, TaskRef)] = []
    for part in parts {
      let projected = plan.run(
        labels.input, on: gpu, layer.input.cost(part), after: ready, issued)
      results.append(attend(kind, part, projected, into: &plan))
    }
    for (place, part) in parts.enumerated() {
      plan.run(
        labels.feedForward, on: gpu, layer.afterAttention(part), after: results[place].0, results[place].1,
        into: place == parts.count - 1 ? freed : nil)
    }
  }

  /// Attends prompts on the device and decodes on the processor; what their results come from.
  private func attend(
    _ kind: Int, _ shape: StepShape, _ projected: TaskRef, into plan: inout StepPlan
  ) -> (TaskRef, TaskRef) {
    let layer = pieces.kinds[kind]
    guard layer.cacheBytesPerToken > 0 else {
      let cost = layer.attention.cost(shape)
      return (plan.run(labels.attention, on: gpu, cost), .none)
    }
    let queries = beside.queries(kind, shape)
    let sent = beside.send(
      layer.cacheBytesPerToken * Double(shape.tokens) + queries, after: projected, into: &plan)
    let prompts = beside.attendPrompts(kind, shape, into: &plan)
    guard shape.decodes > 0 else { return (prompts, .none) }
    let cost = beside.attending.kinds[kind].attention.cost(shape.decoding)
    let done = plan.move(
      labels.attention, over: beside.processor, bytes: layer.cacheBytesPerToken * Double(shape.decodeContext),
      least: cost.seconds, after: sent, bound: cost.bound)
    return (prompts, beside.bring(queries, after: done, into: &plan))
  }
}
