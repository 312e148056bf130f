import Cluster
import Kernel
import Models
import Units
import Workload

/// A small cluster and its requests, drawn from a seed to provoke what rarely happens: ties, tiny caches, slow ports.
public struct RandomScenario: Sendable, CustomStringConvertible {
  /// The seed it was drawn from.
  public let seed: UInt64
  /// The cluster.
  public var cluster: ReferenceCluster
  /// Who serves what.
  public var router: ReferenceRouter
  /// The requests, in order of arrival.
  public var requests: [Request]

  /// The router whose corner cases a scenario is about.
  public enum Router: String, CaseIterable, Sendable {
    case roundRobin = "round-robin"
    case leastLoaded = "least-loaded"
    case joinShortestQueue = "join-shortest-queue"
    case powerOfTwo = "power-of-two"
    case phaseSplit = "phase-split"

    func rule(seed: UInt64) -> ReferenceRule? {
      switch self {
      case .roundRobin: .roundRobin
      case .leastLoaded: .leastLoaded
      case .joinShortestQueue: .joinShortestQueue
      case .powerOfTwo: .powerOfTwo(seed: seed)
      case .phaseSplit: nil
      }
    }
  }

  /// The scenario of `seed` for a router, with 50 to 80 requests.
  public init(seed: UInt64, router: Router) throws {
    self.seed = seed
    var draw = RandomStream(seed: seed, consumer: .test)
    let rule = router.rule(seed: seed)
    let arrangement = draw.pick([0, 1, 1, 2])
    let lengths = RandomLengths(&draw)
    let roundTimes = draw.chance(0.6)
    let poolCount = rule != nil && arrangement == 0 ? draw.among(1...3) : draw.among(2...3)
    var pools: [ReferenceCluster.Pool] = []
    for _ in 0..<poolCount {
      pools.append(
        ReferenceCluster.Pool(
          replicas: draw.pick([1, 1, 1, 2, 2, 3]),
          engine: try .random(&draw, lengths: lengths, roundTimes: roundTimes),
          batch: .random(&draw, lengths: lengths)))
    }
    while pools.reduce(0, { $0 + $1.replicas }) > 6 {
      for index in pools.indices { pools[index].replicas = max(1, pools[index].replicas - 1) }
    }
    var transfers: [PoolPair: TransferDescription] = [:]
    for from in 0..<poolCount {
      for to in 0..<poolCount {
        transfers[PoolPair(from: from, to: to)] = .random(&draw, roundTimes: roundTimes)
      }
    }
    cluster = ReferenceCluster(pools: pools, transfers: transfers)
    if let rule {
      switch arrangement {
      case 0: self.router = .whole(rule)
      case 1: self.router = .disaggregated(rule, prefill: 0, decode: 1)
      default: self.router = .crossed(rule)
      }
    } else {
      self.router = .phaseSplit(
        ReferencePhaseSplit(
          prefill: 0, decode: 1, mixed: poolCount == 3 ? 2 : nil,
          overflowTokens: draw.pick([0, lengths.longestPrompt, 3 * lengths.longestPrompt, 1_000_000]),
          borrow: draw.chance(0.6)))
    }
    requests = lengths.requests(&draw, roundTimes: roundTimes, blockTokens: pools[0].engine.cache.blockTokens)
  }

  /// The scenario with fewer requests that still satisfies `fails`, found by leaving out ever smaller parts.
  public func shrunk(while fails: (RandomScenario) -> Bool) -> RandomScenario {
    var best = self
    var part = max(1, best.requests.count / 2)
    while true {
      var start = 0
      var dropped = false
      while start < best.requests.count {
        var smaller = best
        smaller.requests.removeSubrange(start..<min(start + part, best.requests.count))
        if fails(smaller) {
          best = smaller
          dropped = true
        } else {
          start += part
        }
      }
      if part == 1, !dropped { return best }
      part = max(1, part / 2)
    }
  }

  /// Everything that is needed to see what it is about.
  public var description: String {
    var lines = ["seed \(seed), \(router), \(requests.count) requests"]
    for (index, pool) in cluster.pools.enumerated() {
      let engine = pool.engine
      let cache = engine.cache
      lines.append(
        "  pool \(index): \(pool.replicas) replicas, \(engine.cost.stageCount) stages, \(pool.batch), "
          + "\(cache.blocks) blocks of \(cache.blockTokens), watermark \(cache.watermark), "
          + "max \(engine.maxSequences) sequences, \(engine.maxBatchTokens) tokens, \(engine.preemption.words), "
          + "\(cache.bytesPerToken) B/token")
    }
    for from in cluster.pools.indices {
      for to in cluster.pools.indices {
        guard let path = cluster.transfers[PoolPair(from: from, to: to)] else { continue }
        lines.append(
          "  \(from) -> \(to): \(path.bandwidth.value) B/s, \(path.latency.value) s, \(path.mode), "
            + "\(path.layers) layers")
      }
    }
    for (index, request) in requests.prefix(20).enumerated() {
      lines.append(
        "  request \(index): \(request.arrival.picoseconds) ps, \(request.promptTokens) + \(request.outputTokens)")
    }
    if requests.count > 20 { lines.append("  ...") }
    return lines.joined(separator: "\n")
  }
}

extension Preemption {
  fileprivate var words: String {
    switch self {
    case .recompute: "recompute"
    case .swap(let bandwidth, let latency): "swap at \(bandwidth.value) B/s after \(latency.value) s"
    }
  }
}
