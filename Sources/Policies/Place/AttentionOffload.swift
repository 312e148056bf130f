import Cluster
import Hardware
import Models
import Timeline
import Units

/// Decode attention runs on devices of their own that hold the whole KV cache; the pool's device keeps the weights.
///
/// Every layer sends queries, keys and values over and gets the result back: two transfers a layer. The batch is cut in
/// `batches` parts that take turns: what stands between two attentions (output projection, feed-forward, the next
/// layer's projections) of one part runs while the others attend, and reads the weights anew. Each part is a batch of its
/// own with a loop of the host's, which samples its tokens and prepares its next step while the others compute: they are
/// staggered, by an even share of the layers each, so that not all wait for the host at once. A step ends with the tokens of
/// the first part; those of the others have come meanwhile. With `overlap` queries are projected and sent first; keys and
/// values follow while attention over what is cached has begun, and the result waits for them. Prompts are attended
/// where the weights are and their keys and values sent after; what earlier chunks of a prompt have left comes back for
/// that.
/// Settings: `attention: {device, count}`, `link`, `link-efficiency`, `batches`, `overlap`.
/// Source: Lamina (Chen et al., "Efficient Heterogeneous Large Language Model Decoding with Model-Attention
/// Disaggregation", arXiv 2405.01814).
public struct AttentionOffload: PlacePolicy {
  /// The name that scenarios and reports use.
  public static let name = "attention-offload"
  /// What it does.
  public static let summary =
    "Decode attention runs on other devices that hold the KV cache, parts of the batch in turn."

  /// Who attends, and the way there.
  private var beside: AttentionBeside
  /// How many devices share attention.
  private let workers: Double
  /// What prepares the steps of each part of the batch and samples its tokens.
  private let loops: [StreamID]
  private let overlap: Bool
  /// The last projections of queries, those of keys and values, and the last tokens sampled, of each part of the batch.
  private let queries: [RingID]
  private let keys: [RingID]
  private let sampled: [RingID]
  private var sampleLabel = TaskLabel.unnamed

  private var pieces: ModelPieces { beside.pieces }
  private var gpu: StreamID { beside.gpu }
  private var labels: LayerLabels { beside.labels }

  /// Reads the settings.
  public static func plan(_ settings: any PlaceSettings) -> PlacedPlan? {
    let count = settings.layout.tensorParallel
    let beside = AttendingDevice(
      settings.section("attention"), named: "device", counted: "count", way: settings, link: nil)
    let batches = settings.count("batches", in: 1...16, default: 2, because: "one attends while the other computes")
    let overlap = settings.flag("overlap", default: true, because: "Lamina")
    guard let beside, let pieces = settings.pieces(on: settings.device, tensorParallel: count) else { return nil }
    var machine = Machine()
    let gpu = machine.compute(settings.device, count: count, name: "model")
    let host = machine.stream("host")
    let loops = (0..<batches).map { machine.stream("loop-\($0 + 1)") }
    let pool = machine.compute(beside.device, count: beside.count, name: "attention", isExtra: true)
    // Each device has a port; the side with fewer of them bounds what crosses.
    let ports = min(count, beside.count)
    let send = machine.link(beside.link, count: ports, name: "send", efficiency: beside.efficiency)
    let back = machine.link(beside.link, count: ports, name: "return", efficiency: beside.efficiency)
    func rings() -> [RingID] { (0..<batches).map { _ in machine.resources.ring(1) } }
    let (queries, keys, sampled) = (rings(), rings(), rings())
    let memory = DeviceMemory(settings, count: count)
    let cache = DeviceMemory(settings, device: beside.device, count: beside.count)
    let weights = pieces.weights * Double(count)
    guard settings.holds(weights, in: memory) else { return nil }
    machine.hold("model", bytes: weights, of: memory.capacity)
    machine.hold("attention", bytes: cache.usable, of: cache.capacity)
    let policy = AttentionOffload(
      beside: AttentionBeside(
        settings.model, pieces: pieces, attending: beside.pieces, gpu: gpu, processor: pool, host: host, send: send,
        back: back),
      workers: Double(beside.count), loops: loops, overlap: overlap, queries: queries, keys: keys, sampled: sampled)
    return machine.plan(policy, cacheTokens: pieces.tokens(in: cache.usable))
  }

  /// Takes the labels of its tasks.
  public mutating func begin(_ plan: inout StepPlan) {
    beside.begin(&plan)
    sampleLabel = plan.label("sample")
  }

  /// The parts of a batch take turns, layer by layer, each from another layer on.
  public func place(_ step: StepView, into plan: inout StepPlan) {
    let shape = step.shape
    let parts = shape.prefillTokens > 0 ? [shape] : shape.parts(loops.count)
    let dispatch = pieces.dispatchPerLayer(shape)
    let stagger = Stagger(layers: pieces.layers, parts: parts.count, idle: parts.count > 1 ? idle(parts[0]) : 0)
    var slot = 0
    while slot < stagger.slots {
      let count = stagger.equals(from: slot)
      plan.repeating(count) { plan in
        for (place, part) in parts.enumerated() {
          guard let layer = stagger.layer(of: place, at: slot) else { continue }
          if layer == 0 { begin(part, place, into: &plan) }
          let issued =
            dispatch > 0
            ? plan.run(labels.host, on: beside.host, for: dispatch, bound: PieceCost.hostBound, ahead: place > 0)
            : .none
          let kind = pieces.layers[layer]
          let (prompts, decodes) = attend(kind, part, place, into: &plan)
          plan.run(
            labels.feedForward, on: gpu, pieces.kinds[kind].afterAttention(part), after: prompts, decodes, issued,
            ahead: place > 0)
          if layer + 1 < pieces.layers.count {
            project(pieces.layers[layer + 1], part, place, into: &plan)
          } else {
            sample(part, place, into: &plan)
          }
        }
      }
      slot += count
    }
  }

  /// Turns of the others that a part sits out between two of its steps, while the host samples and prepares.
  private func idle(_ part: StepShape) -> Int {
    let loop =
      pieces.first.seconds(part) - pieces.embedding.seconds(part) + pieces.last.seconds(part)
      - pieces.head.seconds(part)
    let turns = pieces.layers.reduce(0) { sum, kind in
      let (own, other) = (pieces.kinds[kind], beside.attending.kinds[kind])
      return sum + own.input.seconds(part) + own.output.seconds(part) + own.feedForward.seconds(part)
        + own.routed(part).seconds + other.attention.seconds(part) / workers + beside.send.latency
        + beside.back.latency
    }
    let count = pieces.layers.count
    return turns > 0 ? min(count, Int((loop / turns * Double(count)).rounded(.up))) : 0
  }

  /// The host's time of a step, the embedding, and the first projections.
  private func begin(_ shape: StepShape, _ place: Int, into plan: inout StepPlan) {
    let begun = plan.run(
      labels.host, on: loops[place], for: pieces.first.seconds(shape) - pieces.embedding.seconds(shape),
      after: .last(of: sampled[place]), bound: PieceCost.hostBound, ahead: place > 0)
    plan.run(labels.first, on: gpu, pieces.embedding.cost(shape), after: begun, ahead: place > 0)
    project(pieces.layers[0], shape, place, into: &plan)
  }

  /// The head, and the host's time for each sequence.
  private func sample(_ shape: StepShape, _ place: Int, into plan: inout StepPlan) {
    let head = pieces.head.cost(shape)
    let logits = plan.run(labels.last, on: gpu, head, ahead: place > 0)
    plan.run(
      sampleLabel, on: loops[place], for: pieces.last.seconds(shape) - head.seconds, after: logits,
      into: sampled[place], bound: PieceCost.hostBound, ahead: place > 0)
  }

  /// Projects queries, then keys and values.
  private func project(_ kind: Int, _ shape: StepShape, _ place: Int, into plan: inout StepPlan) {
    let input = pieces.kinds[kind].input.cost(shape)
    let share = overlap ? beside.traffic[kind].queryShare : 1
    let query = plan.run(
      labels.input, on: gpu, for: input.seconds * share, into: queries[place], bound: input.bound, ahead: place > 0)
    // One task for all of them where they are sent together: what waits for keys waits for queries.
    plan.run(
      labels.input, on: gpu, for: input.seconds * (1 - share), after: query, into: keys[place], bound: input.bound,
      ahead: place > 0)
  }

  /// Attends prompts here and decodes there; what their results come from.
  private func attend(
    _ kind: Int, _ shape: StepShape, _ place: Int, into plan: inout StepPlan
  ) -> (prompts: TaskRef, decodes: TaskRef) {
    let layer = pieces.kinds[kind]
    let ahead = place > 0
    let (query, key) = (TaskRef.last(of: queries[place]), TaskRef.last(of: keys[place]))
    guard layer.cacheBytesPerToken > 0 else {
      // A mixer without keys and values has nothing to offload.
      let cost = layer.attention.cost(shape)
      return (plan.run(labels.attention, on: gpu, cost, after: query, key, ahead: ahead), .none)
    }
    let prompts = beside.attendPrompts(kind, shape, after: query, key, into: &plan)
    if shape.prefillTokens > 0 {
      beside.send(layer.cacheBytesPerToken * Double(shape.prefillTokens), after: key, into: &plan)
    }
    guard shape.decodes > 0 else { return (prompts, .none) }
    let (width, fresh) = (beside.queries(kind, shape), layer.cacheBytesPerToken * Double(shape.decodes))
    var cost = beside.attending.kinds[kind].attention.cost(shape.decoding)
    cost.compute /= workers
    cost.memory /= workers
    let sent = beside.send(
      overlap ? width : width + fresh, after: overlap ? query : key, ahead: ahead, into: &plan)
    let followed = overlap ? beside.send(fresh, after: key, follows: true, ahead: ahead, into: &plan) : .none
    let done = plan.run(labels.attention, on: beside.processor, cost, after: sent, ahead: ahead)
    return (prompts, beside.bring(width, after: done, followed, ahead: ahead, into: &plan))
  }
}
