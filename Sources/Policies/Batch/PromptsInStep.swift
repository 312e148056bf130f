import Cluster

/// Waiting prompts run whole in the next step, and decodes beside them where the engine's limit of tokens leaves room for
/// both; where it does not, the decodes miss the step, at most `missedSteps` in a row.
///
/// Good TTFT; a long prompt is one long gap of the decodes beside it. Source: the mixed continuous batching of Splitwise
/// (Patel et al., ISCA 2024, sections 4.2 and 5.2), and `SplitwiseInstance` of its artifact, which also lets part of the
/// decodes into what room there is.
public struct PromptsInStep: BatchPolicy {
  /// The name that scenarios and reports use.
  public static let name = "prompts-in-step"

  /// Most steps in a row that decodes miss, at least 1.
  public let missedSteps: Int
  private var missed = 0

  /// The policy; a step's tokens are the engine's `maxBatchTokens`, and `missedSteps` is raised to 1.
  public init(missedSteps: Int = 4) { self.missedSteps = max(1, missedSteps) }

  /// The next step of a lane.
  public mutating func next(_ view: LaneView) -> StepDecision {
    guard view.headFits else { return view.running > 0 ? .decode(steps: .max) : .wait }
    if view.running == 0 || view.running + view.headTokens <= view.maxBatchTokens {
      missed = 0
      return .joint(tokens: view.maxBatchTokens)
    }
    if missed == missedSteps {
      missed = 0
      return .decode(steps: 1)
    }
    missed += 1
    return .prefill(tokens: view.maxBatchTokens)
  }
}
