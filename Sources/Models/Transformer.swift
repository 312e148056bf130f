import Foundation
import Hardware

/// A language model as a list of layers: the shapes that its cost depends on.
public struct Transformer: Hashable, Sendable {
  /// The architecture's `model_type`: "llama".
  public var family: String
  /// Width of the residual stream.
  public var hidden: Int
  /// The layers in the order of execution; an encoder's before the decoder's.
  public var layers: [Layer]
  /// Rows of the embedding.
  public var vocabulary: Int
  /// Whether the output projection is the embedding.
  public var tiedEmbeddings: Bool
  /// Longest context the model was made for; nil where the file does not say.
  public var maxContext: Int?
  /// Format that the model was made in; nil where the file does not say.
  public var publishedFormat: Format?
  /// How the published weights were quantised; nil where they were not.
  public var quantization: Quantization?
  /// Parameters of one norm per unit of width: 1 (scale) or 2 (scale and shift).
  public var normWidth: Int
  /// What stands before the first layer.
  public var embedding: Embedding
  /// What stands after the last layer.
  public var output: Output
  /// How tokens are yielded.
  public var decoding: Decoding
  /// What the file leaves open and what is left out of the model, in the order of reading.
  public var notes: [ConfigNote]
  /// The operators of a network that is no transformer and has no layers; else none.
  public var operators: [ListedOperator] = []

  /// A model of layers with norms that scale, decoding token by token.
  public init(family: String, hidden: Int, layers: [Layer], vocabulary: Int, tiedEmbeddings: Bool) {
    self.family = family
    self.hidden = hidden
    self.layers = layers
    self.vocabulary = vocabulary
    self.tiedEmbeddings = tiedEmbeddings
    normWidth = 1
    embedding = Embedding()
    output = Output()
    decoding = .autoregressive
    notes = []
  }

  /// Reads the text of a Hugging Face config.json as it is.
  ///
  /// - Throws: ``ConfigError`` with everything that is wrong: missing, mistyped and absurd values by key, and an
  ///   unknown architecture with those that are understood.
  public init(config data: Data) throws(ConfigError) {
    var reader = try ConfigReader(data)
    let model = Self.read(&reader)
    try reader.finish()
    guard let model else { throw ConfigError(faults: []) }
    self = model
  }

  /// Reads ModelOpt's hf_quant_config.json, which stands beside a config.json that says nothing of quantisation.
  ///
  /// - Throws: ``ConfigError`` with everything that is wrong or not understood.
  public mutating func quantise(by data: Data) throws(ConfigError) {
    var reader = try ConfigReader(data)
    reader.ignore("producer")
    let found = reader.nested(self)
    reader.close("hf_quant_config.json")
    try reader.finish()
    quantization = found
    notes += reader.notes
  }

  /// Parameters of one norm.
  var normParameters: Int { hidden * normWidth }
  /// Parameters of the token embedding, and of the projection to the residual stream where it has another width.
  var tokenParameters: Int { vocabulary * (embedding.width ?? hidden) + (embedding.width.map { $0 * hidden } ?? 0) }
  /// Parameters of the embedding, positions and their norm included.
  var embeddingParameters: Int {
    tokenParameters + (embedding.positionRows + embedding.tokenTypes) * hidden + embedding.relativePositions
      + (embedding.norm ? normParameters : 0)
  }
  /// Parameters of the output projection, were it not tied, and of what stands with it.
  var outputParameters: Int {
    (output.head ? tokenParameters + (output.bias ? vocabulary : 0) : 0) + output.norms * normParameters
      + (output.pooler ? hidden * hidden + hidden : 0)
  }
  /// Parameters that embedding and output projection have in common.
  var sharedParameters: Int { tiedEmbeddings && output.head ? vocabulary * (embedding.width ?? hidden) : 0 }

  /// Parameters of `layers`.
  func parameters(of layers: some Collection<Layer>) -> Int {
    layers.counted().reduce(0) {
      $0 + $1.count
        * ($1.element.splitParameters(hidden: hidden)
          + $1.element.wholeParameters(hidden: hidden, normWidth: normWidth))
    }
  }

  /// All parameters.
  public var parameters: Int {
    parameters(of: layers) + embeddingParameters + outputParameters - sharedParameters
      + operators.reduce(0) { $0 + $1.count * $1.weights }
  }

  /// Parameters that one token passes through: all, without the experts it is not routed to.
  public var activeParameters: Int {
    parameters - layers.reduce(0) { $0 + ($1.feedForward?.idleParameters(hidden: hidden) ?? 0) }
  }

  /// Elements that one token leaves in the KV cache, over all layers; an encoder's layers leave none.
  public var cacheElementsPerToken: Int {
    layers.reduce(0) { $0 + ($1.role == .encoder ? 0 : $1.mixer?.cacheElements ?? 0) }
  }

  /// Bytes of one token's keys and values over all layers.
  public func cacheBytesPerToken(_ format: StorageFormat) -> Double { Double(cacheElementsPerToken) * format.bytes }

  /// Bytes of all weights.
  public func weightBytes(_ formats: ModelFormats) -> Double {
    WeightShare(self, EngineLayout(), stage: 0, layers: layers).bytes(formats).reduce(0) { $0 + $1.bytes }
  }
}
