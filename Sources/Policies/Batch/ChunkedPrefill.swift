import Cluster

/// Every step decodes all running sequences and fills what is left of a token budget with chunks of prompts.
///
/// Even ITL; prompts take several steps. Source: Sarathi-Serve (Agrawal et al., OSDI 2024).
public struct ChunkedPrefill: BatchPolicy {
  /// The name that scenarios and reports use.
  public static let name = "chunked"
  /// Tokens of a step, decodes and prompt chunks together, at least 1.
  public let tokenBudget: Int

  /// The policy with a budget of `tokenBudget` (raised to 1) tokens a step.
  public init(tokenBudget: Int = 512) { self.tokenBudget = max(1, tokenBudget) }

  /// The next step of a lane.
  public func next(_ view: LaneView) -> StepDecision {
    if view.prefilling > 0 || view.headFits, tokenBudget > view.running { return .mixed(tokens: tokenBudget) }
    return view.running > 0 ? .decode(steps: .max) : .wait
  }
}
