import Kernel
import Models
import Units
import Workload

/// The serving process of SERVING.md, advanced by segments: runs of decode steps between two changes of a batch.
///
/// State lives in unmanaged columns, so that the loop over events touches no reference counts and checks no
/// exclusivity. Its parts are in the files beside this one: arrivals, starts, ends, transfers, accounting.
struct ServingCore: ~Copyable {
  let cluster: ClusterDescription
  let requests: UnsafeBufferPointer<Request>
  /// Requests that arrive at their own moments: the first ones.
  let independent: Int
  /// The class of each request, 0 the most urgent; empty where there is one class.
  let ranks: Column<UInt8>
  let classCount: Int
  /// What the requests have in common; nil where no replica keeps prefixes.
  let contents: PrefixContents?
  var route: any RoutePolicy
  let routeName: String

  let replicas: UnsafeMutablePointer<Replica>
  let replicaCount: Int
  let lanes: UnsafeMutablePointer<Lane>
  let laneCount: Int
  let loads: Column<ReplicaLoad>
  /// The step cost of each pool.
  let costs: UnsafeMutablePointer<StepCost>

  // Per request.
  let links: RequestLinks
  /// While running: context minus the lane's counter at joining. Otherwise: the time of the last token.
  let marks: Column<Int64>
  /// Tokens generated, while not running.
  let generated: Column<Int32>
  let scheduled: Column<Int64>
  let firstToken: Column<Int64>
  let done: Column<Int64>
  let preemptions: Column<Int32>
  let prefillReplica: Column<Int32>
  let decodeReplica: Column<Int32>
  /// When each request arrived; empty where all arrive at their own moments.
  let arrived: Column<Int64>
  /// Start and end of the step that ends the prompt of a request that is to be transferred; empty where the
  /// cluster has no transfer path.
  let promptStepStart: Column<Int64>
  let promptStepEnd: Column<Int64>

  // What is to happen.
  var now: Int64 = 0
  var cursor = 0
  var dependents: Dependents
  var laneEnds: Winners
  var landings = RequestHeap()
  /// Replicas at which this instant has done something.
  var touched = GrowingList<Int32>()
  /// Requests whose transfer is to be queued in this instant's fourth phase.
  var departing = GrowingList<Int32>()
  /// Destinations whose inbound queue is to be looked at in this instant's fourth phase.
  var receiving = GrowingList<Int32>()

  // Sums.
  /// Requests that have neither completed nor been rejected.
  var unfinished: Int
  var completedCount = 0
  var completedTokens = 0
  var events = 0
  var gaps = GapCounts()
  var trajectory = Fingerprint()
  var decisions = Fingerprint()
  var transfers: [TransferTotals]
  /// What is recorded step by step; nil where nothing is.
  var recording: RunRecording?
  let isRecording: Bool
  /// Milliwatts of a replica of each pool, three power states each.
  let milliwatts: Column<Int64>
  var clusterMilliwatts: Int64 = 0
  var peakMilliwatts: Int64 = 0

  init(
    _ cluster: ClusterDescription, trace: Trace, requests: UnsafeBufferPointer<Request>, classes: [UInt8],
    route: any RoutePolicy, recording window: RecordedWindow? = nil
  ) {
    self.cluster = cluster
    recording = window.map { RunRecording($0) }
    isRecording = window != nil
    self.requests = requests
    contents = cluster.keepsPrefixes ? trace.blocks.map { PrefixContents($0) } : nil
    self.route = route
    routeName = type(of: route).name
    replicaCount = cluster.replicaCount
    laneCount = cluster.pools.reduce(0) { $0 + $1.replicas * $1.engine.cost.stageCount }
    replicas = .allocate(capacity: replicaCount)
    lanes = .allocate(capacity: laneCount)
    loads = Column(repeating: ReplicaLoad(), count: replicaCount)
    laneEnds = Winners(slots: laneCount)
    let count = requests.count
    unfinished = count
    independent = trace.followers?.independent ?? count
    dependents = Dependents(trace.followers, count: count)
    arrived = Column(repeating: Outcomes.never.picoseconds, count: trace.followers == nil ? 0 : count)
    classCount = Int(classes.max() ?? 0) + 1
    ranks = Column(repeating: 0, count: classCount > 1 ? count : 0)
    if classCount > 1 {
      for index in 0..<count { ranks[index] = classes[Int(trace.tenants[index])] }
    }
    links = RequestLinks(count: count)
    marks = Column(repeating: 0, count: count)
    generated = Column(repeating: 0, count: count)
    scheduled = Column(repeating: Outcomes.never.picoseconds, count: count)
    firstToken = Column(repeating: Outcomes.never.picoseconds, count: count)
    done = Column(repeating: Outcomes.never.picoseconds, count: count)
    preemptions = Column(repeating: 0, count: count)
    prefillReplica = Column(repeating: -1, count: count)
    decodeReplica = Column(repeating: -1, count: count)
    promptStepStart = Column(repeating: 0, count: cluster.transfers.isEmpty ? 0 : count)
    promptStepEnd = Column(repeating: 0, count: cluster.transfers.isEmpty ? 0 : count)
    transfers = cluster.transfers.keys.sorted { ($0.from, $0.to) < ($1.from, $1.to) }.map(TransferTotals.init)
    milliwatts = Column(repeating: 0, count: cluster.pools.count * 3)
    costs = .allocate(capacity: cluster.pools.count)
    for (index, pool) in cluster.pools.enumerated() {
      let power = pool.engine.power
      for (state, watts) in [power.idle, power.prefill, power.decode].enumerated() {
        milliwatts[index * 3 + state] = Int64((watts.value * 1000).rounded())
      }
      (costs + index).initialize(to: pool.engine.cost)
    }
    var replica = 0
    var lane = 0
    for (index, pool) in cluster.pools.enumerated() {
      for _ in 0..<pool.replicas {
        let ownLanes = lane..<lane + pool.engine.cost.stageCount
        (replicas + replica).initialize(
          to: Replica(
            pool: index, lanes: ownLanes, engine: pool.engine, classes: classCount,
            evict: trace.blocks == nil ? nil : pool.evict, recording: window))
        for own in ownLanes {
          (lanes + own).initialize(
            to: Lane(
              policy: pool.batch, replica: replica, blockTokens: pool.engine.cache.blockTokens,
              window: pool.engine.cost.window))
        }
        loads[replica].pool = index
        loads[replica].capacityTokens = pool.engine.cache.blocks * pool.engine.cache.blockTokens
        clusterMilliwatts += milliwatts[index * 3]
        replica += 1
        lane = ownLanes.upperBound
      }
    }
    peakMilliwatts = clusterMilliwatts
  }

  deinit {
    replicas.deinitialize(count: replicaCount)
    replicas.deallocate()
    lanes.deinitialize(count: laneCount)
    lanes.deallocate()
    costs.deinitialize(count: cluster.pools.count)
    costs.deallocate()
  }

  /// The last moment a run may reach, in picoseconds: 53 days.
  static var horizon: Int64 { 1 << 62 }

  /// Advances through every instant until nothing is left to happen.
  mutating func run() throws {
    while true {
      let own = cursor < independent ? requests[cursor].arrival.picoseconds : Int64.max
      let arrival = min(own, dependents.next)
      let landing = Int64(landings.leastKey)
      let instant = min(laneEnds.firstInstant.picoseconds, arrival, landing)
      guard instant < Int64.max else { break }
      guard instant <= Self.horizon else { throw SimulationError.tooLong }
      now = instant
      while laneEnds.firstInstant.picoseconds == instant { try endNext() }
      while landings.leastKey == instant { try land(landings.removeLeast()) }
      while cursor < independent, requests[cursor].arrival.picoseconds == instant {
        try arrive(cursor)
        cursor += 1
      }
      while dependents.next == instant { try arrive(dependents.removeNext()) }
      // Segments that an arrival or a landing has cut at this very instant: nothing changed at that boundary.
      while laneEnds.firstInstant.picoseconds == instant { try endNext() }
      try startLanes()
      if departing.count > 0 || receiving.count > 0 { try beginTransfers() }
      if clusterMilliwatts > peakMilliwatts { peakMilliwatts = clusterMilliwatts }
    }
    guard unfinished == 0 else {
      throw SimulationError.stalled(unfinished: unfinished, at: Instant(picoseconds: now))
    }
  }

  /// The class of `request`.
  @inline(__always)
  func rank(_ request: Int) -> Int { classCount > 1 ? Int(ranks[request]) : 0 }

  /// Makes every lane of `replica` dirty: idle ones start in this instant, segments under way end at their next step
  /// boundary.
  @inline(__always)
  mutating func disturb(_ replica: Int) {
    for lane in replicas[replica].lanes {
      lanes[lane].isDirty = true
      if lanes[lane].isBusy { cut(lane) }
    }
    touch(replica)
  }

  /// Has the lanes of `replica` looked at in this instant's third phase.
  @inline(__always)
  mutating func touch(_ replica: Int) {
    guard !replicas[replica].isTouched else { return }
    replicas[replica].isTouched = true
    touched.append(Int32(replica))
  }

  /// Shortens the segment of `lane` to end at the first step boundary at or after now.
  @inline(__always)
  private mutating func cut(_ lane: Int) {
    guard lanes[lane].decodes > 1 else { return }
    var steps = lanes[lane].stepsEnded(by: now - 1) + 1
    if steps > lanes[lane].decodes { steps = lanes[lane].decodes }
    truncate(lane, to: steps)
  }

  /// Shortens the segment of `lane` to `steps` steps.
  mutating func truncate(_ lane: Int, to steps: Int) {
    guard steps < lanes[lane].decodes else { return }
    lanes[lane].decodes = steps
    laneEnds.set(lane, Instant(picoseconds: lanes[lane].ends[min(steps, lanes[lane].tabulated) - 1]))
  }
}
