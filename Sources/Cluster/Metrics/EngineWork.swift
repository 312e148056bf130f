import Models

/// What an engine's devices computed and moved over a run, on one device of the engine.
public struct EngineWork: Hashable, Sendable {
  /// Floating-point operations, a multiply-add counted as two.
  public var operations = 0.0
  /// Bytes from and to the device's memory.
  public var memoryBytes = 0.0
  /// Bytes over the links between the engine's devices.
  public var linkBytes = 0.0

  /// No work.
  public init() {}

  /// The work of `totals` under `cost`, averaged over the stages of the pipeline, each of which runs every step.
  ///
  /// Exact for terms whose features belong to their driver: prompt tokens to `prefill`, decoding sequences to
  /// `decode`, sampled tokens to `sample`, all of them to `step`. Complexity: O(terms).
  public init(_ totals: StepTotals, _ cost: StepCost) {
    for stage in cost.terms {
      for term in stage {
        let calls = Double(term.count)
        operations += calls * Self.sum(term.operations, term.driver, totals)
        let bytes = calls * Self.sum(term.bytes, term.driver, totals)
        if term.byteRoof == .link { linkBytes += bytes } else { memoryBytes += bytes }
      }
    }
    let stages = Double(cost.stageCount)
    operations /= stages
    memoryBytes /= stages
    linkBytes /= stages
  }

  /// The sum of a feature sum over all steps in which its driver is present.
  private static func sum(_ features: FeatureSum, _ driver: CostTerm.Driver, _ totals: StepTotals) -> Double {
    var once = features
    once.constant = 0
    let shape = totals.shape
    let (steps, tokens) =
      switch driver {
      case .step: (totals.steps, shape.tokens)
      case .prefill: (totals.prefillSteps, shape.prefillTokens)
      case .decode: (totals.decodeSteps, shape.decodes)
      case .sample: (totals.sampledSteps, shape.sampled)
      }
    once.perToken = 0
    return features.constant * Double(steps) + features.perToken * Double(tokens) + once.value(shape)
  }

  static func += (sum: inout EngineWork, other: EngineWork) {
    sum.operations += other.operations
    sum.memoryBytes += other.memoryBytes
    sum.linkBytes += other.linkBytes
  }
}

/// The peak rates of one device of a pool, against which utilisation is counted.
public struct DevicePeak: Hashable, Sendable {
  /// Dense operations per second in the format the model computes in.
  public var operations: Double
  /// Bytes per second of the memory that holds weights and KV cache.
  public var bytes: Double

  /// Peak rates per second, both positive.
  public init(operations: Double, bytes: Double) {
    self.operations = operations
    self.bytes = bytes
  }
}
