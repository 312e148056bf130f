import Cluster
import Kernel

/// The rules that choose one replica among several, written down a second time.
public enum ReferenceRule: Hashable, Sendable {
  /// Each in turn.
  case roundRobin
  /// The fewest outstanding requests.
  case leastLoaded
  /// The fewest pending tokens.
  case joinShortestQueue
  /// The better of two drawn replicas.
  case powerOfTwo(seed: UInt64)

  /// The choice among `replicas` for the request `index`, before which `turn` requests were routed.
  func choose(_ replicas: [Int], _ index: Int, _ turn: Int, _ loads: [ReplicaLoad]) -> Int {
    switch self {
    case .roundRobin: return replicas[turn % replicas.count]
    case .leastLoaded: return least(replicas) { loads[$0].outstanding }
    case .joinShortestQueue: return least(replicas) { loads[$0].pendingPromptTokens + loads[$0].decodes }
    case .powerOfTwo(let seed):
      if replicas.count == 1 { return replicas[0] }
      var stream = RandomStream(seed: seed, consumer: .router, UInt64(index))
      let a = Int(stream.below(UInt64(replicas.count)))
      var b = Int(stream.below(UInt64(replicas.count - 1)))
      if b >= a { b += 1 }
      return loads[replicas[b]].outstanding < loads[replicas[a]].outstanding ? replicas[b] : replicas[a]
    }
  }
}

/// The first of `replicas` with the least value.
private func least(_ replicas: [Int], _ value: (Int) -> Int) -> Int {
  var best = replicas[0]
  for replica in replicas where value(replica) < value(best) { best = replica }
  return best
}

/// The route policies, written down a second time.
public enum ReferenceRouter: Hashable, Sendable {
  /// One replica for prefill and decode.
  case whole(ReferenceRule)
  /// One replica of one pool for the prefill, one of another for the decode, both by the same rule.
  case disaggregated(ReferenceRule, prefill: Int, decode: Int)
  /// One replica by the rule; requests with an odd prompt decode on the next replica of the cluster.
  case crossed(ReferenceRule)
  /// Splitwise's prefill, decode and mixed pools.
  case phaseSplit(ReferencePhaseSplit)
}

/// The settings of the phase-split router.
public struct ReferencePhaseSplit: Hashable, Sendable {
  /// The pool that prefills.
  public var prefill: Int
  /// The pool that decodes.
  public var decode: Int
  /// The pool that does either, if any.
  public var mixed: Int?
  /// Pending tokens above which a replica counts as full.
  public var overflowTokens: Int
  /// Whether replicas of the other pool may be borrowed.
  public var borrow: Bool

  /// Settings.
  public init(prefill: Int, decode: Int, mixed: Int?, overflowTokens: Int, borrow: Bool) {
    self.prefill = prefill
    self.decode = decode
    self.mixed = mixed
    self.overflowTokens = overflowTokens
    self.borrow = borrow
  }
}

/// A router at work: its kind and what it remembers.
struct RouterState {
  let router: ReferenceRouter
  let cluster: ReferenceCluster
  var borrowed: [Bool]
  /// Requests routed so far.
  private var turns = 0

  init(router: ReferenceRouter, cluster: ReferenceCluster) {
    self.router = router
    self.cluster = cluster
    borrowed = Array(repeating: false, count: cluster.poolOfReplica.count)
  }

  /// The replicas for request `index` with `prompt` tokens.
  mutating func route(_ index: Int, prompt: Int, loads: [ReplicaLoad], meanOutput: Int) -> RouteDecision {
    let turn = turns
    turns += 1
    switch router {
    case .whole(let rule):
      let replica = rule.choose(Array(loads.indices), index, turn, loads)
      return RouteDecision(prefill: replica, decode: replica)
    case .disaggregated(let rule, let prefill, let decode):
      return RouteDecision(
        prefill: rule.choose(cluster.replicas(of: prefill), index, turn, loads),
        decode: rule.choose(cluster.replicas(of: decode), index, turn, loads))
    case .crossed(let rule):
      let replica = rule.choose(Array(loads.indices), index, turn, loads)
      return RouteDecision(prefill: replica, decode: prompt % 2 == 0 ? replica : (replica + 1) % loads.count)
    case .phaseSplit(let settings):
      return phaseSplit(settings, prompt, loads, meanOutput)
    }
  }

  private mutating func phaseSplit(
    _ settings: ReferencePhaseSplit, _ prompt: Int, _ loads: [ReplicaLoad], _ meanOutput: Int
  ) -> RouteDecision {
    for replica in borrowed.indices where borrowed[replica] && loads[replica].outstanding == 0 {
      borrowed[replica] = false
    }
    let prefill = prefillReplica(settings, prompt, loads)
    let decode = decodeReplica(settings, prompt, loads, meanOutput)
    return RouteDecision(prefill: prefill, decode: decode ?? prefill)
  }

  private mutating func prefillReplica(_ settings: ReferencePhaseSplit, _ prompt: Int, _ loads: [ReplicaLoad]) -> Int {
    func pending(_ replica: Int) -> Int { loads[replica].pendingPromptTokens + loads[replica].decodes }
    func takes(_ replica: Int) -> Bool {
      pending(replica) == 0 || pending(replica) + prompt <= settings.overflowTokens
    }
    let own = own(settings.prefill)
    if !own.isEmpty, takes(least(own, pending)) { return least(own, pending) }
    let shared = shared(settings)
    if !shared.isEmpty, takes(least(shared, pending)) { return least(shared, pending) }
    let lenders = self.own(settings.decode)
    if settings.borrow, lenders.count > 1 {
      let lent = least(lenders, pending)
      borrowed[lent] = true
      return lent
    }
    if !own.isEmpty { return least(own, pending) }
    return least(shared.isEmpty ? Array(loads.indices) : shared, pending)
  }

  private mutating func decodeReplica(
    _ settings: ReferencePhaseSplit, _ prompt: Int, _ loads: [ReplicaLoad], _ meanOutput: Int
  ) -> Int? {
    func reserved(_ replica: Int) -> Int { loads[replica].reservedTokens }
    func fits(_ replica: Int) -> Bool { reserved(replica) + prompt + meanOutput <= loads[replica].capacityTokens }
    let own = own(settings.decode)
    if !own.isEmpty, fits(least(own, reserved)) { return least(own, reserved) }
    let shared = shared(settings)
    if !shared.isEmpty, fits(least(shared, reserved)) { return least(shared, reserved) }
    let lenders = self.own(settings.prefill)
    guard settings.borrow, lenders.count > 1 else { return nil }
    let lent = least(lenders, reserved)
    borrowed[lent] = true
    return lent
  }

  /// The replicas of a pool that are not borrowed.
  private func own(_ pool: Int) -> [Int] { cluster.replicas(of: pool).filter { !borrowed[$0] } }

  /// The replicas of the mixed pool and all borrowed ones, lowest index first.
  private func shared(_ settings: ReferencePhaseSplit) -> [Int] {
    let owners = cluster.poolOfReplica
    return owners.indices.filter { owners[$0] == settings.mixed || borrowed[$0] }
  }
}
