/// The host's time to issue a step's kernels, while the device runs them: least seconds of the device's terms.
public struct Dispatch: Hashable, Sendable {
  /// Of a step with prompt tokens.
  public var prefill: Double
  /// Of a decode-only step.
  public var decode: Double

  /// Dispatch times in seconds; none unless told.
  public init(prefill: Double = 0, decode: Double = 0) {
    self.prefill = prefill
    self.decode = decode
  }

  /// Whether both are finite and none is negative.
  var isValid: Bool { prefill.isFinite && prefill >= 0 && decode.isFinite && decode >= 0 }
}
