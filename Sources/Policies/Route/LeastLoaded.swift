import Cluster

/// The replica with the fewest unfinished requests, the first of equals.
///
/// Complexity: O(replicas) per request.
public struct LeastLoaded: RoutePolicy {
  /// The name that scenarios and reports use.
  public static let name = "least-loaded"

  /// The policy; it has no settings.
  public init() {}

  /// The replicas of a request.
  public func route(_ request: RequestView, _ cluster: ClusterView) -> RouteDecision {
    let replica = cluster.first(by: \.outstanding) ?? 0
    return RouteDecision(prefill: replica, decode: replica)
  }
}
