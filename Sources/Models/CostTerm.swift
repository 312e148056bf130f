import Hardware

/// What bounds a piece of a step's time.
public typealias Roof = Hardware.Roof
/// Seconds by what bounds them.
public typealias RoofTimes = Hardware.RoofTimes

/// One operator of a step on its device: its work as a function of the step's shape, and the rates it runs at.
///
/// Time = count * (launch + max(conversions / conversionRate + operations / operationRate, bytes / byteRate)) where
/// `driver` is present in the step, else nothing. Two parts may follow the shape in their own way, in terms that do not
/// read decode contexts: the bytes of the experts that a step activates, and the rate of large messages; and in any term
/// its ``form``. A term with a measured ``kernel`` takes that kernel's time. Source: the roofline model (Williams, Waterman, Patterson, CACM 52(4), 2009) with a fixed
/// time per call.
public struct CostTerm: Hashable, Sendable {
  /// What must be present in a step for the operator to run.
  public enum Driver: Hashable, Sendable {
    /// Every step.
    case step
    /// Prompt tokens.
    case prefill
    /// Decoding sequences.
    case decode
    /// Sampled tokens.
    case sample
  }

  /// The operator's name: "qkv", "attention.decode", "all-reduce".
  public var name: String
  /// Calls per step: layers of the stage that run it.
  public var count: Int
  /// What must be present for it to run.
  public var driver: Driver
  /// Seconds per call whatever its size.
  public var launch: Double
  /// Whose time `launch` is: a kernel launch, or the host's.
  public var launchRoof: Roof
  /// Floating-point operations of one call on one device.
  public var operations: FeatureSum
  /// Achievable operations per second, the efficiency included.
  public var operationRate: Double
  /// Bytes that one call moves.
  public var bytes: FeatureSum
  /// Achievable bytes per second, the efficiency included.
  public var byteRate: Double
  /// What the bytes cross: memory, or a link between devices.
  public var byteRoof: Roof
  /// Whether its pairs and contexts are those within the model's attention window.
  public var isWindowed = false

  /// Operations of the vector unit that one call needs to convert weights; they precede the others, so that the times
  /// of both add up, while bytes move meanwhile.
  public var conversions = 0.0
  /// Achievable conversions per second.
  public var conversionRate = Double.infinity
  /// Tokens of a decoding sequence in a step: 1, but for models that compute a block of them.
  public var tokensPerDecode = 1

  /// Weights of experts that one call reads besides `bytes`; nil without experts.
  public var experts: ActiveExperts?
  /// Another byte rate for large calls; nil where all run alike.
  public var large: LargeCalls?
  /// The weights that it multiplies tokens with; nil where it is no such product.
  public var product: Product?
  /// The part of `bytes` per token or sequence that reaches the device's memory whatever a nearer one holds.
  public var lasting = FeatureSum()
  /// The part of `bytes` that are keys and values of new tokens on their way to the KV cache.
  public var cacheWrites = FeatureSum()
  /// What the device's kind makes of it; nil for a plain roofline.
  public var form: TermForm?
  /// The measured kernel whose time it takes; nil for a roofline.
  public var kernel: KernelUse?

  /// A matrix of weights: elements along the edge that is summed over, and columns.
  public struct Product: Hashable, Sendable {
    /// Elements along the edge that is summed over.
    public var inner: Double
    /// Columns.
    public var columns: Double
  }

  /// A term that takes no time until its parts are set.
  public init(name: String, count: Int, driver: Driver) {
    self.name = name
    self.count = count
    self.driver = driver
    launch = 0
    launchRoof = .launch
    operations = FeatureSum()
    operationRate = .infinity
    bytes = FeatureSum()
    byteRate = .infinity
    byteRoof = .memory
  }

  /// Whether the term depends on the contexts of the decoding sequences, which grow at every step.
  public var readsDecodeContext: Bool { operations.perDecodeContext > 0 || bytes.perDecodeContext > 0 }

  /// Whether the operator runs in a step of `shape`.
  @inlinable
  public func runs(in shape: StepShape) -> Bool {
    switch driver {
    case .step: true
    case .prefill: shape.prefillTokens > 0
    case .decode: shape.decodes > 0
    case .sample: shape.sampled > 0
    }
  }

  /// Whether the term is the host's time and not the device's.
  var isHost: Bool { launchRoof == .host || byteRoof == .host }

  /// Tokens of a step of `shape` that the operator computes.
  @inline(__always)
  func tokens(_ shape: StepShape) -> Int { driver.tokens(shape, perDecode: tokensPerDecode) }

  /// Bytes of one call in a step of `shape` that cross `byteRoof`, the active experts' included.
  public func callBytes(_ shape: StepShape) -> Double {
    if let form { return formedBytes(form, shape) }
    return bytes.value(shape, windowed: isWindowed) + (experts.map { $0.bytes * $0.active(tokens: tokens(shape)) } ?? 0)
  }

  /// Conversions of one call in a step of `shape`, the active experts' included.
  public func callConversions(_ shape: StepShape) -> Double {
    conversions + (experts.map { $0.conversions * $0.active(tokens: tokens(shape)) } ?? 0)
  }

  /// Whether the term can be a cost.
  var isValid: Bool {
    guard count >= 0, launch.isFinite, launch >= 0, operationRate > 0, byteRate > 0 else { return false }
    guard conversions.isFinite, conversions >= 0, conversionRate > 0, tokensPerDecode >= 1 else { return false }
    if let experts, !experts.isValid { return false }
    if let large { guard large.byteRate > 0, large.byteRate <= byteRate, byteRate.isFinite else { return false } }
    guard form?.isValid ?? true, lasting.isValid, cacheWrites.isValid else { return false }
    if readsDecodeContext, experts != nil || large != nil { return false }
    return operations.isValid && bytes.isValid
  }
}

extension CostTerm.Driver {
  /// Tokens that an operator of this driver computes in a step, each decoding sequence having `perDecode`.
  @inline(__always)
  func tokens(_ shape: StepShape, perDecode: Int) -> Int {
    switch self {
    case .step: shape.tokens + shape.decodes * (perDecode - 1)
    case .prefill: shape.prefillTokens
    case .decode: shape.decodes * perDecode
    case .sample: shape.sampled + shape.decodes * (perDecode - 1)
    }
  }
}

extension CostTerm.Driver {
  /// The feature, by its place in ``StepShape/features``, that counts those tokens, one of each decoding sequence.
  var feature: Int {
    switch self {
    case .step: 1
    case .sample: 2
    case .prefill: 5
    case .decode: 6
    }
  }
}

/// Weights of the experts that the tokens of a step activate.
public struct ActiveExperts: Hashable, Sendable {
  /// Experts of the layer on the device.
  public var count: Int
  /// Chance that a token is routed to a given one of them, in (0, 1].
  public var share: Double
  /// Bytes of one expert's weights in this operator on this device.
  public var bytes: Double
  /// Operations of the vector unit that convert them.
  public var conversions: Double

  /// Experts of `bytes` each, of which every token takes `share`.
  public init(count: Int, share: Double, bytes: Double, conversions: Double = 0) {
    self.count = count
    self.share = share
    self.bytes = bytes
    self.conversions = conversions
  }

  /// All experts of a layer, of `bytes` each, of which a token takes `perToken`.
  public init(count: Int, perToken: Int, bytes: Double) {
    self.init(count: count, share: Double(perToken) / Double(count), bytes: bytes)
  }

  /// Whether they can be.
  var isValid: Bool {
    count >= 1 && share > 0 && share <= 1 && bytes.isFinite && bytes >= 0 && conversions.isFinite && conversions >= 0
  }

  /// Expected number of distinct experts that `tokens` tokens activate, if they choose independently of each other:
  /// count * (1 - (1 - share)^tokens).
  ///
  /// Complexity: O(log tokens) multiplications.
  public func active(tokens: Int) -> Double {
    var miss = 1.0
    var square = 1 - share
    var left = tokens
    while left > 0 {
      if left & 1 == 1 { miss *= square }
      square *= square
      left >>= 1
    }
    return Double(count) * (1 - miss)
  }
}

/// Calls from a size on that move their bytes at another rate.
public struct LargeCalls: Hashable, Sendable {
  /// Tokens of the step from which on a call is large.
  public var fromTokens: Int
  /// Achievable bytes per second of large calls, no higher than that of the others.
  public var byteRate: Double

  /// Calls in steps of `fromTokens` tokens and more.
  public init(fromTokens: Int, byteRate: Double) {
    self.fromTokens = fromTokens
    self.byteRate = byteRate
  }
}
