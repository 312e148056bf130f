import Models
import Units
import Workload

/// What happens to a sequence that is preempted for want of KV-cache blocks.
public enum Preemption: Hashable, Sendable {
  /// Its blocks are freed; its prompt and the tokens generated so far are prefilled again.
  case recompute
  /// Its blocks move to host memory and back over a link of this bandwidth (bytes/s) and latency (s).
  case swap(bandwidth: Bandwidth, latency: Seconds)
}

/// A paged KV cache: blocks of a number of tokens each.
public struct KVCacheDescription: Hashable, Sendable {
  /// Tokens per block, at least 1.
  public var blockTokens: Int
  /// Blocks of one engine.
  public var blocks: Int
  /// Blocks kept free when a prompt is admitted beside others, for running sequences to grow into.
  public var watermark: Int
  /// Bytes of one token's keys and values over the whole engine.
  public var bytesPerToken: Double

  /// A cache of `blocks` blocks.
  public init(blockTokens: Int, blocks: Int, watermark: Int, bytesPerToken: Double) {
    self.blockTokens = blockTokens
    self.blocks = blocks
    self.watermark = watermark
    self.bytesPerToken = bytesPerToken
  }

  /// Blocks that `tokens` tokens of one sequence occupy.
  @inlinable
  public func blocks(for tokens: Int) -> Int { (tokens + blockTokens - 1) / blockTokens }
}

/// An engine: the devices that serve one copy of the model together, as the serving process sees them.
public struct EngineDescription: Sendable {
  /// The time of a step.
  public var cost: StepCost
  /// The KV cache over all devices of the engine.
  public var cache: KVCacheDescription
  /// Most sequences that run or prefill at once, over all lanes.
  public var maxSequences: Int
  /// Most prompt tokens of one prefill step; a longer prompt runs alone. Also the default chunk budget.
  public var maxBatchTokens: Int
  /// What happens when the cache is full.
  public var preemption: Preemption
  /// Whether a step is composed while the one before it runs, so that what arrives meanwhile waits for the step after.
  public var schedulesAhead: Bool
  /// Watts of the whole engine.
  public var power: EnginePower
  /// What places its steps over several devices, in place of `cost`; nil for an engine of equal devices.
  public var placed: PlacedEngine?

  /// An engine.
  public init(
    cost: StepCost, cache: KVCacheDescription, maxSequences: Int, maxBatchTokens: Int,
    preemption: Preemption = .recompute, schedulesAhead: Bool = false, power: EnginePower = EnginePower(),
    placed: PlacedEngine? = nil
  ) {
    self.cost = cost
    self.cache = cache
    self.maxSequences = maxSequences
    self.maxBatchTokens = maxBatchTokens
    self.preemption = preemption
    self.schedulesAhead = schedulesAhead
    self.power = power
    self.placed = placed
  }
}

/// Watts of an engine by what it does.
public struct EnginePower: Hashable, Sendable {
  /// While no step runs.
  public var idle = Power(0)
  /// During a step with prefill tokens.
  public var prefill = Power(0)
  /// During a decode-only step.
  public var decode = Power(0)

  /// No power at all.
  public init() {}

  /// Watts idle, in prefill and in decode.
  public init(idle: Power, prefill: Power, decode: Power) {
    self.idle = idle
    self.prefill = prefill
    self.decode = decode
  }
}

/// Equal replicas of one engine under one name and one batch policy.
public struct PoolDescription: Sendable {
  /// The pool's name, unique in the cluster.
  public var name: String
  /// Number of replicas.
  public var replicas: Int
  /// The engine each replica runs.
  public var engine: EngineDescription
  /// Who joins each step; every replica gets a copy of its own.
  public var batch: any BatchPolicy
  /// Dollars per hour of one replica.
  public var price: Price
  /// Which blocks leave the prefix cache of each replica, which has a copy of its own; nil where prefixes are not kept.
  public var evict: (any EvictPolicy)?

  /// A pool.
  public init(
    name: String, replicas: Int, engine: EngineDescription, batch: any BatchPolicy, price: Price = Price(0),
    evict: (any EvictPolicy)? = nil
  ) {
    self.name = name
    self.replicas = replicas
    self.engine = engine
    self.batch = batch
    self.price = price
    self.evict = evict
  }
}

/// The way KV moves from the pool that prefilled to the pool that decodes.
public struct TransferDescription: Hashable, Sendable {
  /// When the bytes of a prompt's KV may leave.
  public enum Mode: Hashable, Sendable {
    /// Each layer's KV leaves as soon as the layer is computed.
    case layerwise
    /// All of it leaves after the prefill step.
    case serialized
  }

  /// Bytes/s of each replica's port, out of the source and into the destination.
  public var bandwidth: Bandwidth
  /// Seconds from the last byte sent to the sequence being ready.
  public var latency: Seconds
  /// When bytes may leave.
  public var mode: Mode
  /// Layers whose KV leaves one after another.
  public var layers: Int

  /// A path between pools.
  public init(bandwidth: Bandwidth, latency: Seconds, mode: Mode, layers: Int) {
    self.bandwidth = bandwidth
    self.latency = latency
    self.mode = mode
    self.layers = layers
  }
}

/// A cluster: its pools, and the path that KV takes between each ordered pair of different pools.
public struct ClusterDescription: Sendable {
  /// The pools; replicas are numbered through them in order, from 0.
  public var pools: [PoolDescription]
  /// The path from pool `key.from` to pool `key.to`, by index into `pools`; equal pools may have one too.
  public var transfers: [PoolPair: TransferDescription]

  /// A cluster.
  public init(pools: [PoolDescription], transfers: [PoolPair: TransferDescription] = [:]) {
    self.pools = pools
    self.transfers = transfers
  }

  /// Whether any pool keeps prefixes.
  public var keepsPrefixes: Bool { pools.contains { $0.evict != nil } }

  /// The smallest block of contents that the prefix caches of all pools can follow, in tokens: the least common multiple
  /// of their KV blocks; nil where no pool keeps prefixes, or no prompt has a block so long.
  public var prefixBlockTokens: Int? {
    var least: Int?
    for size in pools.filter({ $0.evict != nil }).map(\.engine.cache.blockTokens) {
      var (a, b) = (least ?? size, size)
      while b != 0 { (a, b) = (b, a % b) }
      let multiple = (least ?? size) / a * size
      guard multiple <= Request.tokenLimit else { return nil }
      least = multiple
    }
    return least
  }

  /// Replicas of all pools.
  public var replicaCount: Int { pools.reduce(0) { $0 + $1.replicas } }

  /// The first replica of the pool named `name`, counting those of all pools in order; nil where there is none.
  public func firstReplica(of name: String) -> Int? {
    pools.firstIndex { $0.name == name }.map { pools[..<$0].reduce(0) { $0 + $1.replicas } }
  }
}

/// An ordered pair of pools by index.
public struct PoolPair: Hashable, Sendable {
  /// The pool that prefilled.
  public var from: Int
  /// The pool that decodes.
  public var to: Int

  /// A pair.
  public init(from: Int, to: Int) {
    self.from = from
    self.to = to
  }
}
