import Cluster

/// Prompts to one pool and decodes to another, each request's KV moving between them; a mixed pool and borrowed
/// replicas take the overflow.
///
/// A prompt goes to the prefill replica with the fewest pending tokens unless that would exceed `overflowTokens`,
/// a decode to the decode replica with the fewest reserved tokens unless its cache would overflow (a request is
/// reckoned at its prompt plus the mean output seen so far). The overflow goes to the mixed pool and to replicas
/// borrowed from the other pool, which serve both phases until they are empty; what finds no replica there decodes where
/// its prompt was, unless `decodesWait`: then it waits for the decode pool. Complexity: O(replicas) per request.
/// Source: Splitwise (Patel et al., ISCA 2024), section 4, and the `mixed_pool` scheduler of its artifact.
public struct PhaseSplit: RoutePolicy {
  /// The name that scenarios and reports use.
  public static let name = "phase-split"
  /// The pool that prefills, by index.
  public let prefill: Int
  /// The pool that decodes, by index.
  public let decode: Int
  /// The pool that does both, by index.
  public let mixed: Int?
  /// Pending tokens that a busy prefill replica may reach with a new prompt.
  public let overflowTokens: Int
  /// Whether a full pool borrows a replica of the other.
  public let borrow: Bool
  /// Whether a decode that fits nowhere waits for the decode pool.
  public let decodesWait: Bool
  private var borrowed: [Int] = []

  /// The policy over pools given by their index in the cluster.
  public init(
    prefill: Int, decode: Int, mixed: Int? = nil, overflowTokens: Int = 8192, borrow: Bool = true,
    decodesWait: Bool = false
  ) {
    self.prefill = prefill
    self.decode = decode
    self.mixed = mixed
    self.overflowTokens = overflowTokens
    self.borrow = borrow
    self.decodesWait = decodesWait
  }

  /// The replicas of a request.
  public mutating func route(_ request: RequestView, _ cluster: ClusterView) -> RouteDecision {
    borrowed.removeAll { cluster.replicas[$0].outstanding == 0 }
    let prefiller = prefillReplica(request.promptTokens, cluster)
    let decoder = decodeReplica(request.promptTokens + cluster.meanOutputTokens, cluster)
    return RouteDecision(prefill: prefiller, decode: decoder ?? prefiller)
  }

  private mutating func prefillReplica(_ tokens: Int, _ cluster: ClusterView) -> Int {
    func accepts(_ replica: Int) -> Bool {
      let pending = cluster.replicas[replica].pendingTokens
      return pending == 0 || pending + tokens <= overflowTokens
    }
    let own = cluster.first(by: \.pendingTokens, where: { isHome($0, $1, self.prefill) })
    if let own, accepts(own) { return own }
    let shared = cluster.first(by: \.pendingTokens, where: isShared)
    if let shared, accepts(shared) { return shared }
    if let taken = take(from: decode, by: \.pendingTokens, cluster) { return taken }
    return own ?? shared ?? cluster.first(by: \.pendingTokens) ?? 0
  }

  private mutating func decodeReplica(_ tokens: Int, _ cluster: ClusterView) -> Int? {
    func fits(_ replica: Int) -> Bool {
      cluster.replicas[replica].reservedTokens + tokens <= cluster.replicas[replica].capacityTokens
    }
    let own = cluster.first(by: \.reservedTokens, where: { isHome($0, $1, self.decode) })
    if let own, fits(own) { return own }
    let shared = cluster.first(by: \.reservedTokens, where: isShared)
    if let shared, fits(shared) { return shared }
    return take(from: prefill, by: \.reservedTokens, cluster) ?? (decodesWait ? own : nil)
  }

  /// Borrows the replica of `pool` with the least `load`, where another stays.
  private mutating func take(from pool: Int, by load: (ReplicaLoad) -> Int, _ cluster: ClusterView) -> Int? {
    guard borrow else { return nil }
    let homes = cluster.replicas.indices.count { isHome($0, cluster.replicas[$0], pool) }
    guard homes > 1, let taken = cluster.first(by: load, where: { isHome($0, $1, pool) }) else { return nil }
    borrowed.append(taken)
    return taken
  }

  private func isHome(_ replica: Int, _ load: ReplicaLoad, _ pool: Int) -> Bool {
    load.pool == pool && (borrowed.isEmpty || !borrowed.contains(replica))
  }

  private func isShared(_ replica: Int, _ load: ReplicaLoad) -> Bool {
    (mixed != nil && load.pool == mixed) || (!borrowed.isEmpty && borrowed.contains(replica))
  }
}
