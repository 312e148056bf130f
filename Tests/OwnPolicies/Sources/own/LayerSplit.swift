import Cluster
import Hardware
import Models
import Policies
import Timeline
import Units

/// The first layers stand on the pool's own device, the others on a second one; what passes between them crosses a link.
///
/// While one device computes the other waits, so that a step takes the time of both and of the link. Settings: `device`
/// (the second), `link`, `layers` (how many are the first device's; half unless given).
public struct LayerSplit: PlacePolicy {
  /// The name that scenarios and reports use.
  public static let name = "layer-split"
  /// What it does.
  public static let summary = "The first layers stand on the pool's device, the others on a second one behind a link."

  /// A device with its part of the model.
  private struct Side {
    var pieces: ModelPieces
    var stream: StreamID
    /// Its layers, those of one kind in a row.
    var runs: [(kind: Int, count: Int)]
  }

  private let sides: [Side]
  private let over: Way
  private let back: Way
  /// The layer computed last.
  private let done: RingID
  private var labels: [TaskLabel] = []

  /// Reads the settings, and refuses what a device cannot hold.
  public static func plan(_ settings: any PlaceSettings) -> PlacedPlan? {
    let own = settings.layout.tensorParallel
    let total = settings.model.layers.count
    let second = settings.device("device", required: true)
    let link = settings.link("link", default: nil, required: true)
    let split = settings.count("layers", in: 1...max(1, total), default: max(1, total / 2), because: "half of them")
    guard let second, let link else { return nil }
    var machine = Machine()
    var sides: [Side] = []
    var cacheTokens = Double.infinity
    for (name, device, count, layers) in [
      ("first", settings.device, own, 0..<split), ("second", second, 1, split..<total),
    ] {
      guard let pieces = settings.pieces(on: device, tensorParallel: count) else { return nil }
      let end = name == "first" ? pieces.first.weights : pieces.last.weights
      let weights = layers.reduce(end) { $0 + pieces.kinds[pieces.layers[$1]].allWeights } * Double(count)
      let perToken = layers.reduce(0) { $0 + pieces.kinds[pieces.layers[$1]].cacheBytesPerToken }
      let memory = DeviceMemory(settings, device: device, count: count)
      guard weights < memory.usable else {
        settings.refuse(
          "layers", "the \(name) device cannot hold its \(layers.count) layers",
          why: "\(Memory(weights).text) > \(Memory(memory.usable).text) of \(device.name)", fix: "fewer layers on it")
        return nil
      }
      // What is left beside the weights is for keys and values; the fuller device bounds them.
      cacheTokens = min(cacheTokens, (memory.usable - weights) / perToken)
      machine.hold(name, bytes: memory.usable, of: memory.capacity)
      let stream = machine.compute(device, count: count, name: name, isExtra: name == "second")
      sides.append(Side(pieces: pieces, stream: stream, runs: pieces.runs(of: layers)))
    }
    let policy = LayerSplit(
      sides: sides, over: machine.link(link, name: "over"), back: machine.link(link, name: "back"),
      done: machine.resources.ring(1))
    return machine.plan(policy, cacheTokens: cacheTokens)
  }

  /// Takes the labels of its tasks.
  public mutating func begin(_ plan: inout StepPlan) {
    labels = ["embedding", "layer", "over", "head", "back"].map { plan.label($0) }
  }

  /// The embedding and the first layers, the residual stream over the link, the other layers and the head, and the sampled
  /// tokens back.
  public func place(_ step: StepView, into plan: inout StepPlan) {
    let shape = step.shape
    let (first, second) = (sides[0], sides[1])
    plan.run(labels[0], on: first.stream, first.pieces.first.cost(shape), into: done)
    layers(first, shape, after: .none, into: &plan)
    let residual = Double(shape.tokens * first.pieces.hidden) * first.pieces.activationBytes
    let sent = plan.move(
      labels[2], over: over.stream, bytes: residual, latency: over.latency, after: .last(of: done),
      bound: PieceCost.linkBound)
    layers(second, shape, after: sent, into: &plan)
    let sampled = plan.run(labels[3], on: second.stream, second.pieces.last.cost(shape), after: sent)
    // A token is a number of four bytes.
    plan.move(
      labels[4], over: back.stream, bytes: 4 * Double(shape.sampled), latency: back.latency, after: sampled,
      bound: PieceCost.linkBound)
  }

  private func layers(_ side: Side, _ shape: StepShape, after ready: TaskRef, into plan: inout StepPlan) {
    for (kind, count) in side.runs {
      let cost = side.pieces.kinds[kind].cost(shape)
      plan.repeating(count) { plan in
        plan.run(labels[1], on: side.stream, cost, after: ready, into: done)
      }
    }
  }
}
