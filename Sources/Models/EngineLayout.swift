/// How one copy of a model lies over devices.
public struct EngineLayout: Hashable, Sendable {
  /// Devices that share every layer.
  public var tensorParallel: Int
  /// Stages that share the layers among them.
  public var pipelineParallel: Int

  /// A layout; one device unless told.
  public init(tensorParallel: Int = 1, pipelineParallel: Int = 1) {
    self.tensorParallel = tensorParallel
    self.pipelineParallel = pipelineParallel
  }

  /// Devices of the engine.
  public var devices: Int { tensorParallel * pipelineParallel }

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

  /// Doublings that lead from one device to all that share a layer, rounded up.
  var doublings: Int {
    var count = 0
    while 1 << count < tensorParallel { count += 1 }
    return count
  }
}
