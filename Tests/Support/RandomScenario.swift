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
  /// The requests.
  public var trace: Trace
  /// The priorities of the trace's tenants; empty where there is one.
  public var priorities: [Int]

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
    trace = lengths.trace(&draw, roundTimes: roundTimes, blockTokens: pools[0].engine.cache.blockTokens)
    priorities = []
    if draw.chance(0.3) {
      priorities = (0..<draw.among(2...4)).map { _ in draw.pick([-1, 0, 0, 5]) }
      trace.tenants = trace.requests.map { _ in UInt8(draw.among(0...priorities.count - 1)) }
    }
    for index in pools.indices { cluster.pools[index].engine.schedulesAhead = draw.chance(0.2) }
    addContents()
  }

  /// The trace's tenants, as the fast core takes them.
  public var tenants: [Tenant] {
    priorities.enumerated().map { Tenant(name: "tenant\($0.offset)", priority: $0.element) }
  }

  /// The scenario with fewer requests that still satisfies `fails`, found by leaving out ever smaller parts.
  public func shrunk(while fails: (RandomScenario) -> Bool) -> RandomScenario {
    var best = self
    var part = max(1, best.trace.requests.count / 2)
    while true {
      var start = 0
      var dropped = false
      while start < best.trace.requests.count {
        var smaller = best
        smaller.trace.remove(start..<min(start + part, best.trace.requests.count))
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
    var lines = ["seed \(seed), \(router), \(trace.requests.count) requests, priorities \(priorities)"]
    for (index, pool) in cluster.pools.enumerated() {
      let engine = pool.engine
      let cache = engine.cache
      lines.append(
        "  pool \(index): \(pool.replicas) replicas, \(engine.cost.stageCount) stages, \(pool.batch), "
          + "\(cache.blocks) blocks of \(cache.blockTokens), watermark \(cache.watermark), "
          + "max \(engine.maxSequences) sequences, \(engine.maxBatchTokens) tokens, \(engine.preemption.words), "
          + (engine.schedulesAhead ? "schedules ahead, " : "")
          + "\(cache.bytesPerToken) B/token, prefixes \(pool.evict.map { "\($0)" } ?? "not kept")")
    }
    for from in cluster.pools.indices {
      for to in cluster.pools.indices {
        guard let path = cluster.transfers[PoolPair(from: from, to: to)] else { continue }
        lines.append(
          "  \(from) -> \(to): \(path.bandwidth.value) B/s, \(path.latency.value) s, \(path.mode), "
            + "\(path.layers) layers")
      }
    }
    for (index, request) in trace.requests.prefix(20).enumerated() {
      let tenant = trace.tenants.isEmpty ? "" : ", of tenant \(trace.tenants[index])"
      var moment = "\(request.arrival.picoseconds) ps"
      if let followers = trace.followers, index >= followers.independent {
        let place = index - followers.independent
        moment = "\(followers.delays[place].picoseconds) ps after request \(followers.predecessors[place])"
      }
      lines.append(
        "  request \(index): \(moment), \(request.promptTokens) + \(request.outputTokens)\(tenant)"
          + (trace.blocks.map { ", blocks of \($0.unit): \(Array($0[index]))" } ?? ""))
    }
    if trace.requests.count > 20 { lines.append("  ...") }
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

extension Trace {
  /// Leaves out the requests of `range`, and those that follow them.
  fileprivate mutating func remove(_ range: Range<Int>) {
    var isKept = requests.indices.map { !range.contains($0) }
    var places = [Int32](repeating: -1, count: requests.count)
    var left: Int32 = 0
    var kept = followers.map { _ in Followers(independent: 0) }
    for index in requests.indices {
      if let followers, index >= followers.independent {
        let place = index - followers.independent
        let predecessor = Int(followers.predecessors[place])
        isKept[index] = isKept[index] && isKept[predecessor]
        if isKept[index] {
          kept?.predecessors.append(places[predecessor])
          kept?.delays.append(followers.delays[place])
        }
      } else if isKept[index] {
        kept?.independent += 1
      }
      guard isKept[index] else { continue }
      places[index] = left
      left += 1
    }
    blocks = blocks?.keeping(isKept)
    requests = requests.indices.filter { isKept[$0] }.map { requests[$0] }
    if !tenants.isEmpty { tenants = tenants.indices.filter { isKept[$0] }.map { tenants[$0] } }
    followers = requests.isEmpty ? nil : kept
  }
}
