import Cluster
import Hardware
import Models
import Timeline
import Units

/// Everything stands on the pool's own device: the baseline of every other placement.
///
/// The same time as an engine without a placement policy, to the rounding of its pieces; where the host's dispatch takes
/// longer than the device, the last layer and the head follow it. Settings: none.
public struct Resident: PlacePolicy {
  /// The name that scenarios and reports use.
  public static let name = "resident"
  /// What it does.
  public static let summary = "All weights and the KV cache stand in the memory of the pool's own device."

  private let pieces: ModelPieces
  private let gpu: StreamID
  private let host: StreamID
  private var labels = LayerLabels()

  /// Reads the settings, of which there are none.
  public static func plan(_ settings: any PlaceSettings) -> PlacedPlan? {
    let devices = settings.layout.tensorParallel
    guard let pieces = settings.pieces(on: settings.device, tensorParallel: devices) else { return nil }
    var machine = Machine()
    let gpu = machine.compute(settings.device, count: devices)
    let host = machine.stream("host")
    let memory = DeviceMemory(settings, count: devices)
    let held = pieces.weights * Double(devices)
    let cache = memory.usable - held
    machine.hold("device", bytes: memory.usable, of: memory.capacity)
    return machine.plan(
      Resident(pieces: pieces, gpu: gpu, host: host), cacheTokens: pieces.tokens(in: cache))
  }

  init(pieces: ModelPieces, gpu: StreamID, host: StreamID) {
    self.pieces = pieces
    self.gpu = gpu
    self.host = host
  }

  /// Bytes of weights on a device, which are all.
  public var figures: [PlacedFigure] {
    ["device-weights", "weights"].map { PlacedFigure($0, pieces.weights, of: 1, unit: "B") }
  }

  /// Takes the labels of its tasks.
  public mutating func begin(_ plan: inout StepPlan) { labels = LayerLabels(&plan) }

  /// One task for each piece, in order, each dispatched by the host before.
  public mutating func place(_ step: StepView, into plan: inout StepPlan) {
    let shape = step.shape
    let dispatch = pieces.dispatchPerLayer(shape)
    plan.begin(pieces, shape, labels, on: gpu, host: host)
    for (kind, count) in pieces.runs {
      let layer = pieces.kinds[kind]
      let cost = layer.attended(shape)
      let rest = layer.fed(shape)
      plan.repeating(count) { plan in
        let issued = plan.run(labels.host, on: host, for: dispatch, bound: PieceCost.hostBound)
        plan.run(labels.attention, on: gpu, cost, after: issued)
        plan.run(labels.feedForward, on: gpu, rest)
      }
    }
    plan.run(labels.last, on: gpu, pieces.last.cost(shape))
  }
}
