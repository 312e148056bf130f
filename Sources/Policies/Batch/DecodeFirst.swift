import Cluster

/// Running sequences before prompts: between two prefill steps at least `decodeSteps` decode steps, as long as
/// sequences run.
///
/// Bounds how often a decode stalls, at the price of TTFT.
public struct DecodeFirst: BatchPolicy {
  /// The name that scenarios and reports use.
  public static let name = "decode-first"
  /// Decode steps between two prefill steps while sequences run, at least 1.
  public let decodeSteps: Int

  /// The policy with `decodeSteps` (raised to 1) decode steps between prefill steps.
  public init(decodeSteps: Int = 8) { self.decodeSteps = max(1, decodeSteps) }

  /// The next step of a lane.
  public func next(_ view: LaneView) -> StepDecision {
    if view.running > 0, !view.headFits { return .decode(steps: .max) }
    if view.running > 0, view.decodesSincePrefill < decodeSteps {
      return .decode(steps: decodeSteps - view.decodesSincePrefill)
    }
    return view.headFits ? .prefill(tokens: view.maxBatchTokens) : .wait
  }
}
