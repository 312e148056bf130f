import Models

/// What an engine computed and moved over a run, on one device of a mean stage of its pipeline.
public struct EngineWork: Hashable, Sendable {
  /// Floating-point operations, a multiply-add counted as two.
  public var operations = 0.0
  /// Bytes that the model's operators read and wrote in the device's memory, without what was copied there from elsewhere; nil
  /// where a placed engine's are not known.
  public var memoryBytes: Double? = 0
  /// Bytes over the links between the engine's devices; nil where a placed engine's are not known.
  public var linkBytes: Double? = 0

  /// No work.
  public init() {}

  /// The work of the steps in `totals` under `cost`; see `StepCost.bytes(over:roof:)` for how exact it is.
  ///
  /// Complexity: O(terms).
  public init(_ totals: StepTotals, _ cost: StepCost) {
    let sums = StepSums(
      steps: totals.steps, prefillSteps: totals.prefillSteps, decodeSteps: totals.decodeSteps,
      sampledSteps: totals.sampledSteps, shape: totals.shape, tokens: totals.tokens)
    let stages = Double(cost.stageCount)
    operations = cost.operations(over: sums) / stages
    memoryBytes = cost.bytes(over: sums) / stages
    linkBytes = cost.bytes(over: sums, roof: .link) / stages
  }

  static func += (sum: inout EngineWork, other: EngineWork) {
    sum.operations += other.operations
    sum.memoryBytes = sum.memoryBytes.flatMap { own in other.memoryBytes.map { own + $0 } }
    sum.linkBytes = sum.linkBytes.flatMap { own in other.linkBytes.map { own + $0 } }
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
