import Cluster
import Hardware
import Models
import Timeline
import Units

/// Keys and values that the device has no room for stay in host memory, where a processor attends over them.
///
/// The device holds what its memory takes; of a step's contexts the rest, the youngest, is the host's. How the host's
/// share of a batch is computed follows from a profile of the pieces, taken once for sequences of `context` tokens:
/// - *late*: nothing is split. The processor attends for the host's sequences while the device runs the pass; its result
///   joins the batch when the device comes by that layer again, a pass later. Weights are read once. A host sequence so
///   advances a layer a pass: a set of them for each layer, a layer apart, keeps every pass full, and each holds its keys
///   and values while only one set gains a token a pass. What is simulated is the set that does; sequences of the others
///   wait, so that throughput and memory are those of all sets, but a host sequence waits before its tokens come, not
///   between them.
/// - *split*: the batch is cut in two, one part computing while the processor attends for the other's host sequences.
///   Host sequences gain a token a pass, and weights are read twice.
///
/// In both no more sequences take part in a pass than the processor attends for within the device's work; the others wait.
/// `schedule: profiled` takes the way that makes the most tokens a second, the device alone being one; `late` and `split`
/// always do the same. Prompts are computed on the device, and the host's share of their keys and values is sent after.
/// Settings: `processor` (device), `processor-rate` (the share of the device's own rate at which it attends; by its own
/// costs unless told), `kv-capacity` (of the host), `link`, `link-efficiency`, `schedule`, `context`.
/// Source: APEX (Fan et al., arXiv 2506.03296); NEO (Jiang et al., MLSys 2025) for the split, whose scheduler
/// (swiftllm/server/scheduler.py) passes by a sequence where the processor would hold the device up.
public struct HybridAttention: PlacePolicy {
  /// The name that scenarios and reports use.
  public static let name = "hybrid-attention"
  /// What it does.
  public static let summary =
    "Sequences that the device has no room for are attended by a processor over host memory, beside the device."

  /// Who attends, and the way there.
  private var beside: AttentionBeside
  private let profile: HybridProfile
  private let schedule: HybridProfile.Schedule
  /// Tokens whose keys and values the device holds.
  private let deviceTokens: Double
  private let rows: [LayerRow]
  /// Results of the processor: the last of each layer, and of each part of a split batch.
  private let results: RingID
  private let projections: RingID
  private var counts = Counts()
  private var hostLabel = TaskLabel.unnamed

  private var pieces: ModelPieces { beside.pieces }
  private var gpu: StreamID { beside.gpu }
  private var labels: LayerLabels { beside.labels }

  /// Steps by how they were computed, and the sequences that decoded in them.
  private struct Counts {
    var late = 0.0
    var split = 0.0
    var steps = 0.0
    var hosted = 0.0
    var decodes = 0.0
  }

  /// Reads the settings.
  public static func plan(_ settings: any PlaceSettings) -> PlacedPlan? {
    let count = settings.layout.tensorParallel
    guard let pieces = settings.pieces(on: settings.device, tensorParallel: count) else { return nil }
    let beside = AttendingDevice(settings, named: "processor", way: settings, link: settings.device.hostLink)
    let capacity = beside?.capacity ?? 0
    let given = settings.quantity(
      "kv-capacity", MemoryDimension.self, in: 0...0x1p50, default: capacity, because: "all of the processor's memory")
    let rate =
      settings.has("processor-rate")
      ? settings.quantity(
        "processor-rate", FractionDimension.self, in: 1e-4...1, default: 1, because: "only asked for where it is given")
      : nil
    let word = settings.choice(
      "schedule", of: ["profiled", "late", "split"], default: "profiled", because: "APEX")
    let context = settings.count(
      "context", in: 1...10_000_000, default: 512, because: "tokens of a sequence that is profiled")
    guard let beside else { return nil }
    guard given <= capacity else {
      settings.refuse(
        "kv-capacity", "\(beside.device.name) cannot hold the KV cache",
        why: "\(Memory(given).text) > \(Memory(capacity).text)", fix: "a smaller kv-capacity")
      return nil
    }
    let memory = DeviceMemory(settings, count: count)
    let weights = pieces.weights * Double(count)
    guard settings.holds(weights, in: memory) else { return nil }
    var machine = Machine()
    let gpu = machine.compute(settings.device, count: count)
    let host = machine.stream("host")
    let attends = machine.compute(beside.device, name: "processor", isExtra: true)
    let send = machine.link(beside.link, count: count, name: "send", efficiency: beside.efficiency)
    let back = machine.link(beside.link, count: count, name: "return", efficiency: beside.efficiency)
    let layers = max(1, min(255, pieces.layers.count))
    let (results, projections) = (machine.resources.ring(layers), machine.resources.ring(2))
    machine.hold("device", bytes: memory.usable, of: memory.capacity)
    machine.hold("processor", bytes: given, of: capacity)
    let deviceTokens = pieces.tokens(in: memory.usable - weights)
    let profile = HybridProfile(pieces: pieces, attending: beside.pieces, rate: rate)
    let chosen = profile.chosen(
      HybridProfile.Schedule(rawValue: word), deviceTokens: deviceTokens,
      hostTokens: pieces.cacheBytesPerToken > 0 ? pieces.tokens(in: given) : 0, context: context, sets: layers)
    let policy = HybridAttention(
      beside: AttentionBeside(
        settings.model, pieces: pieces, attending: beside.pieces, gpu: gpu, processor: attends, host: host, send: send,
        back: back),
      profile: profile, schedule: chosen.schedule, deviceTokens: deviceTokens, rows: LayerRow.rows(pieces),
      results: results, projections: projections)
    return machine.plan(policy, cacheTokens: deviceTokens + chosen.tokens)
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
    beside.begin(&plan)
    hostLabel = plan.label("host attention")
  }

  /// Computes the step whole, late or split.
  public mutating func place(_ step: StepView, into plan: inout StepPlan) {
    let shape = step.shape
    let sides = sides(of: shape)
    let isSplit = sides.host.decodes > 0 && schedule == .split
    counts.steps += 1
    counts.late += sides.host.decodes > 0 && !isSplit ? 1 : 0
    counts.split += isSplit ? 1 : 0
    counts.hosted += Double(sides.host.decodes)
    counts.decodes += Double(shape.decodes)
    plan.begin(beside.pieces, shape, beside.labels, on: beside.gpu, host: beside.host)
    if isSplit { split(sides, into: &plan) } else { whole(shape, sides, into: &plan) }
    plan.run(labels.last, on: gpu, pieces.last.cost(shape))
  }

  /// The device's sequences, prompts among them, and the host's: contexts beyond what the device holds, in sequences of the
  /// mean length.
  private func sides(of shape: StepShape) -> HybridSides {
    let context = Double(shape.decodeContext)
    guard shape.decodes > 0, context > deviceTokens else {
      return HybridSides(device: shape, host: StepShape(window: shape.window))
    }
    let hosted = min(shape.decodes, Int((Double(shape.decodes) * (1 - deviceTokens / context)).rounded(.up)))
    var device = shape.prompts
    device.add(shape.decoding.part(from: hosted, to: shape.decodes, of: shape.decodes))
    return HybridSides(device: device, host: shape.decoding.part(from: 0, to: hosted, of: shape.decodes))
  }

  /// One batch, whose host sequences go on with what the processor attended for the pass before.
  private func whole(_ shape: StepShape, _ sides: HybridSides, into plan: inout StepPlan) {
    let dispatch = pieces.dispatchPerLayer(shape)
    for (kind, count) in pieces.runs {
      let layer = pieces.kinds[kind]
      plan.repeating(count) { plan in
        let issued = plan.run(labels.host, on: beside.host, for: dispatch, bound: PieceCost.hostBound)
        let projected = plan.run(labels.input, on: gpu, layer.input.cost(shape), after: issued)
        // The result of this layer that the pass before asked for; the one asked for now joins the next pass.
        let joined = sides.host.decodes > 0 ? TaskRef.last(of: results, back: min(255, pieces.layers.count)) : .none
        attend(kind, sides.device, into: &plan)
        plan.run(labels.feedForward, on: gpu, layer.afterAttention(shape), after: joined)
        attendHosted(kind, sides, after: projected, ahead: true, into: &plan)
      }
    }
  }

  /// Two parts that take turns.
  private func split(_ sides: HybridSides, into plan: inout StepPlan) {
    let (one, two) = profile.halves(sides)
    let parts = two.host.decodes > 0 ? [one, two] : [one]
    let shapes = parts.map { $0.device + $0.host }
    func project(_ kind: Int, _ part: Int, into plan: inout StepPlan) {
      let input = pieces.kinds[kind].input.cost(shapes[part])
      plan.run(labels.input, on: gpu, input, into: projections)
    }
    if let kind = rows.first?.kind {
      for part in parts.indices { project(kind, part, into: &plan) }
    }
    let dispatch = pieces.dispatchPerLayer(shapes[0])
    for row in rows {
      let layer = pieces.kinds[row.kind]
      plan.repeating(row.count) { plan in
        for part in parts.indices {
          let issued = plan.run(labels.host, on: beside.host, for: dispatch, bound: PieceCost.hostBound)
          let hosted = attendHosted(
            row.kind, parts[part], after: .last(of: projections, back: parts.count), ahead: false, into: &plan)
          attend(row.kind, parts[part].device, into: &plan)
          plan.run(
            labels.feedForward, on: gpu, layer.afterAttention(shapes[part]), after: hosted, issued)
          if let next = row.next { project(next, part, into: &plan) }
        }
      }
    }
  }

  /// Attends for the device's sequences.
  private func attend(_ kind: Int, _ shape: StepShape, into plan: inout StepPlan) {
    guard shape.tokens > 0 else { return }
    plan.run(labels.attention, on: gpu, pieces.kinds[kind].attention.cost(shape))
  }

  /// Attends for the host's sequences, and sends the host's share of the keys and values of prompts; the result, nothing
  /// where the host has none.
  @discardableResult
  private func attendHosted(
    _ kind: Int, _ sides: HybridSides, after projected: TaskRef, ahead: Bool, into plan: inout StepPlan
  ) -> TaskRef {
    let layer = pieces.kinds[kind]
    let (device, hosted) = (sides.device, sides.host)
    guard hosted.decodes > 0 else { return .none }
    let share = Double(hosted.decodes) / Double(max(1, hosted.decodes + device.decodes))
    let queries = beside.queries(kind, hosted)
    let fresh = layer.cacheBytesPerToken * (Double(hosted.decodes) + share * Double(device.prefillTokens))
    let sent = beside.send(queries + fresh, after: projected, ahead: ahead, into: &plan)
    let done = plan.run(hostLabel, on: beside.processor, profile.attention(kind, hosted), after: sent, ahead: ahead)
    return beside.bring(queries, after: done, in: results, ahead: ahead, into: &plan)
  }
}
