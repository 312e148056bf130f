import Cluster
import Hardware
import Models
import Timeline
import Units

/// Decode attention runs on devices of their own that hold the whole KV cache; the pool's device keeps the weights.
///
/// Every layer sends queries, keys and values over and gets the result back. The batch is cut in `batches` parts that
/// take turns, so that one computes on the model's device while another attends. With `overlap` keys and values follow
/// the queries while attention over what is cached has begun. Prompts are attended where the weights are and their keys
/// and values sent after.
/// Settings: `attention: {device, count}`, `link`, `link-efficiency`, `batches`, `overlap`.
/// Source: Lamina (Chen et al., "Efficient Heterogeneous Large Language Model Decoding with Model-Attention
/// Disaggregation", arXiv 2405.01814).
public struct AttentionOffload: PlacePolicy {
  /// The name that scenarios and reports use.
  public static let name = "attention-offload"
  /// What it does.
  public static let summary =
    "Decode attention runs on other devices that hold the KV cache, parts of the batch in turn."

  /// A kind of device in the engine: the model's pieces on it, its stream, and how many work as one.
  private struct Side {
    var pieces: ModelPieces
    var stream: StreamID
    var count: Double
  }

  private let model: Side
  private let attention: Side
  private let send: Way
  private let back: Way
  private let batches: Int
  private let overlap: Bool
  /// The last task of each part of the batch.
  private let turns: RingID
  private var labels = LayerLabels()
  private var sendLabel = TaskLabel.unnamed
  private var backLabel = TaskLabel.unnamed

  /// Reads the settings.
  public static func plan(_ settings: any PlaceSettings) -> PlacedPlan? {
    let count = settings.layout.tensorParallel
    let own = settings.section("attention")
    let other = own.device("device", required: true)
    let others = own.count("count", in: 1...1024, default: 1, because: "one")
    let link = settings.link("link", default: nil, required: true)
    let efficiency = settings.quantity(
      "link-efficiency", FractionDimension.self, in: 0.01...1, default: 1, because: "the link's own bandwidth")
    let batches = settings.count("batches", in: 1...16, default: 2, because: "one attends while the other computes")
    let overlap = settings.flag("overlap", default: true, because: "Lamina")
    guard let other, let link, let pieces = settings.pieces(on: settings.device, tensorParallel: count),
      let attending = settings.pieces(on: other, tensorParallel: 1)
    else { return nil }
    var machine = Machine()
    let gpu = machine.compute(settings.device, count: count, name: "model")
    let pool = machine.compute(other, count: others, name: "attention", isExtra: true)
    let send = machine.link(link, count: count, name: "send", efficiency: efficiency)
    let back = machine.link(link, count: count, name: "return", efficiency: efficiency)
    let turns = machine.resources.ring(batches)
    let memory = DeviceMemory(settings, count: count)
    let cache = DeviceMemory(settings, device: other, count: others)
    guard pieces.weights * Double(count) <= memory.usable else {
      settings.refuse(
        nil, "the pool's devices cannot hold the weights",
        why: "\(Memory(pieces.weights * Double(count)).text) > \(Memory(memory.usable).text)",
        fix: "a larger tensor-parallel")
      return nil
    }
    machine.hold("model", bytes: pieces.weights * Double(count), of: memory.capacity)
    machine.hold("attention", bytes: cache.usable, of: cache.capacity)
    let policy = AttentionOffload(
      model: Side(pieces: pieces, stream: gpu, count: Double(count)),
      attention: Side(pieces: attending, stream: pool, count: Double(others)), send: send, back: back,
      batches: batches, overlap: overlap, turns: turns)
    return machine.plan(policy, cacheTokens: cache.usable / pieces.cacheBytesPerToken)
  }

  /// Takes the labels of its tasks.
  public mutating func begin(_ plan: inout StepPlan) {
    labels = LayerLabels(&plan)
    sendLabel = plan.label("send")
    backLabel = plan.label("return")
  }

  /// The parts of a batch take turns, layer by layer.
  public func place(_ step: StepView, into plan: inout StepPlan) {
    let shape = step.shape
    let first = model.pieces.first.cost(shape)
    plan.run(labels.first, on: model.stream, for: first.seconds, bound: first.bound)
    let parts = shape.prefillTokens > 0 ? [shape] : self.parts(shape)
    let layers = model.pieces.runs
    for (kind, count) in layers {
      plan.repeating(count) { plan in
        for part in parts { layer(kind, part, of: parts.count, into: &plan) }
      }
    }
    let last = model.pieces.last.cost(shape)
    plan.run(
      labels.last, on: model.stream, for: last.seconds, after: .last(of: turns), bound: last.bound)
  }

  /// The batch in equal parts.
  private func parts(_ shape: StepShape) -> [StepShape] {
    let count = min(batches, max(1, shape.decodes))
    return (0..<count).map { part in
      let decodes = shape.decodes * (part + 1) / count - shape.decodes * part / count
      let context = shape.decodeContext * (part + 1) / count - shape.decodeContext * part / count
      return StepShape(decodes: decodes, context: context, window: shape.window)
    }
  }

  private func layer(_ kind: Int, _ shape: StepShape, of parts: Int, into plan: inout StepPlan) {
    let layer = model.pieces.kinds[kind]
    let input = layer.input.cost(shape)
    let projected = plan.run(
      labels.input, on: model.stream, for: input.seconds, after: .last(of: turns, back: parts), bound: input.bound)
    let width = Double(model.pieces.hidden) * model.pieces.activationBytes
    var (prompts, decodes) = (TaskRef.none, TaskRef.none)
    if shape.prefillTokens > 0 {
      // Prompts attend where the weights are; their keys and values follow.
      let cost = layer.attention.cost(shape.prompts)
      prompts = plan.run(labels.attention, on: model.stream, for: cost.seconds, after: projected, bound: cost.bound)
      plan.move(
        sendLabel, over: send.stream, bytes: layer.cacheBytesPerToken * Double(shape.prefillTokens),
        latency: send.latency, after: projected, bound: PieceCost.linkBound)
    }
    if shape.decodes > 0 {
      let tokens = Double(shape.decodes)
      let fresh = layer.cacheBytesPerToken * tokens
      var cost = attention.pieces.kinds[kind].attention.cost(shape.decoding)
      cost.compute /= attention.count
      cost.memory /= attention.count
      let sent = plan.move(
        sendLabel, over: send.stream, bytes: width * tokens + (overlap ? 0 : fresh), latency: send.latency,
        after: projected, bound: PieceCost.linkBound)
      if overlap {
        plan.move(sendLabel, over: send.stream, bytes: fresh, after: projected, bound: PieceCost.linkBound)
      }
      let done = plan.run(
        labels.attention, on: attention.stream, for: cost.seconds, after: sent, bound: cost.bound)
      decodes = plan.move(
        backLabel, over: back.stream, bytes: width * tokens, latency: back.latency, after: done,
        bound: PieceCost.linkBound)
    }
    let rest = layer.output.cost(shape) + layer.feedForward.cost(shape) + layer.routed(shape)
    plan.run(
      labels.feedForward, on: model.stream, for: rest.seconds, after: prompts, decodes, into: turns, bound: rest.bound)
  }
}
