/// Counts of parameters. Bounds on what is read keep every product below 2^62.
extension Attention {
  /// Parameters of the projections for a residual stream of `hidden`, biases included.
  func parameters(hidden: Int) -> Int {
    let keys = sharesCache ? 0 : 2 * kvWidth
    return hidden * (queryWidth + keys) + queryWidth * hidden + (qkvBias ? queryWidth + keys : 0)
      + (outputBias ? hidden : 0)
  }

  /// Parameters that each device holds whole: the norms of heads.
  var smallParameters: Int {
    let (query, key) = normsAllHeads ? (queryWidth, kvWidth) : (headDimension, headDimension)
    return (qkNorm ? query + (sharesCache ? 0 : key) : 0) + (sinks ? heads : 0)
  }

  /// Cached elements of a token.
  var cacheElements: Int { sharesCache ? 0 : 2 * kvWidth }
}

extension LatentAttention {
  /// Width of a head's query and key.
  var keyDimension: Int { nopeDimension + ropeDimension }

  /// Parameters of the projections.
  func parameters(hidden: Int) -> Int {
    let query = queryRank.map { hidden * $0 + $0 * heads * keyDimension } ?? hidden * heads * keyDimension
    return query + hidden * (kvRank + ropeDimension) + kvRank * heads * (nopeDimension + valueDimension)
      + heads * valueDimension * hidden
  }

  /// Parameters of the norms of the narrow vectors.
  var smallParameters: Int { (queryRank ?? 0) + kvRank }

  /// Cached elements of a token.
  var cacheElements: Int { kvRank + ropeDimension }
}

extension StateSpace {
  /// Parameters of the projections in and out.
  func parameters(hidden: Int) -> Int {
    hidden * projectionWidth + inner * hidden + (bias ? projectionWidth + hidden : 0)
  }

  /// Parameters of the convolution, of the norm, and three for each head: decay, skip and the time step's bias.
  var smallParameters: Int {
    convolutionWidth * (convolution + (convolutionBias ? 1 : 0)) + 3 * heads + (norm ? inner : 0)
  }
}

extension Mixer {
  /// Parameters of the projections.
  func parameters(hidden: Int) -> Int {
    switch self {
    case .attention(let attention): attention.parameters(hidden: hidden)
    case .latent(let latent): latent.parameters(hidden: hidden)
    case .stateSpace(let space): space.parameters(hidden: hidden)
    }
  }

  /// Parameters that are not in projections.
  var smallParameters: Int {
    switch self {
    case .attention(let attention): attention.smallParameters
    case .latent(let latent): latent.smallParameters
    case .stateSpace(let space): space.smallParameters
    }
  }

  /// Elements that each token leaves in the KV cache.
  var cacheElements: Int {
    switch self {
    case .attention(let attention): attention.cacheElements
    case .latent(let latent): latent.cacheElements
    case .stateSpace: 0
    }
  }
}

extension FeedForward {
  /// Parameters of a block of `width`.
  private func parameters(hidden: Int, width: Int) -> Int {
    (ups + 1) * hidden * width + (bias ? ups * width + hidden : 0)
  }

  /// Parameters of the block, of one routed expert where there are experts.
  func expertParameters(hidden: Int) -> Int { parameters(hidden: hidden, width: width) }

  /// Parameters of the shared experts.
  func sharedParameters(hidden: Int) -> Int {
    guard let experts, experts.sharedWidth > 0 else { return 0 }
    return parameters(hidden: hidden, width: experts.sharedWidth)
  }

  /// Parameters of the router and of the shared experts' gate.
  func routerParameters(hidden: Int) -> Int {
    guard let experts else { return 0 }
    return hidden * experts.count + (experts.routerBias ? experts.count : 0) + (experts.sharedGate ? hidden : 0)
  }

  /// All parameters.
  func parameters(hidden: Int) -> Int {
    expertParameters(hidden: hidden) * (experts?.count ?? 1) + sharedParameters(hidden: hidden)
      + routerParameters(hidden: hidden)
  }

  /// Parameters of the routed experts that a token does not go to.
  func idleParameters(hidden: Int) -> Int {
    experts.map { expertParameters(hidden: hidden) * ($0.count - $0.perToken) } ?? 0
  }
}

extension Layer {
  /// The window of its attention; nil where it has none.
  var window: Int? {
    guard case .attention(let attention)? = mixer else { return nil }
    return attention.window
  }

  /// Attentions of the layer: 2 where it also attends to an encoder.
  var mixers: Int { role == .crossDecoder ? 2 : 1 }

  /// Parameters of mixers and feed-forward block, but for norms, routers and what else each device holds whole.
  func splitParameters(hidden: Int) -> Int {
    mixers * (mixer?.parameters(hidden: hidden) ?? 0)
      + (feedForward.map { $0.parameters(hidden: hidden) - $0.routerParameters(hidden: hidden) } ?? 0)
  }

  /// Parameters that each device holds whole: norms and routers.
  func wholeParameters(hidden: Int, normWidth: Int) -> Int {
    mixers * (mixer?.smallParameters ?? 0) + (feedForward?.routerParameters(hidden: hidden) ?? 0)
      + norms * hidden * normWidth
  }
}
