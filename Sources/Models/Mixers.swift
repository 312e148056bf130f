/// Softmax attention with a cache of keys and values.
public struct Attention: Hashable, Sendable {
  /// Query heads.
  public var heads: Int
  /// Key and value heads: `heads` for multi-head attention, 1 for multi-query, between for grouped-query.
  public var kvHeads: Int
  /// Width of a head.
  public var headDimension: Int
  /// Most recent tokens that a query sees; nil for all.
  public var window: Int?
  /// Whether the query, key and value projections have biases.
  public var qkvBias: Bool
  /// Whether the output projection has a bias.
  public var outputBias: Bool
  /// Whether queries and keys are normed, with a scale per element of a head.
  public var qkNorm: Bool
  /// Whether that norm has a scale for each element of all heads.
  public var normsAllHeads = false
  /// Whether each head has a learned sink beside its keys.
  public var sinks: Bool
  /// Whether keys and values are those of an earlier layer: read, but neither projected nor cached.
  public var sharesCache: Bool
  /// Whether a token sees those after it.
  public var bidirectional: Bool

  /// Causal attention to the whole context without biases.
  public init(heads: Int, kvHeads: Int, headDimension: Int) {
    self.heads = heads
    self.kvHeads = kvHeads
    self.headDimension = headDimension
    window = nil
    qkvBias = false
    outputBias = false
    qkNorm = false
    sinks = false
    sharesCache = false
    bidirectional = false
  }

  /// Width of all query heads.
  public var queryWidth: Int { heads * headDimension }
  /// Width of all key heads, equal to that of all value heads.
  public var kvWidth: Int { kvHeads * headDimension }
}

/// Multi-head latent attention: keys and values are projections of one narrow vector per token, which is cached.
///
/// Source: DeepSeek-AI, "DeepSeek-V2", 2024, section 2.1.
public struct LatentAttention: Hashable, Sendable {
  /// Heads.
  public var heads: Int
  /// Width of the vector that queries are projected from; nil where they come straight from the residual stream.
  public var queryRank: Int?
  /// Width of the cached vector that keys and values are projected from.
  public var kvRank: Int
  /// Width of the rotary part of a head's query, and of the one rotary key that all heads share.
  public var ropeDimension: Int
  /// Width of the rest of a head's query and key.
  public var nopeDimension: Int
  /// Width of a head's value.
  public var valueDimension: Int

  /// Latent attention of these shapes.
  public init(
    heads: Int, queryRank: Int?, kvRank: Int, ropeDimension: Int, nopeDimension: Int, valueDimension: Int
  ) {
    self.heads = heads
    self.queryRank = queryRank
    self.kvRank = kvRank
    self.ropeDimension = ropeDimension
    self.nopeDimension = nopeDimension
    self.valueDimension = valueDimension
  }
}

/// A Mamba-2 mixer, whose state of a sequence does not grow with it.
///
/// Source: Dao, Gu, "Transformers are SSMs", 2024, section 8.
public struct StateSpace: Hashable, Sendable {
  /// Width of all heads.
  public var inner: Int
  /// Heads.
  public var heads: Int
  /// Width of a head: inner / heads.
  public var headDimension: Int
  /// State elements per element of a head.
  public var stateSize: Int
  /// Groups of heads that share their input and output projections of the state.
  public var groups: Int
  /// Tokens that the convolution over inputs sees.
  public var convolution: Int
  /// Tokens that are mixed by products of matrices before the state moves on, in prompts.
  public var chunk: Int
  /// Whether the convolution has biases.
  public var convolutionBias: Bool
  /// Whether the projections in and out have biases.
  public var bias: Bool
  /// Whether the gated output is normed.
  public var norm: Bool

  /// A mixer of these shapes, with chunks of 256 tokens, biases in its convolution alone, and a norm.
  public init(inner: Int, heads: Int, headDimension: Int, stateSize: Int, groups: Int, convolution: Int) {
    self.inner = inner
    self.heads = heads
    self.headDimension = headDimension
    self.stateSize = stateSize
    self.groups = groups
    self.convolution = convolution
    chunk = 256
    convolutionBias = true
    bias = false
    norm = true
  }

  /// Channels of the convolution: inputs, and the state's input and output projections.
  public var convolutionWidth: Int { inner + 2 * groups * stateSize }
  /// Width of the projection in: gate, channels of the convolution, and a time step for each head.
  public var projectionWidth: Int { inner + convolutionWidth + heads }
  /// State elements of a sequence, those of the convolution included.
  public var stateElements: Int { inner * stateSize + convolutionWidth * convolution }
}
