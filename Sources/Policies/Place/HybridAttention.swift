import Cluster
import Hardware
import Models
import Timeline
import Units

/// Keys and values that the device has no room for stay in host memory, where a processor attends over them.
///
/// The device holds what its memory takes; of a step's contexts the rest, the youngest, is the host's. How the host's
/// share of a batch is computed is chosen for each step by what the pieces cost:
/// - *late*: nothing is split. The processor attends for the host's sequences while the device runs the pass; its result
///   joins the batch when the device comes by that layer again, a pass later. Weights are read once. A host sequence so
///   advances a layer a pass: `groups` sets of them, a layer apart, keep every pass full, and each holds its keys and
///   values while only one set gains a token a pass. What is simulated is the set that does; sequences of the others
///   wait, so that throughput and memory are those of all sets, but a host sequence waits before its tokens come, not
///   between them.
/// - *split*: the batch is cut in two, one part computing while the processor attends for the other's host sequences.
///   Host sequences gain a token a pass, and weights are read twice.
/// - nothing of it where the device holds all.
/// `schedule: profiled` takes *late* where the processor's attention fits under the device's work, else the cheaper of the
/// two; `late` and `split` always do the same. Prompts are computed on the device, and the host's share of their keys and
/// values is sent after.
/// Settings: `processor` (device), `kv-capacity` (of the host), `link`, `link-efficiency`, `schedule`, `groups`.
/// Source: APEX (Fan et al., arXiv 2506.03296); NEO (Jiang et al., MLSys 2025) for the split.
public struct HybridAttention: PlacePolicy {
  /// The name that scenarios and reports use.
  public static let name = "hybrid-attention"
  /// What it does.
  public static let summary =
    "Sequences that the device has no room for are attended by a processor over host memory, beside the device."

  private enum Schedule: String {
    case profiled, late, split
  }

  private let pieces: ModelPieces
  private let gpu: StreamID
  private let host: StreamID
  private let attending: ModelPieces
  private let processor: StreamID
  private let send: Way
  private let back: Way
  private let schedule: Schedule
  /// Tokens whose keys and values the device holds.
  private let deviceTokens: Double
  private let rows: [LayerRow]
  private let traffic: [AttentionTraffic]
  /// Results of the processor: the last of each layer, and of each part of a split batch.
  private let results: RingID
  private let projections: RingID
  private var counts = Counts()
  private var labels = LayerLabels()
  private var sendLabel = TaskLabel.unnamed
  private var backLabel = TaskLabel.unnamed
  private var hostLabel = TaskLabel.unnamed

  /// Steps by how they were computed, and the sequences that decoded in them.
  private struct Counts {
    var late = 0.0
    var split = 0.0
    var steps = 0.0
    var hosted = 0.0
    var decodes = 0.0
  }

  /// A step's sequences by where their keys and values are.
  private struct Sides {
    var device: StepShape
    var host: StepShape
  }

  /// Reads the settings.
  public static func plan(_ settings: any PlaceSettings) -> PlacedPlan? {
    let count = settings.layout.tensorParallel
    guard let pieces = settings.pieces(on: settings.device, tensorParallel: count) else { return nil }
    let processor = settings.device("processor", required: true)
    let capacity = processor?.memory.first?.capacity.value.value ?? 0
    let given = settings.quantity(
      "kv-capacity", MemoryDimension.self, in: 0...0x1p50, default: capacity, because: "all of the processor's memory")
    let link = settings.link("link", default: settings.device.hostLink, required: true)
    let efficiency = settings.quantity(
      "link-efficiency", FractionDimension.self, in: 0.01...1, default: 1, because: "the link's own bandwidth")
    let word = settings.choice(
      "schedule", of: ["profiled", "late", "split"], default: "profiled", because: "APEX")
    let schedule = Schedule(rawValue: word) ?? .profiled
    let layers = max(1, min(255, pieces.layers.count))
    let groups = settings.count(
      "groups", in: 1...1024, default: schedule == .split ? 1 : layers,
      because: "a set of the host's sequences for each layer, one where the batch is split")
    guard let processor, let link, let attending = settings.pieces(on: processor, tensorParallel: 1) else {
      return nil
    }
    guard given <= capacity else {
      settings.refuse(
        "kv-capacity", "\(processor.name) cannot hold the KV cache",
        why: "\(Memory(given).text) > \(Memory(capacity).text)", fix: "a smaller kv-capacity")
      return nil
    }
    let memory = DeviceMemory(settings, count: count)
    let weights = pieces.weights * Double(count)
    guard weights <= memory.usable else {
      settings.refuse(
        nil, "the pool's devices cannot hold the weights",
        why: "\(Memory(weights).text) > \(Memory(memory.usable).text)", fix: "a larger tensor-parallel")
      return nil
    }
    var machine = Machine()
    let gpu = machine.compute(settings.device, count: count)
    let host = machine.stream("host")
    let attends = machine.compute(processor, name: "processor", isExtra: true)
    let send = machine.link(link, count: count, name: "send", efficiency: efficiency)
    let back = machine.link(link, count: count, name: "return", efficiency: efficiency)
    let (results, projections) = (machine.resources.ring(layers), machine.resources.ring(2))
    machine.hold("device", bytes: memory.usable, of: memory.capacity)
    machine.hold("processor", bytes: given, of: capacity)
    let deviceTokens = (memory.usable - weights) / pieces.cacheBytesPerToken
    let policy = HybridAttention(
      pieces: pieces, gpu: gpu, host: host, attending: attending, processor: attends, send: send, back: back,
      schedule: schedule, deviceTokens: deviceTokens, rows: LayerRow.rows(pieces),
      traffic: AttentionTraffic.kinds(pieces, settings.model), results: results, projections: projections)
    return machine.plan(
      policy, cacheTokens: deviceTokens + given / pieces.cacheBytesPerToken / Double(groups))
  }

  /// It counts its steps.
  public var isSteady: Bool { false }

  /// How steps were computed, and the share of decoding sequences that was the host's.
  public var figures: [PlacedFigure] {
    [
      PlacedFigure("late-steps", counts.late, of: counts.steps),
      PlacedFigure("split-steps", counts.split, of: counts.steps),
      PlacedFigure("hosted-share", counts.hosted, of: counts.decodes),
    ]
  }

  /// Takes the labels of its tasks.
  public mutating func begin(_ plan: inout StepPlan) {
    labels = LayerLabels(&plan)
    sendLabel = plan.label("send")
    backLabel = plan.label("return")
    hostLabel = plan.label("host attention")
  }

  /// Computes the step whole, late or split.
  public mutating func place(_ step: StepView, into plan: inout StepPlan) {
    let shape = step.shape
    let sides = sides(of: shape)
    let isSplit = sides.host.decodes > 0 && splits(shape, sides)
    counts.steps += 1
    counts.late += sides.host.decodes > 0 && !isSplit ? 1 : 0
    counts.split += isSplit ? 1 : 0
    counts.hosted += Double(sides.host.decodes)
    counts.decodes += Double(shape.decodes)
    let first = pieces.first.cost(shape)
    plan.run(labels.first, on: gpu, for: first.seconds, bound: first.bound)
    if isSplit { split(sides, into: &plan) } else { whole(shape, sides, into: &plan) }
    let last = pieces.last.cost(shape)
    plan.run(labels.last, on: gpu, for: last.seconds, bound: last.bound)
  }

  /// The device's sequences, prompts among them, and the host's: contexts beyond what the device holds, in sequences of the
  /// mean length.
  private func sides(of shape: StepShape) -> Sides {
    let context = Double(shape.decodeContext)
    guard shape.decodes > 0, context > deviceTokens else {
      return Sides(device: shape, host: StepShape(window: shape.window))
    }
    let hosted = min(shape.decodes, Int((Double(shape.decodes) * (1 - deviceTokens / context)).rounded(.up)))
    var device = shape.prompts
    device.add(shape.decoding.part(from: hosted, to: shape.decodes, of: shape.decodes))
    return Sides(device: device, host: shape.decoding.part(from: 0, to: hosted, of: shape.decodes))
  }

  /// Whether the step is cheaper in two parts.
  private func splits(_ shape: StepShape, _ sides: Sides) -> Bool {
    guard schedule == .profiled else { return schedule == .split }
    let attention = pieces.layers.reduce(0) { $0 + attending.kinds[$1].attention.seconds(sides.host) }
    let late = linear(shape) + ownAttention(sides.device)
    guard attention > late else { return false }
    let (one, two) = halves(sides)
    let split = linear(one.device + one.host) + linear(two.host) + ownAttention(one.device)
    return max(split, attention) < max(late, attention)
  }

  /// Seconds of a pass but for attention.
  private func linear(_ shape: StepShape) -> Double {
    pieces.layers.reduce(0) { sum, kind in
      let layer = pieces.kinds[kind]
      return sum + layer.input.seconds(shape) + layer.output.seconds(shape) + layer.feedForward.seconds(shape)
        + layer.routed(shape).seconds
    }
  }

  private func ownAttention(_ shape: StepShape) -> Double {
    pieces.layers.reduce(0) { $0 + pieces.kinds[$1].attention.seconds(shape) }
  }

  /// Two parts of a split batch: the device's sequences with a part of the host's, and the rest. The host attends for the
  /// first while the second computes and the other way round, so that the shares are as their times are.
  private func halves(_ sides: Sides) -> (one: Sides, two: Sides) {
    let hosted = sides.host.decodes
    let (own, other) = (linear(sides.device) + ownAttention(sides.device), linear(sides.host))
    let beside = min(hosted, Int((Double(hosted) * other / (own + other)).rounded(.down)))
    return (
      Sides(device: sides.device, host: sides.host.part(from: 0, to: beside, of: hosted)),
      Sides(
        device: StepShape(window: sides.device.window), host: sides.host.part(from: beside, to: hosted, of: hosted))
    )
  }

  /// One batch, whose host sequences go on with what the processor attended for the pass before.
  private func whole(_ shape: StepShape, _ sides: Sides, into plan: inout StepPlan) {
    let dispatch = pieces.dispatchPerLayer(shape)
    for (kind, count) in pieces.runs {
      let layer = pieces.kinds[kind]
      plan.repeating(count) { plan in
        let issued = plan.run(labels.host, on: host, for: dispatch, bound: PieceCost.hostBound)
        let input = layer.input.cost(shape)
        let projected = plan.run(labels.input, on: gpu, for: input.seconds, after: issued, bound: input.bound)
        // The result of this layer that the pass before asked for; the one asked for now joins the next pass.
        let joined = sides.host.decodes > 0 ? TaskRef.last(of: results, back: min(255, pieces.layers.count)) : .none
        attend(kind, sides.device, into: &plan)
        let rest = layer.output.cost(shape) + layer.feedForward.cost(shape) + layer.routed(shape)
        plan.run(labels.feedForward, on: gpu, for: rest.seconds, after: joined, bound: rest.bound)
        attendHosted(kind, sides, after: projected, ahead: true, into: &plan)
      }
    }
  }

  /// Two parts that take turns.
  private func split(_ sides: Sides, into plan: inout StepPlan) {
    let (one, two) = halves(sides)
    let parts = two.host.decodes > 0 ? [one, two] : [one]
    let shapes = parts.map { $0.device + $0.host }
    func project(_ kind: Int, _ part: Int, into plan: inout StepPlan) {
      let input = pieces.kinds[kind].input.cost(shapes[part])
      plan.run(labels.input, on: gpu, for: input.seconds, into: projections, bound: input.bound)
    }
    if let kind = rows.first?.kind {
      for part in parts.indices { project(kind, part, into: &plan) }
    }
    let dispatch = pieces.dispatchPerLayer(shapes[0])
    for row in rows {
      let layer = pieces.kinds[row.kind]
      plan.repeating(row.count) { plan in
        for part in parts.indices {
          let issued = plan.run(labels.host, on: host, for: dispatch, bound: PieceCost.hostBound)
          let hosted = attendHosted(
            row.kind, parts[part], after: .last(of: projections, back: parts.count), ahead: false, into: &plan)
          attend(row.kind, parts[part].device, into: &plan)
          let shape = shapes[part]
          let rest = layer.output.cost(shape) + layer.feedForward.cost(shape) + layer.routed(shape)
          plan.run(labels.feedForward, on: gpu, for: rest.seconds, after: hosted, issued, bound: rest.bound)
          if let next = row.next { project(next, part, into: &plan) }
        }
      }
    }
  }

  /// Attends for the device's sequences.
  private func attend(_ kind: Int, _ shape: StepShape, into plan: inout StepPlan) {
    guard shape.tokens > 0 else { return }
    let cost = pieces.kinds[kind].attention.cost(shape)
    plan.run(labels.attention, on: gpu, for: cost.seconds, bound: cost.bound)
  }

  /// Attends for the host's sequences, and sends the host's share of the keys and values of prompts; the result, nothing
  /// where the host has none.
  @discardableResult
  private func attendHosted(
    _ kind: Int, _ sides: Sides, after projected: TaskRef, ahead: Bool, into plan: inout StepPlan
  ) -> TaskRef {
    let layer = pieces.kinds[kind]
    let (device, hosted) = (sides.device, sides.host)
    guard hosted.decodes > 0 else { return .none }
    let share = Double(hosted.decodes) / Double(max(1, hosted.decodes + device.decodes))
    let queries = traffic[kind].query * Double(hosted.decodes)
    let fresh = layer.cacheBytesPerToken * (Double(hosted.decodes) + share * Double(device.prefillTokens))
    let sent = plan.move(
      sendLabel, over: send.stream, bytes: queries + fresh, latency: send.latency, after: projected,
      bound: PieceCost.linkBound, ahead: ahead)
    let cost = attending.kinds[kind].attention.cost(hosted)
    let done = plan.run(
      hostLabel, on: processor, for: cost.seconds, after: sent, bound: cost.bound, ahead: ahead)
    return plan.move(
      backLabel, over: back.stream, bytes: queries, latency: back.latency, after: done, into: results,
      bound: PieceCost.linkBound, ahead: ahead)
  }
}

/// The sums of two steps.
private func + (a: StepShape, b: StepShape) -> StepShape {
  var sum = a
  sum.add(b)
  return sum
}
