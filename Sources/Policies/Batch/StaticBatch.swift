import Cluster

/// Request-level batching: a batch is formed when nothing runs and nobody joins until all of it has ended.
///
/// The baseline that continuous batching replaced. The batch holds at most the engine's `maxSequences` requests.
public struct StaticBatch: BatchPolicy {
  /// The name that scenarios and reports use.
  public static let name = "static"

  /// The policy; its batch size is the engine's sequence limit.
  public init() {}

  /// The next step of a lane.
  public func next(_ view: LaneView) -> StepDecision {
    if view.running > 0 { return .decode(steps: .max) }
    return view.headFits ? .prefill(tokens: view.maxBatchTokens) : .wait
  }
}
