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
  /// What products with a class of weights quantise their inputs to and compute in, where that is not ``activations``.
  public var inputs: [WeightClass: Format] = [:]
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

  /// The formats in which `model` was published, all `fp16` without one, as its quantisation says where it has one.
  public init(publishedOf model: Transformer?) {
    let published = StorageFormat(model?.publishedFormat ?? .fp16)
    let wide = published.bits == 16 ? published : .fp16
    let quantization = model?.quantization
    self.init(weights: quantization?.weights ?? published, cache: quantization?.cache ?? wide, activations: wide)
    guard let quantization else { return }
    classes = quantization.classes
    inputs = quantization.inputs
    for name in WeightClass.allCases where quantization.untouched.contains(name) {
      classes[name] = wide
      inputs[name] = nil
    }
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

  /// The format that products with a class of weights compute in on `device`: where weights have less than 16 bits that
  /// of their quantised inputs, if the device has it, and else that of the activations; or that of the weights, where
  /// it is wider and the other has less than 16 bits.
  public func arithmetic(_ weightClass: WeightClass, on device: Device) -> Format {
    let weights = self[weightClass].element
    func wider(_ inputs: Format) -> Format { inputs.bytes < 2 && weights.bytes > inputs.bytes ? weights : inputs }
    if weights.bytes < 2, let quantised = inputs[weightClass].map(wider), device.compute[quantised] != nil {
      return quantised
    }
    return wider(activations.element)
  }

  /// The highest rate of `device` in the formats that products compute in; nil where it has none.
  public func peakOperations(on device: Device) -> Double? {
    let formats = [activations.element] + WeightClass.allCases.map { arithmetic($0, on: device) }
    return formats.compactMap { device.peakOperations($0) }.max()
  }
}
