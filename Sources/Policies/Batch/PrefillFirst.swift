import Cluster

/// Whole prompts before decodes: a waiting request that fits is prefilled at the next step, and running sequences
/// stall meanwhile.
///
/// Best TTFT, uneven ITL. Source: Orca (Yu et al., OSDI 2022) and vLLM's first scheduler (Kwon et al., SOSP 2023).
public struct PrefillFirst: BatchPolicy {
  /// The name that scenarios and reports use.
  public static let name = "prefill-first"

  /// The policy; it has no settings.
  public init() {}

  /// The next step of a lane.
  public func next(_ view: LaneView) -> StepDecision {
    if view.headFits { return .prefill(tokens: view.maxBatchTokens) }
    return view.running > 0 ? .decode(steps: .max) : .wait
  }
}
