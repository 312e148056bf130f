import Foundation
import Hardware

/// The experts of a mixture-of-experts layer.
public struct Experts: Hashable, Sendable {
  /// Experts of a layer.
  public var count: Int
  /// Experts that each token is routed to.
  public var perToken: Int

  /// `count` experts of which each token uses `perToken`.
  public init(count: Int, perToken: Int) {
    self.count = count
    self.perToken = perToken
  }
}

/// Formats of a model as it is served.
public struct ModelFormats: Hashable, Sendable {
  /// Of all weights.
  public var weights: Format
  /// Of the KV cache.
  public var cache: Format
  /// Of activations, and of the arithmetic.
  public var activations: Format

  /// Formats, all `fp16` unless told.
  public init(weights: Format = .fp16, cache: Format = .fp16, activations: Format = .fp16) {
    self.weights = weights
    self.cache = cache
    self.activations = activations
  }
}

/// A decoder-only transformer: the shapes that its cost depends on.
public struct Transformer: Hashable, Sendable {
  /// The architecture's `model_type`: "llama".
  public var family: String
  /// Layers.
  public var layers: Int
  /// Width of the residual stream.
  public var hidden: Int
  /// Query heads.
  public var heads: Int
  /// Key and value heads: `heads` for multi-head attention, 1 for multi-query, between for grouped-query.
  public var kvHeads: Int
  /// Width of a head.
  public var headDimension: Int
  /// Width of a feed-forward block, of one expert where there are experts.
  public var intermediate: Int
  /// Whether the feed-forward block has a gate beside its up projection.
  public var gated: Bool
  /// The experts of each layer; nil for a dense model.
  public var experts: Experts?
  /// Rows of the embedding.
  public var vocabulary: Int
  /// Whether the output projection is the embedding.
  public var tiedEmbeddings: Bool
  /// Longest context the model was made for; nil where the file does not say.
  public var maxContext: Int?
  /// Attention window in tokens; nil for full attention. Costs read the whole context all the same.
  public var slidingWindow: Int?
  /// Format in which the weights were published; nil where the file does not say.
  public var publishedFormat: Format?
  /// Whether attention and feed-forward block read the same input and share one all-reduce.
  public var parallelBlocks: Bool
  /// Parameters that are not in matrix products: norms, biases, position embeddings.
  public var extras: Extras

  /// The small parameters of a model, by where they stand.
  public struct Extras: Hashable, Sendable {
    /// Parameters of one norm per unit of width: 1 (scale) or 2 (scale and shift).
    public var normWidth = 1
    /// Norms of a layer.
    public var normsPerLayer = 2
    /// Whether the embedding has a norm of its own.
    public var embeddingNorm = false
    /// Whether a norm precedes the output projection.
    public var finalNorm = true
    /// Rows of the learned position embedding.
    public var positionRows = 0
    /// Whether the query, key and value projections have biases.
    public var qkvBias = false
    /// Whether the attention's output projection has a bias.
    public var outputBias = false
    /// Whether the feed-forward projections have biases.
    public var feedForwardBias = false

    /// Those of a Llama.
    public init() {}
  }

  /// Reads the text of a Hugging Face config.json as it is.
  ///
  /// - Throws: ``ConfigError`` with everything that is wrong: missing, mistyped and absurd values by key, and an
  ///   unknown architecture with those that are understood.
  public init(config data: Data) throws(ConfigError) {
    var reader = try ConfigReader(data)
    let model = Self.read(&reader)
    try reader.finish()
    guard let model else { throw ConfigError(faults: [ConfigFault(key: "model_type", why: "is missing")]) }
    self = model
  }

  init(
    family: String, layers: Int, hidden: Int, heads: Int, kvHeads: Int, headDimension: Int, intermediate: Int,
    gated: Bool, vocabulary: Int, tiedEmbeddings: Bool
  ) {
    self.family = family
    self.layers = layers
    self.hidden = hidden
    self.heads = heads
    self.kvHeads = kvHeads
    self.headDimension = headDimension
    self.intermediate = intermediate
    self.gated = gated
    self.vocabulary = vocabulary
    self.tiedEmbeddings = tiedEmbeddings
    parallelBlocks = false
    extras = Extras()
  }

  /// Width of all query heads.
  public var queryWidth: Int { heads * headDimension }
  /// Width of all key heads, equal to that of all value heads.
  public var kvWidth: Int { kvHeads * headDimension }
  /// Matrices of a feed-forward block: 3 with a gate, else 2.
  public var feedForwardMatrices: Int { gated ? 3 : 2 }

  /// Parameters of one norm.
  var normParameters: Int { hidden * extras.normWidth }
  /// Parameters of one layer's attention.
  var attentionParameters: Int {
    hidden * (queryWidth + 2 * kvWidth) + queryWidth * hidden + (extras.qkvBias ? queryWidth + 2 * kvWidth : 0)
      + (extras.outputBias ? hidden : 0)
  }
  /// Parameters of one feed-forward block, of one expert where there are experts.
  var feedForwardParameters: Int {
    feedForwardMatrices * hidden * intermediate
      + (extras.feedForwardBias ? (feedForwardMatrices - 1) * intermediate + hidden : 0)
  }
  /// Parameters of the router of a layer.
  var routerParameters: Int { hidden * (experts?.count ?? 0) }
  /// Parameters of one layer.
  var layerParameters: Int {
    attentionParameters + feedForwardParameters * (experts?.count ?? 1) + routerParameters
      + extras.normsPerLayer * normParameters
  }
  /// Parameters of the embedding, positions and their norm included.
  var embeddingParameters: Int {
    vocabulary * hidden + extras.positionRows * hidden + (extras.embeddingNorm ? normParameters : 0)
  }
  /// Parameters of the output projection, were it not tied, and its norm.
  var outputParameters: Int { vocabulary * hidden + (extras.finalNorm ? normParameters : 0) }

  /// All parameters.
  public var parameters: Int {
    layers * layerParameters + embeddingParameters + outputParameters - (tiedEmbeddings ? vocabulary * hidden : 0)
  }

  /// Parameters that one token passes through: all, without the experts it is not routed to.
  public var activeParameters: Int {
    parameters - layers * feedForwardParameters * ((experts?.count ?? 1) - (experts?.perToken ?? 1))
  }

  /// Bytes of one token's keys and values over all layers.
  public func cacheBytesPerToken(_ format: Format) -> Double { Double(2 * layers * kvWidth) * format.bytes }

  /// Bytes of all weights in one format. Scales of quantised formats are not counted.
  public func weightBytes(_ format: Format) -> Double { Double(parameters) * format.bytes }
}
