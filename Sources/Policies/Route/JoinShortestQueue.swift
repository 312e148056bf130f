import Cluster

/// The replica with the fewest pending tokens, the first of equals: a prompt counts its tokens until it is
/// prefilled, a decoding sequence counts 1.
///
/// Complexity: O(replicas) per request. Source: the token-weighted queue of Splitwise's baselines (Patel et al.,
/// ISCA 2024).
public struct JoinShortestQueue: RoutePolicy {
  /// The name that scenarios and reports use.
  public static let name = "join-shortest-queue"

  /// The policy; it has no settings.
  public init() {}

  /// The replicas of a request.
  public func route(_ request: RequestView, _ cluster: ClusterView) -> RouteDecision {
    let replica = cluster.first(by: \.pendingTokens) ?? 0
    return RouteDecision(prefill: replica, decode: replica)
  }
}
