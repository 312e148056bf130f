/// What stands before the first layer.
public struct Embedding: Hashable, Sendable {
  /// Rows of the learned position embedding; 0 for none.
  public var positionRows = 0
  /// Kinds of token with an embedding of their own; 0 for none.
  public var tokenTypes = 0
  /// Whether the sum of embeddings is normed.
  public var norm = false
  /// Elements of tables of relative positions, all layers together.
  public var relativePositions = 0
  /// Width of the token embedding where it is not that of the residual stream, from and to which it is projected.
  public var width: Int?

  /// Tokens alone.
  public init() {}
}

/// What stands after the last layer.
public struct Output: Hashable, Sendable {
  /// Whether logits are computed: false for an encoder that yields vectors.
  public var head = true
  /// Whether the output projection has a bias.
  public var bias = false
  /// Norms after the last layer, of encoder and decoder.
  public var norms = 1
  /// Whether a square projection with a bias follows the first token.
  public var pooler = false

  /// A norm and a projection to the vocabulary.
  public init() {}
}

/// How a model yields tokens.
public enum Decoding: Hashable, Sendable {
  /// One token after another.
  case autoregressive
  /// A block of tokens is refined together, one of them settled at each step.
  case blockDiffusion(block: Int)
  /// One pass over the prompt, and no token.
  case encoder
}
