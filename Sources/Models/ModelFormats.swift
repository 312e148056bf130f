import Hardware

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
