import Hardware

/// The weights of a model by the operators that read them.
public enum WeightClass: String, CaseIterable, Hashable, Sendable {
  /// Query, key, value and output projections, and those of other mixers.
  case attention
  /// Feed-forward blocks that every token passes, without shared experts.
  case feedForward = "feed-forward"
  /// Experts, the shared ones included where those have no format of their own.
  case experts
  /// Shared experts, which every token goes to.
  case sharedExperts = "shared-experts"
  /// Token and position embeddings.
  case embedding
  /// The output projection.
  case head
  /// Norms and routers: vectors and small matrices that are not quantised.
  case norms
}

/// Formats of a model as it is served.
public struct ModelFormats: Hashable, Sendable {
  /// Of weights whose class has no format of its own.
  public var weights: StorageFormat
  /// Of the classes that have one.
  public var classes: [WeightClass: StorageFormat]
  /// Of the KV cache, converted where it is read at no cost.
  public var cache: StorageFormat
  /// Of activations, and of the arithmetic of weights that are no wider.
  public var activations: StorageFormat
  /// Operations of the vector unit that convert one stored weight; nil for the format's own.
  public var conversionOperations: Double?

  /// Formats, all `fp16` unless told.
  public init(weights: StorageFormat = .fp16, cache: StorageFormat = .fp16, activations: StorageFormat = .fp16) {
    self.weights = weights
    self.cache = cache
    self.activations = activations
    classes = [:]
  }

  /// The formats in which `model` was published, all `fp16` without one; weights in those they were quantised to, but for
  /// the embedding and the head, which quantised checkpoints leave alone, and attention where they are in MXFP4.
  public init(publishedOf model: Transformer?) {
    let published = StorageFormat(model?.publishedFormat ?? .fp16)
    let wide = published.bits == 16 ? published : .fp16
    self.init(weights: model?.publishedWeights ?? published, cache: wide, activations: wide)
    guard let quantized = model?.publishedWeights else { return }
    classes = [.embedding: published, .head: published]
    if quantized == .mxfp4 { classes[.attention] = published }
  }

  /// The format of a class of weights.
  ///
  /// Norms and routers are kept in 16 bits where the weights are narrower, as published checkpoints keep them; shared
  /// experts have the format of experts.
  public subscript(weightClass: WeightClass) -> StorageFormat {
    if let own = classes[weightClass] { return own }
    if weightClass == .sharedExperts { return self[.experts] }
    return weightClass == .norms && weights.bits < 16 ? .fp16 : weights
  }

  /// The format that products with a class of weights compute in: that of the activations, or of the weights where
  /// the activations have less than 16 bits and the weights more than them.
  public func arithmetic(_ weightClass: WeightClass) -> Format {
    let (weights, activations) = (self[weightClass].element, activations.element)
    return activations.bytes < 2 && weights.bytes > activations.bytes ? weights : activations
  }
}
