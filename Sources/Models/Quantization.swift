import Hardware

/// How the weights of a checkpoint were quantised, as its config.json says.
public struct Quantization: Hashable, Sendable {
  /// The format of weights whose class has none of its own.
  public var weights: StorageFormat
  /// The formats of classes that were quantised to another.
  public var classes: [WeightClass: StorageFormat] = [:]
  /// The classes that keep the 16 bits that the model was made in.
  public var untouched: Set<WeightClass> = [.embedding, .head]
  /// What products with a class of weights quantise their inputs to; none where inputs keep their 16 bits.
  public var inputs: [WeightClass: Format] = [:]
  /// The format of keys and values that the checkpoint holds scales for; nil without them.
  public var cache: StorageFormat?

  /// All weights but the embedding and the head in one format, whose products take inputs in `inputs`.
  public init(_ weights: StorageFormat, inputs: Format? = nil) {
    self.weights = weights
    guard let inputs else { return }
    for name in WeightClass.allCases { self.inputs[name] = inputs }
  }
}
