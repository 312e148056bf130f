import Hardware

/// What bounds a piece of a step's time.
public typealias Roof = Hardware.Roof
/// Seconds by what bounds them.
public typealias RoofTimes = Hardware.RoofTimes

/// A sum over features of a step: `constant` once per call, the rest per unit of the feature.
public struct FeatureSum: Hashable, Sendable {
  /// Per call.
  public var constant = 0.0
  /// Per token that passes through the layers.
  public var perToken = 0.0
  /// Per row of the output projection.
  public var perSampled = 0.0
  /// Per query-key pair of prefill attention.
  public var perPrefillPair = 0.0
  /// Per KV token that prefill attention reads.
  public var perPrefillContext = 0.0
  /// Per prompt token computed.
  public var perPrefillToken = 0.0
  /// Per decoding sequence.
  public var perDecode = 0.0
  /// Per KV token that decode attention reads.
  public var perDecodeContext = 0.0

  /// A sum of nothing.
  public init() {}

  /// The sum for one call in a step of `shape`, without its decode-context part.
  @inlinable
  func fixed(_ shape: StepShape) -> Double {
    var sum = constant + perToken * Double(shape.tokens)
    sum += perSampled * Double(shape.sampled)
    sum += perPrefillPair * Double(shape.prefillPairs)
    sum += perPrefillContext * Double(shape.prefillContext)
    sum += perPrefillToken * Double(shape.prefillTokens)
    sum += perDecode * Double(shape.decodes)
    return sum
  }

  /// The sum for one call in a step of `shape`.
  public func value(_ shape: StepShape) -> Double { fixed(shape) + perDecodeContext * Double(shape.decodeContext) }

  /// Whether every coefficient is finite and none is negative.
  var isValid: Bool {
    [
      constant, perToken, perSampled, perPrefillPair, perPrefillContext, perPrefillToken, perDecode, perDecodeContext,
    ].allSatisfy { $0.isFinite && $0 >= 0 }
  }
}

/// One operator of a step on its device: its work as a function of the step's shape, and the rates it runs at.
///
/// Time = count * (launch + max(operations / operationRate, bytes / byteRate)) where `driver` is present in the
/// step, else nothing. Source: the roofline model (Williams, Waterman, Patterson, CACM 52(4), 2009) with a fixed
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

  /// The term for a step of `shape` as two straight lines in the decode context.
  func lines(_ shape: StepShape) -> ContextLines {
    let calls = Double(count)
    return ContextLines(
      launch: calls * launch,
      operations: calls * operations.fixed(shape) / operationRate,
      operationsPerContext: calls * operations.perDecodeContext / operationRate,
      bytes: calls * bytes.fixed(shape) / byteRate,
      bytesPerContext: calls * bytes.perDecodeContext / byteRate)
  }
}

/// A term's seconds for a given batch: launch + max of two straight lines in the decode context.
struct ContextLines: Hashable, Sendable {
  var launch = 0.0
  var operations = 0.0
  var operationsPerContext = 0.0
  var bytes = 0.0
  var bytesPerContext = 0.0

  /// Seconds under the operations' roof, under the bytes' roof.
  @inline(__always)
  func roofs(_ context: Double) -> (Double, Double) {
    (operations + operationsPerContext * context, bytes + bytesPerContext * context)
  }

  @inline(__always)
  func seconds(_ context: Double) -> Double {
    let (a, b) = roofs(context)
    return launch + (a > b ? a : b)
  }
}
