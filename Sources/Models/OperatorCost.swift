import Hardware

/// One operator of a step: its work on one device, its time, and what bounds it.
public struct OperatorCost: Hashable, Sendable {
  /// The operator's name: "qkv", "attention.decode", "all-reduce.attention".
  public var name: String
  /// Calls in the step.
  public var calls: Int
  /// Seconds of all calls.
  public var seconds: Double
  /// Operations of all calls on one device.
  public var operations: Double
  /// Operations of all calls on one device's vector unit that convert weights, not among `operations`.
  public var conversions: Double
  /// Bytes of all calls on one device.
  public var bytes: Double
  /// What the bytes cross.
  public var byteRoof: Roof
  /// The roof that takes most of the operator's time.
  public var bound: Roof
}
