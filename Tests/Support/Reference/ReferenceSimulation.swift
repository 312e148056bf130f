import Cluster
import Models
import Units
import Workload

/// The serving process of `SERVING.md`, one step at a time: slow, plain and independent of the fast core.
///
/// It shares with `Cluster` only descriptions, results and the cost of a step. Every step loops over its sequences,
/// and the next instant is the least of everything that is pending, found by looking at all of it.
public struct ReferenceSimulation {
  /// The requests; those that follow others get their arrivals as they come.
  var requests: [Request]
  let followers: Followers?
  /// The class of each request, 0 the most urgent.
  let ranks: [Int]
  /// Requests whose predecessor has ended, with their arrivals.
  var due: [(id: Int, arrival: Int64)] = []
  let cluster: ReferenceCluster
  let mutant: ReferenceMutant?
  /// Tokens of a block of the trace; 0 where nothing is known of the requests' contents.
  let unit: Int
  var router: RouterState
  var now: Int64 = -1
  var sequences: [ReferenceSequence]
  var replicas: [ReferenceReplica]
  var loads: [ReplicaLoad]
  var flying: [ReferenceTransfer] = []
  /// Transfers that join their inbound queue in phase 3 of this instant.
  var joining: [ReferenceTransfer] = []
  var arrived = 0
  var finished = 0
  var completed = 0
  var completedTokens = 0
  var result: ReferenceResult

  /// Moments after which a run with a deliberate fault counts as endless: many times those of any random scenario.
  private static let instantLimit = 20_000

  /// Serves the requests of `trace` with a deliberate fault if one is given.
  ///
  /// - Throws: `SimulationError.stalled` as the fast core does; ``ReferenceFault`` where the reference contradicts
  ///   itself, which it looks for at every instant if `checked`.
  public static func run(
    _ cluster: ReferenceCluster, router: ReferenceRouter, requests: [Request], mutant: ReferenceMutant? = nil,
    checked: Bool = false
  ) throws -> ReferenceResult {
    try run(cluster, router: router, trace: Trace(requests: requests), mutant: mutant, checked: checked)
  }

  /// Serves the requests of `trace`, whose tenants are of these priorities, with a deliberate fault if one is given.
  ///
  /// - Throws: as ``run(_:router:requests:mutant:checked:)``.
  public static func run(
    _ cluster: ReferenceCluster, router: ReferenceRouter, trace: Trace, priorities: [Int] = [],
    mutant: ReferenceMutant? = nil, checked: Bool = false
  ) throws -> ReferenceResult {
    let requests = trace.requests
    var simulation = ReferenceSimulation(cluster, router, trace, priorities, mutant)
    var instants = 0
    while let next = simulation.nextInstant() {
      try simulation.instant(next)
      instants += 1
      // Sequences may preempt each other for ever where a fault lets them.
      if mutant != nil, instants > instantLimit { throw ReferenceFault("the run does not end") }
      if checked { try simulation.check() }
    }
    if simulation.finished < requests.count {
      throw SimulationError.stalled(
        unfinished: requests.count - simulation.finished, at: Instant(picoseconds: max(0, simulation.now)))
    }
    try simulation.check()
    if trace.followers != nil { simulation.result.arrivals = simulation.requests.map(\.arrival) }
    return simulation.result
  }

  private init(
    _ cluster: ReferenceCluster, _ router: ReferenceRouter, _ trace: Trace, _ priorities: [Int],
    _ mutant: ReferenceMutant?
  ) {
    requests = trace.requests
    followers = trace.followers
    ranks = trace.requests.indices.map { id in
      trace.tenants.isEmpty ? 0 : Set(priorities).filter { $0 > priorities[Int(trace.tenants[id])] }.count
    }
    self.cluster = cluster
    self.mutant = mutant
    self.router = RouterState(router: router, cluster: cluster)
    sequences = requests.map {
      ReferenceSequence(prompt: Int($0.promptTokens), output: Int($0.outputTokens), length: Int($0.promptTokens))
    }
    unit = trace.blocks?.unit ?? 0
    if let blocks = trace.blocks {
      for id in requests.indices { sequences[id].ids = Array(blocks[id]) }
    }
    replicas = cluster.poolOfReplica.map { ReferenceReplica(pool: $0, cluster.pools[$0]) }
    loads = replicas.map { replica in
      var load = ReplicaLoad()
      load.pool = replica.pool
      load.capacityTokens = replica.engine.cache.blocks * replica.engine.cache.blockTokens
      return load
    }
    result = ReferenceResult(outcomes: Outcomes(count: requests.count))
    result.prefixes = replicas.map { _ in PrefixTotals() }
  }

  /// The next moment at which anything happens.
  private func nextInstant() -> Int64? {
    var next: Int64?
    func consider(_ moment: Int64) { next = min(next ?? moment, moment) }
    if arrived < independent { consider(requests[arrived].arrival.picoseconds) }
    for follower in due { consider(follower.arrival) }
    for replica in replicas {
      for lane in replica.lanes {
        if let step = lane.step { consider(step.end) }
      }
    }
    for transfer in flying { consider(transfer.land) }
    return next
  }

  /// One instant: its four phases.
  private mutating func instant(_ moment: Int64) throws {
    now = moment
    for r in replicas.indices {
      replicas[r].touched = false
      for l in replicas[r].lanes.indices { replicas[r].lanes[l].ended = false }
    }
    noteTies()
    switch mutant {
    case .arrivalsBeforeEnds:
      try arrivals()
      ends()
      landings()
      starts()
    case .arrivalMissesBoundary:
      ends()
      landings()
      starts()
      try arrivals()
      starts()
    case .landingFreesLate:
      ends()
      let late = landings()
      try arrivals()
      starts()
      for (source, id, blocks) in late { giveBack(source, id, blocks: blocks, computed: sequences[id].prompt) }
    default:
      ends()
      landings()
      try arrivals()
      starts()
    }
    transfers()
  }

  /// Phase 0, first part: the ends of steps.
  private mutating func ends() {
    for r in replicas.indices {
      for l in replicas[r].lanes.indices {
        if let step = replicas[r].lanes[l].step, step.end == now { end(step, r, l) }
      }
    }
  }

  /// Requests that arrive at their own moments: the first ones.
  private var independent: Int { followers?.independent ?? requests.count }

  /// Phase 1: every request of this instant is routed, and queued or rejected.
  private mutating func arrivals() throws {
    while arrived < independent, requests[arrived].arrival.picoseconds == now {
      try arrive(arrived)
      arrived += 1
    }
    while let id = due.filter({ $0.arrival == now }).map(\.id).min() {
      due.removeAll { $0.id == id }
      requests[id].arrival = Instant(picoseconds: now)
      try arrive(id)
    }
  }

  /// A request completed or was rejected: its follower comes after its delay.
  mutating func release(followerOf id: Int) {
    guard let followers, let place = followers.predecessors.firstIndex(of: Int32(id)) else { return }
    let delay = mutant == .forgetsDelay ? 0 : followers.delays[place].picoseconds
    due.append((followers.independent + place, now + delay))
    result.counts.followers += 1
  }

  /// Puts a request into a waiting queue before the less urgent ones: behind those of its class, or before them.
  mutating func wait(_ id: Int, at r: Int, first: Bool) {
    let rank = mutant == .forgetsPriority ? ranks.map { _ in 0 } : ranks
    let place = replicas[r].waiting.firstIndex { first ? rank[$0] >= rank[id] : rank[$0] > rank[id] }
    if let place, rank[replicas[r].waiting[place]] > rank[id] { result.counts.overtakings += 1 }
    replicas[r].waiting.insert(id, at: place ?? replicas[r].waiting.count)
  }

  private mutating func arrive(_ id: Int) throws {
    let prompt = sequences[id].prompt
    let route = router.route(
      id, prompt: prompt, loads: loads, meanOutput: completed == 0 ? 0 : completedTokens / completed)
    let a = route.prefill
    let b = route.decode
    result.outcomes.prefillReplica[id] = Int32(a)
    result.outcomes.decodeReplica[id] = Int32(b)
    if a != b, cluster.transfers[PoolPair(from: replicas[a].pool, to: replicas[b].pool)] == nil {
      throw ReferenceFault("no path for request \(id)")
    }
    let first = replicas[a].engine.cache
    let last = replicas[b].engine.cache
    if first.blocks(for: prompt) > first.blocks || last.blocks(for: prompt + sequences[id].output - 1) > last.blocks {
      result.counts.rejected += 1
      finished += 1
      release(followerOf: id)
      return
    }
    sequences[id].decodeReplica = b
    loads[a].outstanding += 1
    if b != a { loads[b].outstanding += 1 }
    loads[a].pendingPromptTokens += prompt
    loads[b].reservedTokens += prompt
    noteCut(a)
    let isComposed = replicas[a].lanes.allSatisfy { $0.step != nil || $0.ended }
    if replicas[a].engine.schedulesAhead, isComposed, mutant != .seesNextStep {
      replicas[a].late.append(id)
      result.counts.late += 1
    } else {
      wait(id, at: a, first: false)
    }
    change(a)
  }

  /// The requests that were late for a step of a replica wait for the one after it.
  mutating func queueLate(_ r: Int) {
    guard !replicas[r].late.isEmpty else { return }
    for id in replicas[r].late { wait(id, at: r, first: false) }
    replicas[r].late = []
    change(r)
  }

  /// Phase 2: one pass over the lanes of the replicas at which something happened.
  private mutating func starts() {
    for r in replicas.indices where replicas[r].touched {
      for l in replicas[r].lanes.indices {
        let lane = replicas[r].lanes[l]
        if lane.step == nil, lane.dirty || lane.ended {
          start(r, l)
          queueLate(r)
        }
      }
    }
  }

  /// Something changed at a replica: each of its lanes asks its policy again.
  mutating func change(_ r: Int) {
    replicas[r].touched = true
    for l in replicas[r].lanes.indices { replicas[r].lanes[l].dirty = true }
  }

  private mutating func noteTies() {
    let arrivals =
      requests[arrived..<independent].prefix { $0.arrival.picoseconds == now }.count + due.count { $0.arrival == now }
    var ends = 0
    for replica in replicas {
      for lane in replica.lanes where lane.step?.end == now { ends += 1 }
    }
    let landings = flying.count { $0.land == now }
    if ends + landings > 0, ends + landings + arrivals > 1 { result.counts.ties += 1 }
    if ends > 0, arrivals > 0 { result.counts.arrivalTies += 1 }
  }

  /// Counts the lanes whose decode run, expected to go on for two more steps, is cut by something new.
  mutating func noteCut(_ r: Int) {
    for lane in replicas[r].lanes {
      guard let step = lane.step, step.chunks.isEmpty, !lane.dirty else { continue }
      let shortest = step.decoding.map { sequences[$0].output - sequences[$0].generated - 1 }.min() ?? 0
      if min(lane.stepsLeft, shortest) >= 2 { result.counts.earlyCuts += 1 }
    }
  }
}
