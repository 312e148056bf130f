import Cluster

/// Every step decodes all running sequences, and takes whole waiting prompts as long as its tokens stay within the engine's
/// limit.
///
/// A prompt takes one step, beside the decodes; a longer limit makes prompts wait less and gaps longer. Prompts may be held
/// back, while others decode, until they and the decodes fill a share of the limit or so many steps have passed. Source:
/// in-flight batching of TensorRT-LLM without chunked context (`batch_wait_timeout_iters`, `batch_wait_max_tokens_ratio`:
/// `_waiting_requests` of tensorrt_llm/_torch/pyexecutor/py_executor.py).
public struct InFlight: BatchPolicy {
  /// The name that scenarios and reports use.
  public static let name = "in-flight"

  /// Most steps that prompts are held back for; 0 where they are not.
  public let holdSteps: Int
  /// The share of a step's tokens that, once prompts and decodes have it, ends the wait, from 0 to 1.
  public let holdUntil: Double
  private var held = 0

  /// The policy; a step's tokens are the engine's `maxBatchTokens`.
  public init(holdSteps: Int = 0, holdUntil: Double = 1) {
    self.holdSteps = holdSteps
    self.holdUntil = holdUntil
  }

  /// The next step of a lane.
  public mutating func next(_ view: LaneView) -> StepDecision {
    guard view.headFits, view.running == 0 || view.running + view.headTokens <= view.maxBatchTokens else {
      return view.running > 0 ? .decode(steps: .max) : .wait
    }
    // The prompts behind the first are taken to be as long as it.
    let tokens = view.running + view.waiting * view.headTokens
    if view.running > 0, held < holdSteps, Double(tokens) < holdUntil * Double(view.maxBatchTokens) {
      held += 1
      return .decode(steps: 1)
    }
    held = 0
    return .joint(tokens: view.maxBatchTokens)
  }
}
