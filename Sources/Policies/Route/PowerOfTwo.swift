import Cluster
import Kernel

/// Of two replicas drawn at random the one with fewer unfinished requests, the first drawn of equals.
///
/// The draw depends on the seed and the request alone. Complexity: O(1). Source: Mitzenmacher, IEEE TPDS 12(10), 2001.
public struct PowerOfTwo: RoutePolicy {
  /// The name that scenarios and reports use.
  public static let name = "power-of-two"
  private let seed: UInt64

  /// The policy with draws from `seed`.
  public init(seed: UInt64) { self.seed = seed }

  /// The replicas of a request.
  public func route(_ request: RequestView, _ cluster: ClusterView) -> RouteDecision {
    let count = UInt64(cluster.replicas.count)
    guard count > 1 else { return RouteDecision(prefill: 0, decode: 0) }
    var stream = RandomStream(seed: seed, consumer: .router, UInt64(request.index))
    let first = Int(stream.below(count))
    var second = Int(stream.below(count - 1))
    if second >= first { second += 1 }
    let better = cluster.replicas[second].outstanding < cluster.replicas[first].outstanding ? second : first
    return RouteDecision(prefill: better, decode: better)
  }
}
