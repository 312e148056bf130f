import Cluster
import Hardware
import Models
import Timeline
import Units

/// Decode attention runs on devices of their own that hold the whole KV cache; the pool's device keeps the weights.
///
/// Every layer sends queries, keys and values over and gets the result back: two transfers a layer. The batch is cut in
/// `batches` parts that take turns: what stands between two attentions (output projection, feed-forward, the next
/// layer's projections) of one part runs while the others attend, and reads the weights anew. With `overlap` queries are
/// projected and sent first; keys and values follow while attention over what is cached has begun, and the result waits
/// for them. Prompts are attended where the weights are and their keys and values sent after; what earlier chunks of a
/// prompt have left comes back for that.
/// Settings: `attention: {device, count}`, `link`, `link-efficiency`, `batches`, `overlap`.
/// Source: Lamina (Chen et al., "Efficient Heterogeneous Large Language Model Decoding with Model-Attention
/// Disaggregation", arXiv 2405.01814).
public struct AttentionOffload: PlacePolicy {
  /// The name that scenarios and reports use.
  public static let name = "attention-offload"
  /// What it does.
  public static let summary =
    "Decode attention runs on other devices that hold the KV cache, parts of the batch in turn."

  private let pieces: ModelPieces
  private let gpu: StreamID
  private let host: StreamID
  /// The model's pieces on an attention device, how many of them share it, and their stream.
  private let attending: ModelPieces
  private let workers: Double
  private let pool: StreamID
  private let send: Way
  private let back: Way
  private let batches: Int
  private let overlap: Bool
  private let rows: [LayerRow]
  private let traffic: [AttentionTraffic]
  /// The last projections of queries, and of keys and values, of each part of the batch.
  private let queries: RingID
  private let keys: RingID
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
    let host = machine.stream("host")
    let pool = machine.compute(other, count: others, name: "attention", isExtra: true)
    // Each device has a port; the side with fewer of them bounds what crosses.
    let ports = min(count, others)
    let send = machine.link(link, count: ports, name: "send", efficiency: efficiency)
    let back = machine.link(link, count: ports, name: "return", efficiency: efficiency)
    let (queries, keys) = (machine.resources.ring(batches), machine.resources.ring(batches))
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
      pieces: pieces, gpu: gpu, host: host, attending: attending, workers: Double(others), pool: pool, send: send,
      back: back, batches: batches, overlap: overlap, rows: LayerRow.rows(pieces),
      traffic: AttentionTraffic.kinds(pieces, settings.model), queries: queries, keys: keys)
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
    let first = pieces.first.cost(shape)
    plan.run(labels.first, on: gpu, for: first.seconds, bound: first.bound)
    let parts = shape.prefillTokens > 0 ? [shape] : shape.parts(batches)
    let dispatch = pieces.dispatchPerLayer(shape)
    if let kind = rows.first?.kind {
      for part in parts { project(kind, part, into: &plan) }
    }
    for row in rows {
      plan.repeating(row.count) { plan in
        for part in parts {
          let issued = plan.run(labels.host, on: host, for: dispatch, bound: PieceCost.hostBound)
          let (prompts, decodes) = attend(row.kind, part, of: parts.count, into: &plan)
          let layer = pieces.kinds[row.kind]
          let rest = layer.output.cost(part) + layer.feedForward.cost(part) + layer.routed(part)
          plan.run(
            labels.feedForward, on: gpu, for: rest.seconds, after: prompts, decodes, issued, bound: rest.bound)
          if let next = row.next { project(next, part, into: &plan) }
        }
      }
    }
    let last = pieces.last.cost(shape)
    plan.run(labels.last, on: gpu, for: last.seconds, bound: last.bound)
  }

  /// Projects queries, then keys and values.
  private func project(_ kind: Int, _ shape: StepShape, into plan: inout StepPlan) {
    let input = pieces.kinds[kind].input.cost(shape)
    let share = overlap ? traffic[kind].queryShare : 1
    let query = plan.run(
      labels.input, on: gpu, for: input.seconds * share, into: queries, bound: input.bound)
    if share < 1 {
      plan.run(labels.input, on: gpu, for: input.seconds * (1 - share), into: keys, bound: input.bound)
    } else {
      // One task for all of them: what waits for keys waits for queries.
      plan.run(labels.input, on: gpu, for: 0, after: query, into: keys, bound: input.bound)
    }
  }

  /// Attends prompts here and decodes there; what their results come from.
  private func attend(
    _ kind: Int, _ shape: StepShape, of parts: Int, into plan: inout StepPlan
  ) -> (prompts: TaskRef, decodes: TaskRef) {
    let layer = pieces.kinds[kind]
    let (query, key) = (TaskRef.last(of: queries, back: parts), TaskRef.last(of: keys, back: parts))
    guard layer.cacheBytesPerToken > 0 else {
      // A mixer without keys and values has nothing to offload.
      let cost = layer.attention.cost(shape)
      return (plan.run(labels.attention, on: gpu, for: cost.seconds, after: query, key, bound: cost.bound), .none)
    }
    var (prompts, decodes) = (TaskRef.none, TaskRef.none)
    if shape.prefillTokens > 0 {
      var earlier = TaskRef.none
      if shape.cachedPrefillContext > 0 {
        earlier = plan.move(
          backLabel, over: back.stream, bytes: layer.cacheBytesPerToken * Double(shape.cachedPrefillContext),
          latency: back.latency, bound: PieceCost.linkBound)
      }
      let cost = layer.attention.cost(shape.prompts)
      prompts = plan.run(
        labels.attention, on: gpu, for: cost.seconds, after: query, key, earlier, bound: cost.bound)
      plan.move(
        sendLabel, over: send.stream, bytes: layer.cacheBytesPerToken * Double(shape.prefillTokens),
        latency: send.latency, after: key, bound: PieceCost.linkBound)
    }
    if shape.decodes > 0 {
      let tokens = Double(shape.decodes)
      let (width, fresh) = (traffic[kind].query * tokens, layer.cacheBytesPerToken * tokens)
      var cost = attending.kinds[kind].attention.cost(shape.decoding)
      cost.compute /= workers
      cost.memory /= workers
      let sent = plan.move(
        sendLabel, over: send.stream, bytes: overlap ? width : width + fresh, latency: send.latency,
        after: overlap ? query : key, bound: PieceCost.linkBound)
      // Keys and values stand in line behind the queries, whose latency they need not wait for again.
      let followed =
        overlap
        ? plan.move(sendLabel, over: send.stream, bytes: fresh, after: key, bound: PieceCost.linkBound) : .none
      let done = plan.run(labels.attention, on: pool, for: cost.seconds, after: sent, bound: cost.bound)
      decodes = plan.move(
        backLabel, over: back.stream, bytes: width, latency: back.latency, after: done, followed,
        bound: PieceCost.linkBound)
    }
    return (prompts, decodes)
  }
}
