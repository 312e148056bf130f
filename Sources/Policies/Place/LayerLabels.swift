import Cluster
import Hardware
import Models
import Timeline
import Units

/// The labels of tasks that most placement policies have.
struct LayerLabels: Sendable {
  var first = TaskLabel.unnamed
  var host = TaskLabel.unnamed
  var input = TaskLabel.unnamed
  var attention = TaskLabel.unnamed
  var output = TaskLabel.unnamed
  var feedForward = TaskLabel.unnamed
  var expert = TaskLabel.unnamed
  var copy = TaskLabel.unnamed
  var last = TaskLabel.unnamed

  init() {}

  init(_ plan: inout StepPlan) {
    first = plan.label("embedding")
    host = plan.label("dispatch")
    input = plan.label("projections")
    attention = plan.label("attention")
    output = plan.label("output")
    feedForward = plan.label("feed-forward")
    expert = plan.label("expert")
    copy = plan.label("copy")
    last = plan.label("head")
  }
}

/// The memory of the devices of an engine that it may use.
public struct DeviceMemory: Hashable, Sendable {
  /// Bytes of all of them.
  public var capacity: Double
  /// Bytes that weights and KV cache may take: the share that the plan lets be used, less what the runtime holds.
  public var usable: Double

  /// The memory of `count` devices like `device`, the pool's own unless told.
  public init(_ settings: any PlaceSettings, device: Device? = nil, count: Int) {
    let device = device ?? settings.device
    capacity = (device.memory.first?.capacity.value.value ?? 0) * Double(count)
    usable = max(0, capacity * settings.memory.utilization - settings.memory.reserved * Double(count))
  }
}

extension PlaceSettings {
  /// The bytes of a request to a drive, a piece of `whole`, and how many of them are in flight at each drive.
  func requests(of whole: String) -> (bytes: Double, depth: Int) {
    let bytes = quantity(
      "request", MemoryDimension.self, in: 512...0x1p40, default: 0x1p20, because: "a piece of \(whole)")
    return (bytes, count("depth", in: 1...Tier.depthLimit, default: 32, because: "requests in flight at each drive"))
  }
}

extension PieceCost {
  /// What bounds it, as tasks of plans say it.
  public var bound: UInt8 { UInt8(roof.rawValue) }
  /// That a link bounds it.
  public static let linkBound = UInt8(Roof.link.rawValue)
  /// That the host bounds it.
  public static let hostBound = UInt8(Roof.host.rawValue)
}

extension ModelPieces {
  /// Bytes of the weights before the first layer and after the last.
  var ends: Double { first.weights + last.weights + embeddingBytes }

  /// The layers of `range` as kinds in a row, and how many of each.
  func runs(of range: Range<Int>) -> [(kind: Int, count: Int)] {
    var runs: [(kind: Int, count: Int)] = []
    for kind in layers[range] {
      if runs.last?.kind == kind { runs[runs.count - 1].count += 1 } else { runs.append((kind, 1)) }
    }
    return runs
  }

  /// The host's least seconds for each layer of a step of `shape`.
  public func dispatchPerLayer(_ shape: StepShape) -> Double {
    layers.isEmpty ? 0 : (shape.prefillTokens > 0 ? dispatch.prefill : dispatch.decode) / Double(layers.count)
  }
}

extension ModelPieces.LayerKind {
  /// All of the layer, where it stands on the device.
  func cost(_ shape: StepShape) -> PieceCost { attended(shape) + feedForward.cost(shape) + routed(shape) }

  /// Attention with the projections before and after it.
  public func attended(_ shape: StepShape) -> PieceCost {
    input.cost(shape) + attention.cost(shape) + output.cost(shape)
  }

  /// The rest of the layer: the dense block, or the router and all experts, where they stand on the device.
  public func fed(_ shape: StepShape) -> PieceCost { feedForward.cost(shape) + routed(shape) }

  /// The routed experts of a step of `shape` where all stand on the device: those that are active on average, the tokens
  /// spread evenly over them.
  public func routed(_ shape: StepShape) -> PieceCost {
    guard let expert, let experts, shape.tokens > 0 else { return PieceCost() }
    let share = Double(experts.perToken) / Double(experts.count)
    let active = ActiveExperts(count: experts.count, share: share, bytes: 1).active(tokens: shape.tokens)
    var one = StepShape()
    one.prefillTokens = max(1, Int((Double(shape.tokens * experts.perToken) / active).rounded()))
    var cost = expert.cost(one)
    cost.compute *= active
    cost.memory *= active
    return cost
  }
}
