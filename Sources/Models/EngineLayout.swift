/// How one copy of a model lies over devices.
public struct EngineLayout: Hashable, Sendable {
  /// Devices that share every layer of a sequence; the experts apart.
  public var tensorParallel: Int
  /// Stages that share the layers among them.
  public var pipelineParallel: Int
  /// Groups of `tensorParallel` devices in each stage that hold sequences, and all weights but the experts', of their
  /// own: data-parallel attention.
  public var attentionGroups: Int
  /// Parts that the experts of a layer are spread over; 1 where every device holds a shard of every expert. A part is
  /// a device, or as many devices as leave none over, which then share its experts.
  public var expertParallel: Int
  /// Tokens of the part with the most to compute over those of the mean part, at least 1.
  public var expertSkew: Double

  /// A layout; one device unless told.
  public init(
    tensorParallel: Int = 1, pipelineParallel: Int = 1, attentionGroups: Int = 1, expertParallel: Int = 1,
    expertSkew: Double = 1
  ) {
    self.tensorParallel = tensorParallel
    self.pipelineParallel = pipelineParallel
    self.attentionGroups = attentionGroups
    self.expertParallel = expertParallel
    self.expertSkew = expertSkew
  }

  /// Devices of one stage.
  public var stageDevices: Int { tensorParallel * attentionGroups }
  /// Devices of the engine.
  public var devices: Int { stageDevices * pipelineParallel }
  /// Devices that share each expert.
  var expertShards: Int { max(1, stageDevices / expertParallel) }

  /// Layers of each stage; the first stages take what does not divide.
  public func layers(of model: Transformer) -> [Int] {
    let (share, rest) = model.layers.count.quotientAndRemainder(dividingBy: pipelineParallel)
    return (0..<pipelineParallel).map { share + ($0 < rest ? 1 : 0) }
  }

  /// The layers of each stage themselves.
  func slices(of model: Transformer) -> [ArraySlice<Layer>] {
    var start = 0
    return layers(of: model).map { count in
      defer { start += count }
      return model.layers[start..<start + count]
    }
  }

  /// Key-value heads that each device holds; fewer heads than devices are copied.
  func kvHeads(of attention: Attention) -> Int { max(1, attention.kvHeads / tensorParallel) }

  /// Groups of a state-space mixer whose projections each device holds; fewer than devices are copied.
  func stateGroups(of space: StateSpace) -> Int { max(1, space.groups / tensorParallel) }

  /// Doublings that lead from one device to `devices`, rounded up.
  public static func doublings(to devices: Int) -> Int {
    var count = 0
    while 1 << count < devices { count += 1 }
    return count
  }
}
