import Cluster

/// Every step decodes all running sequences, and takes whole waiting prompts as long as its tokens stay within the engine's
/// limit.
///
/// A prompt takes one step, beside the decodes; a longer limit makes prompts wait less and gaps longer. Source: in-flight
/// batching of TensorRT-LLM without chunked context.
public struct InFlight: BatchPolicy {
  /// The name that scenarios and reports use.
  public static let name = "in-flight"

  /// The policy; a step's tokens are the engine's `maxBatchTokens`.
  public init() {}

  /// The next step of a lane.
  public func next(_ view: LaneView) -> StepDecision {
    if view.headFits, view.running == 0 || view.running + view.headTokens <= view.maxBatchTokens {
      return .joint(tokens: view.maxBatchTokens)
    }
    return view.running > 0 ? .decode(steps: .max) : .wait
  }
}
