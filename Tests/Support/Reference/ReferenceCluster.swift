import Cluster

/// The cluster that the reference serves: the same engines and paths as a `ClusterDescription`, with batch policies
/// as values that the reference carries out itself.
public struct ReferenceCluster: Sendable {
  /// Equal replicas of one engine under one batch policy.
  public struct Pool: Sendable {
    /// Number of replicas.
    public var replicas: Int
    /// The engine of each.
    public var engine: EngineDescription
    /// Who joins each step.
    public var batch: ReferenceBatch
    /// Which blocks leave the prefix cache; nil where prefixes are not kept.
    public var evict: ReferenceEvict?

    /// A pool.
    public init(replicas: Int, engine: EngineDescription, batch: ReferenceBatch, evict: ReferenceEvict? = nil) {
      self.replicas = replicas
      self.engine = engine
      self.batch = batch
      self.evict = evict
    }
  }

  /// The pools; replicas are numbered through them in order.
  public var pools: [Pool]
  /// The path from pool to pool.
  public var transfers: [PoolPair: TransferDescription]

  /// A cluster.
  public init(pools: [Pool], transfers: [PoolPair: TransferDescription] = [:]) {
    self.pools = pools
    self.transfers = transfers
  }

  /// The pool of each replica.
  public var poolOfReplica: [Int] {
    pools.indices.flatMap { Array(repeating: $0, count: pools[$0].replicas) }
  }

  /// The replicas of a pool.
  public func replicas(of pool: Int) -> [Int] {
    let owners = poolOfReplica
    return owners.indices.filter { owners[$0] == pool }
  }

  /// The cluster as the fast core takes it, with the batch policies that `policy` makes and the others of `evict`.
  public func description(
    _ policy: (ReferenceBatch) -> any BatchPolicy, evict: (ReferenceEvict) -> (any EvictPolicy)? = { _ in nil }
  ) -> ClusterDescription {
    ClusterDescription(
      pools: pools.enumerated().map { index, pool in
        PoolDescription(
          name: "pool\(index)", replicas: pool.replicas, engine: pool.engine, batch: policy(pool.batch),
          evict: pool.evict.flatMap(evict))
      },
      transfers: transfers)
  }
}
