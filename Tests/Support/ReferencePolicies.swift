import Cluster
import Policies

extension ReferenceBatch {
  /// The shipped policy that must do the same.
  public var policy: any BatchPolicy {
    switch self {
    case .prefillFirst: PrefillFirst()
    case .decodeFirst(let decodeSteps): DecodeFirst(decodeSteps: decodeSteps)
    case .chunked(let tokenBudget): ChunkedPrefill(tokenBudget: tokenBudget)
    case .inFlight: InFlight()
    case .fixed: StaticBatch()
    }
  }
}

extension ReferenceEvict {
  /// The shipped policy that must do the same.
  public var policy: (any EvictPolicy)? {
    switch self {
    case .lru: LeastRecentlyUsed()
    case .fifo: FirstInFirstOut()
    case .lfu: LeastFrequentlyUsed()
    }
  }
}

extension ReferenceRule {
  /// The shipped policy that must do the same.
  public var policy: any RoutePolicy {
    switch self {
    case .roundRobin: RoundRobin()
    case .leastLoaded: LeastLoaded()
    case .joinShortestQueue: JoinShortestQueue()
    case .powerOfTwo(let seed): PowerOfTwo(seed: seed)
    }
  }
}

extension ReferenceRouter {
  /// The shipped policy, in an arrangement of the tests' where it has to be one.
  public var policy: any RoutePolicy {
    switch self {
    case .whole(let rule): rule.policy
    case .disaggregated(let rule, let prefill, let decode):
      Disaggregated(prefill: rule.policy, prefillPool: prefill, decode: rule.policy, decodePool: decode)
    case .crossed(let rule): Crossed(rule: rule.policy)
    case .phaseSplit(let settings):
      PhaseSplit(
        prefill: settings.prefill, decode: settings.decode, mixed: settings.mixed,
        overflowTokens: settings.overflowTokens, borrow: settings.borrow)
    }
  }
}

/// One policy over the replicas of the prefill pool and one over those of the decode pool.
private struct Disaggregated: RoutePolicy {
  static let name = "disaggregated"
  var prefill: any RoutePolicy
  let prefillPool: Int
  var decode: any RoutePolicy
  let decodePool: Int

  mutating func route(_ request: RequestView, _ cluster: ClusterView) -> RouteDecision {
    RouteDecision(
      prefill: Self.choose(&prefill, among: prefillPool, request, cluster),
      decode: Self.choose(&decode, among: decodePool, request, cluster))
  }

  private static func choose(
    _ policy: inout any RoutePolicy, among pool: Int, _ request: RequestView, _ cluster: ClusterView
  ) -> Int {
    let replicas = cluster.replicas.indices.filter { cluster.replicas[$0].pool == pool }
    return replicas.map { cluster.replicas[$0] }.withUnsafeBufferPointer { loads in
      replicas[policy.route(request, ClusterView(replicas: loads, meanOutputTokens: cluster.meanOutputTokens)).prefill]
    }
  }
}

/// One policy over all replicas; requests with an odd prompt decode on the next replica.
private struct Crossed: RoutePolicy {
  static let name = "crossed"
  var rule: any RoutePolicy

  mutating func route(_ request: RequestView, _ cluster: ClusterView) -> RouteDecision {
    var decision = rule.route(request, cluster)
    if request.promptTokens % 2 != 0 { decision.decode = (decision.prefill + 1) % cluster.replicas.count }
    return decision
  }
}
