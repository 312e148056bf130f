import Cluster

/// The batch policies, written down a second time.
public enum ReferenceBatch: Hashable, Sendable {
  /// Prefill whenever a waiting request fits.
  case prefillFirst
  /// At least `decodeSteps` decode steps between two prefills.
  case decodeFirst(decodeSteps: Int)
  /// Prompts in chunks beside the decodes, at most `tokenBudget` tokens a step.
  case chunked(tokenBudget: Int)
  /// Whole prompts beside the decodes, within the engine's tokens.
  case inFlight
  /// A batch decodes to its end before the next is prefilled.
  case fixed

  /// The next step of a lane.
  func next(_ view: LaneView) -> StepDecision {
    switch self {
    case .prefillFirst:
      if view.headFits { return .prefill(tokens: view.maxBatchTokens) }
      if view.running > 0 { return .decode(steps: .max) }
      return .wait
    case .decodeFirst(let decodeSteps):
      if view.running > 0 && !view.headFits { return .decode(steps: .max) }
      if view.running > 0 && view.decodesSincePrefill < decodeSteps {
        return .decode(steps: decodeSteps - view.decodesSincePrefill)
      }
      return view.headFits ? .prefill(tokens: view.maxBatchTokens) : .wait
    case .chunked(let tokenBudget):
      if view.prefilling > 0 || view.headFits, tokenBudget > view.running { return .mixed(tokens: tokenBudget) }
      return view.running > 0 ? .decode(steps: .max) : .wait
    case .inFlight:
      if view.headFits, view.running == 0 || view.running + view.headTokens <= view.maxBatchTokens {
        return .joint(tokens: view.maxBatchTokens)
      }
      return view.running > 0 ? .decode(steps: .max) : .wait
    case .fixed:
      if view.running > 0 { return .decode(steps: .max) }
      return view.headFits ? .prefill(tokens: view.maxBatchTokens) : .wait
    }
  }
}
