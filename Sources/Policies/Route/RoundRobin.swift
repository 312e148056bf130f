import Cluster

/// Each request to the next replica in turn.
public struct RoundRobin: RoutePolicy {
  public static let name = "round-robin"
  private var next = 0

  /// The policy; it has no settings.
  public init() {}

  public mutating func route(_ request: RequestView, _ cluster: ClusterView) -> RouteDecision {
    let replica = next
    next = next + 1 == cluster.replicas.count ? 0 : next + 1
    return RouteDecision(prefill: replica, decode: replica)
  }
}
