/// One layer of a model: a mixer of tokens, then a feed-forward block, each around the residual stream.
public struct Layer: Hashable, Sendable {
  /// Which tokens a layer sees.
  public enum Role: Hashable, Sendable {
    /// Prompt and generated tokens, as in a decoder-only model.
    case decoder
    /// Prompt tokens only, of an encoder beside a decoder.
    case encoder
    /// Generated tokens, with attention to the encoder's output besides their own.
    case crossDecoder
  }

  /// What mixes tokens; nil for a layer that is a feed-forward block alone.
  public var mixer: Mixer?
  /// What follows; nil for a layer that is a mixer alone.
  public var feedForward: FeedForward?
  /// Norms of the residual stream's width.
  public var norms: Int
  /// Whether mixer and feed-forward block read the same input, so that their outputs are summed at once.
  public var parallel: Bool
  /// Which tokens it sees.
  public var role: Role

  /// A layer; of a decoder, with two norms, one block after the other, unless told.
  public init(
    mixer: Mixer?, feedForward: FeedForward?, norms: Int = 2, parallel: Bool = false, role: Role = .decoder
  ) {
    self.mixer = mixer
    self.feedForward = feedForward
    self.norms = norms
    self.parallel = parallel
    self.role = role
  }
}

/// What mixes the tokens of a sequence.
public enum Mixer: Hashable, Sendable {
  /// Multi-head, multi-query or grouped-query attention.
  case attention(Attention)
  /// Multi-head latent attention.
  case latent(LatentAttention)
  /// A state-space mixer.
  case stateSpace(StateSpace)
}

/// A feed-forward block, or a mixture of experts each of which is one.
public struct FeedForward: Hashable, Sendable {
  /// Width, of one expert where there are experts.
  public var width: Int
  /// Whether a gate stands beside the up projection.
  public var gated: Bool
  /// Whether its projections have biases.
  public var bias: Bool
  /// The experts; nil for a dense block.
  public var experts: Experts?

  /// A block; dense, gated and without biases unless told.
  public init(width: Int, gated: Bool = true, bias: Bool = false, experts: Experts? = nil) {
    self.width = width
    self.gated = gated
    self.bias = bias
    self.experts = experts
  }

  /// Projections into the block: 2 with a gate, else 1.
  public var ups: Int { gated ? 2 : 1 }
}

/// The experts of a mixture-of-experts layer.
public struct Experts: Hashable, Sendable {
  /// Routed experts of a layer.
  public var count: Int
  /// Routed experts that each token goes to.
  public var perToken: Int
  /// Width of the shared experts together, which every token goes to; 0 for none.
  public var sharedWidth: Int
  /// Whether a gate weighs the shared experts' output.
  public var sharedGate: Bool
  /// Whether the router has a bias for each expert.
  public var routerBias: Bool

  /// `count` experts of which each token uses `perToken`; none shared unless told.
  public init(
    count: Int, perToken: Int, sharedWidth: Int = 0, sharedGate: Bool = false, routerBias: Bool = false
  ) {
    self.count = count
    self.perToken = perToken
    self.sharedWidth = sharedWidth
    self.sharedGate = sharedGate
    self.routerBias = routerBias
  }
}
