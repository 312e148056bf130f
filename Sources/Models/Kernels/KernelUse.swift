import Hardware

/// The measured kernel that an operator runs as, and what of its shape is the same in every step.
///
/// It takes the place of the roofline in the operator's time; operations and bytes still count for utilisation and
/// for what bounds the operator.
public struct KernelUse: Hashable, Sendable {
  /// What of a call's shape no step changes.
  public enum Shape: Hashable, Sendable {
    /// A product with a shard of weights.
    case product(columns: Double, inner: Double)
    /// An operator that reads and writes so many elements of each token.
    case rows(elements: Double)
    /// An exchange of so many bytes of each token between devices.
    case exchange(Exchange, devices: Double, bytesPerToken: Double)
    /// The experts of a layer.
    case experts(ExpertShard)
    /// Attention of prompts, and of the sequences that decode beside them where there is a kernel for both.
    case prompts(AttentionShard, both: FittedKernel?)
    /// Attention of decoding sequences; of those alone where the prompts' kernel does both.
    case contexts(AttentionShard, alone: Bool)
  }

  /// The kernel.
  public var kernel: FittedKernel
  /// The chip it runs on.
  public var chip: Chip
  /// The fixed part of its shape.
  public var shape: Shape
  /// The share of a step's tokens, or sequences, that one device computes, in (0, 1].
  public var share: Double
}

/// The heads of an attention that one device has.
public struct AttentionShard: Hashable, Sendable {
  /// Heads of queries.
  public var heads: Double
  /// Heads of keys and values.
  public var keyHeads: Double
  /// Elements of a head.
  public var headSize: Double
  /// Tokens of a sliding window; 0 without one.
  public var window: Double
}

/// The experts of a layer that one device has.
public struct ExpertShard: Hashable, Sendable {
  /// Elements of a token.
  public var hidden: Double
  /// Inner elements of an expert on the device.
  public var inner: Double
  /// Experts of the layer.
  public var experts: Double
  /// Experts that a token goes to.
  public var perToken: Double
  /// Parts that the experts are spread over.
  public var parts: Double
  /// Whether an expert has a gate.
  public var isGated: Bool
}
