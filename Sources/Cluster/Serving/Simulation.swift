import Units
import Workload

/// A run that cannot be finished.
public enum SimulationError: Error, Hashable {
  /// A request arrives before the one before it or after 53 days, or a token count is below 1; its index.
  case badRequest(Int)
  /// A request follows itself, a later one, or one that another follows, or its delay is negative.
  case badFollowers
  /// A request belongs to no tenant of the workload.
  case badTenants
  /// Nothing is left to happen while requests are unfinished: a policy waits for what never comes.
  case stalled(unfinished: Int, at: Instant)
  /// The run would pass 2^62 ps (53 days) of simulated time.
  case tooLong
  /// The cluster has no replica, or a limit of the named pool is out of range.
  case badCluster(String)
  /// What a trace says of its requests does not fit them or the cluster.
  case badTrace(String)
}

extension SimulationError: CustomStringConvertible {
  /// One line that says what cannot be, and what to change.
  public var description: String {
    switch self {
    case .badRequest(let index):
      "request \(index) arrives before the one before it or after 53 days, or has too few or too many tokens"
    case .badFollowers: "a request follows itself, a later one or one that has a follower, or its delay is negative"
    case .badTenants: "a request belongs to no tenant of the workload"
    case .stalled(let unfinished, let moment):
      "nothing is left to happen after \(moment.seconds) s, and \(unfinished) requests are unfinished: a policy waits "
        + "for what never comes"
    case .tooLong:
      "the run would last longer than 53 days of simulated time: a step, a swap or a transfer takes that long, or the "
        + "workload is too much for the cluster"
    case .badCluster(let why), .badTrace(let why): why
    }
  }
}

/// Runs workloads on clusters.
public enum Simulation {
  /// Serves `requests` (in order of arrival) on `cluster`: ``run(_:trace:tenants:route:)`` without what a trace may say
  /// besides.
  public static func run(
    _ cluster: ClusterDescription, requests: [Request], route: any RoutePolicy
  ) throws -> RunResult {
    try run(cluster, trace: Trace(requests: requests), route: route)
  }

  /// Serves the requests of `trace` on `cluster` and returns all that happened, as SERVING.md says.
  ///
  /// `tenants` are those that the trace's requests belong to, by index; they matter by their priorities. The steps in
  /// `recording` are kept one by one, which changes nothing of the run.
  ///
  /// The same arguments give the same result on any machine. Complexity: O(changes of a batch * log replicas);
  /// nothing is done per running sequence and step.
  /// - Throws: ``SimulationError`` or ``PolicyError``.
  public static func run(
    _ cluster: ClusterDescription, trace: Trace, tenants: [Tenant] = [], route: any RoutePolicy,
    recording: RecordedWindow? = nil
  ) throws -> RunResult {
    try check(cluster)
    try check(trace)
    if let blocks = trace.blocks { try check(blocks, trace.requests.count, cluster) }
    let classes = tenants.classes
    guard trace.tenants.count == (tenants.isEmpty ? 0 : trace.requests.count),
      trace.tenants.allSatisfy({ Int($0) < tenants.count })
    else { throw SimulationError.badTenants }
    return try trace.requests.withUnsafeBufferPointer { requests in
      var core = ServingCore(
        cluster, trace: trace, requests: requests, classes: classes, route: route, recording: recording)
      try core.run()
      return core.result()
    }
  }

  private static func check(_ cluster: ClusterDescription) throws {
    guard cluster.replicaCount > 0 else { throw SimulationError.badCluster("the cluster has no replica") }
    for pool in cluster.pools {
      let engine = pool.engine
      let limits = [pool.replicas + 1, engine.cache.blockTokens, engine.maxSequences, engine.maxBatchTokens]
      guard limits.allSatisfy({ 1...Int(Int32.max) ~= $0 }), 0...Int(Int32.max) ~= engine.cache.blocks,
        0...Int(Int32.max) ~= engine.cache.watermark
      else {
        throw SimulationError.badCluster("a limit of pool '\(pool.name)' is outside 1 to 2^31 - 1")
      }
    }
    let watts = cluster.pools.reduce(0.0) { sum, pool in
      let power = pool.engine.power
      return sum + [power.idle, power.prefill, power.decode].reduce(0) { $0 + $1.value } * Double(pool.replicas)
    }
    // In whole milliwatts, which are added up as integers.
    guard watts >= 0, watts <= 1e15 else {
      throw SimulationError.badCluster("the power of the cluster is outside 0 to 1e15 W")
    }
    for path in cluster.transfers.values where path.layers < 1 || !(path.bandwidth.value > 0) {
      throw SimulationError.badCluster("a transfer path has no layers or no bandwidth")
    }
  }

  private static func check(_ blocks: PromptBlocks, _ requests: Int, _ cluster: ClusterDescription) throws {
    guard blocks.requestCount == requests else {
      throw SimulationError.badTrace("the trace has blocks of \(blocks.requestCount) of its \(requests) requests")
    }
    for pool in cluster.pools where pool.evict != nil && blocks.unit % pool.engine.cache.blockTokens != 0 {
      throw SimulationError.badTrace(
        "the prefix cache of pool '\(pool.name)' cannot follow the trace: its KV blocks of "
          + "\(pool.engine.cache.blockTokens) tokens do not divide the trace's blocks of \(blocks.unit)")
    }
  }

  private static func check(_ trace: Trace) throws {
    let count = trace.requests.count
    if let followers = trace.followers, !followers.isValid(count: count) { throw SimulationError.badFollowers }
    let independent = trace.followers?.independent ?? count
    var last = Instant.start
    for (index, request) in trace.requests.enumerated() {
      guard request.promptTokens >= 1, request.outputTokens >= 1, request.promptTokens < 1 << 30,
        request.outputTokens < 1 << 30
      else { throw SimulationError.badRequest(index) }
      guard index < independent else { continue }
      guard request.arrival >= last, request.arrival.picoseconds <= ServingCore.horizon else {
        throw SimulationError.badRequest(index)
      }
      last = request.arrival
    }
  }
}
