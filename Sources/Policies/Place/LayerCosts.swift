import Hardware
import Models
import Timeline

extension PieceCost {
  /// What bounds it, as tasks of plans say it.
  public var bound: UInt8 { UInt8(roof.rawValue) }
  /// That a link bounds it.
  public static let linkBound = UInt8(Roof.link.rawValue)
  /// That the host bounds it.
  public static let hostBound = UInt8(Roof.host.rawValue)
}

extension StepPlan {
  /// Issues work of `cost` on `stream`: its seconds, and what bounds most of them.
  @discardableResult
  public mutating func run(
    _ label: TaskLabel, on stream: StreamID, _ cost: PieceCost, after first: TaskRef = .none,
    _ second: TaskRef = .none, _ third: TaskRef = .none, into ring: RingID? = nil, ahead: Bool = false
  ) -> TaskRef {
    run(label, on: stream, for: cost.seconds, after: first, second, third, into: ring, bound: cost.bound, ahead: ahead)
  }

  /// Issues what stands before the first layer: the host's time of a step, after which it dispatches the layers, and the
  /// embedding, for both of which the device is taken.
  mutating func begin(
    _ pieces: ModelPieces, _ shape: StepShape, _ labels: LayerLabels, on gpu: StreamID, host: StreamID
  ) {
    let first = pieces.first.cost(shape)
    let hosted = pieces.hostSeconds(shape, of: first)
    run(labels.host, on: host, for: hosted, bound: PieceCost.hostBound)
    run(
      labels.first, on: gpu, for: first.seconds, bound: 2 * hosted > first.seconds ? PieceCost.hostBound : first.bound)
  }
}

extension ModelPieces {
  /// Bytes of the weights before the first layer and after the last.
  var ends: Double { first.weights + last.weights + embeddingBytes }

  /// Tokens whose keys and values `bytes` hold; as many as an engine may have where the model has none.
  func tokens(in bytes: Double) -> Double {
    guard bytes >= 0 else { return 0 }
    return cacheBytesPerToken > 0 ? bytes / cacheBytesPerToken : 2e9
  }

  /// The host's seconds of a step before it dispatches the first layer.
  func hostSeconds(_ shape: StepShape) -> Double { hostSeconds(shape, of: first.cost(shape)) }

  /// Those of them in what stands before the first layer, which costs `first`.
  func hostSeconds(_ shape: StepShape, of first: PieceCost) -> Double {
    max(0, first.seconds - embedding.seconds(shape))
  }

  /// The host's least seconds for each layer of a step of `shape`.
  public func dispatchPerLayer(_ shape: StepShape) -> Double {
    layers.isEmpty ? 0 : (shape.prefillTokens > 0 ? dispatch.prefill : dispatch.decode) / Double(layers.count)
  }
}

extension ModelPieces.LayerKind {
  /// All of the layer, where it stands on the device.
  public func cost(_ shape: StepShape) -> PieceCost { attended(shape) + feedForward.cost(shape) + routed(shape) }

  /// Attention with the projections before and after it.
  public func attended(_ shape: StepShape) -> PieceCost {
    input.cost(shape) + attention.cost(shape) + output.cost(shape)
  }

  /// What follows attention: the projection after it and the rest of the layer.
  public func afterAttention(_ shape: StepShape) -> PieceCost {
    output.cost(shape) + feedForward.cost(shape) + routed(shape)
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
