import Hardware

/// Which layouts a model can have.
extension EngineLayout {
  /// Largest degrees of parallelism.
  private static let largest = 1024

  /// Throws what keeps `model` from lying over devices like `device` so.
  func check(_ model: Transformer, _ device: Device) throws(EngineFault) {
    let faults = device.faults
    guard faults.isEmpty else { throw .device(faults) }
    let degrees = 1...Self.largest
    guard degrees.contains(tensorParallel), pipelineParallel >= 1 else {
      throw .layout("tensor-parallel must lie in 1...1024 and pipeline-parallel be at least 1")
    }
    guard degrees.contains(attentionGroups), degrees.contains(expertParallel), expertSkew >= 1, expertSkew.isFinite
    else {
      throw .layout("expert-parallel and data-parallel-attention must lie in 1...1024 and expert-skew be at least 1")
    }
    guard pipelineParallel <= max(1, model.layers.count) else {
      throw .layout("pipeline-parallel \(pipelineParallel) exceeds the \(model.layers.count) layers")
    }
    if !model.operators.isEmpty, tensorParallel > 1 {
      throw .layout("tensor-parallel \(tensorParallel) cannot split a list of operators")
    }
    for (layer, _) in model.layers.counted() {
      if let mixer = layer.mixer { try check(mixer) }
      if let block = layer.feedForward { try check(block) }
    }
    try checkExperts(model)
    if let (first, second) = model.unequalWindows {
      throw .notCosted("attention through windows of two sizes, \(first) and \(second) tokens,")
    }
  }

  private func checkExperts(_ model: Transformer) throws(EngineFault) {
    let isMixture = model.layers.contains { $0.feedForward?.experts != nil }
    if expertParallel > 1, !isMixture {
      throw .layout("expert-parallel \(expertParallel) has nothing to spread: the model has no experts")
    }
    guard stageDevices.isMultiple(of: expertParallel) else {
      throw .layout(
        "expert-parallel \(expertParallel) does not divide the \(stageDevices) devices of a stage, "
          + "tensor-parallel \(tensorParallel) x data-parallel-attention \(attentionGroups)")
    }
    if attentionGroups > 1, expertParallel == 1 {
      throw .layout(
        "data-parallel-attention \(attentionGroups) leaves only experts in common, and expert-parallel 1 spreads none")
    }
  }

  private func check(_ mixer: Mixer) throws(EngineFault) {
    switch mixer {
    case .attention(let attention):
      try divide("heads", attention.heads)
      try share("key-value heads", attention.kvHeads)
    case .latent(let latent): try divide("heads", latent.heads)
    case .stateSpace(let space):
      try divide("heads", space.heads)
      try share("groups", space.groups)
    }
  }

  private func check(_ block: FeedForward) throws(EngineFault) {
    guard let experts = block.experts else { return try divide("feed-forward width", block.width, isWidth: true) }
    guard experts.count.isMultiple(of: expertParallel) else {
      throw .layout("expert-parallel \(expertParallel) does not divide the \(experts.count) experts")
    }
    guard stageDevices.isMultiple(of: expertParallel) else { return }
    try checkSkew(experts)
    if expertParallel > 1 {
      guard block.width.isMultiple(of: expertShards) else {
        throw .layout(
          "expert-parallel \(expertParallel) leaves \(expertShards) devices to each expert, which do not divide "
            + "its width \(block.width)")
      }
    } else {
      try divide("feed-forward width", block.width, isWidth: true)
    }
    try divide("shared experts' width", experts.sharedWidth, isWidth: true)
  }

  /// A part has at most what all tokens ask for, each at most once of every expert that the part holds.
  private func checkSkew(_ experts: Experts) throws(EngineFault) {
    let held = experts.count / expertParallel
    let most = Double(min(experts.perToken, held) * expertParallel) / Double(experts.perToken)
    guard expertSkew <= most else {
      throw .layout(
        "expert-skew is at most \(min(experts.perToken, held)) x \(expertParallel) / \(experts.perToken), not "
          + "\(expertSkew): a token goes to \(experts.perToken) experts, of which one of \(expertParallel) parts "
          + "holds \(held)")
    }
  }

  private func divide(_ what: String, _ count: Int, isWidth: Bool = false) throws(EngineFault) {
    guard count.isMultiple(of: tensorParallel) else {
      let amount = isWidth ? "\(what) \(count)" : "\(count) \(what)"
      throw .layout("tensor-parallel \(tensorParallel) does not divide the \(amount)")
    }
  }

  private func share(_ what: String, _ count: Int) throws(EngineFault) {
    guard count.isMultiple(of: tensorParallel) || tensorParallel.isMultiple(of: count) else {
      throw .layout("tensor-parallel \(tensorParallel) neither divides the \(count) \(what) nor is divided")
    }
  }
}

extension Transformer {
  /// The windows of its attentions.
  private var windows: [Int] { layers.compactMap(\.window) }

  /// Tokens that its windowed layers see; nil without them.
  public var window: Int? { windows.first }

  /// Two windows that differ; nil where all are one.
  var unequalWindows: (Int, Int)? {
    guard let first = windows.first, let other = windows.first(where: { $0 != first }) else { return nil }
    return (first, other)
  }
}
