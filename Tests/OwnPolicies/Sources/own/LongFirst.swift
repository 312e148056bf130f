import Cluster

/// Requests with long prompts to the first replica, the others to the least loaded.
public struct LongFirst: RoutePolicy {
  /// The name that scenarios and reports use.
  public static let name = "long-first"
  /// Tokens from which on a prompt is long.
  let tokens: Int

  /// Where a request goes.
  public func route(_ request: RequestView, _ cluster: ClusterView) -> RouteDecision {
    let replica = request.promptTokens >= tokens ? 0 : cluster.first(by: \.outstanding) ?? 0
    return RouteDecision(prefill: replica, decode: replica)
  }
}
