import Cluster

/// Each request to the next replica in turn.
public struct RoundRobin: RoutePolicy {
  /// The name that scenarios and reports use.
  public static let name = "round-robin"
  private var next = 0

  /// The policy; it has no settings.
  public init() {}

  /// The replicas of a request.
  public mutating func route(_ request: RequestView, _ cluster: ClusterView) -> RouteDecision {
    let replica = next
    next = next + 1 == cluster.replicas.count ? 0 : next + 1
    return RouteDecision(prefill: replica, decode: replica)
  }
}
