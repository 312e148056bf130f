import Histogram
import Models
import Units
import Workload

/// A run in figures.
///
/// The run lasts from instant 0 to the end of the last request; rates, shares, energy and cost are over that time.
/// Latencies are those of completed requests, exact order statistics; the percentiles of ITL come from the run's
/// histogram, its mean is exact.
public struct Summary: Hashable, Sendable {
  /// Requests of the workload.
  public var requests: Int
  /// Requests that got their last token.
  public var completed = 0
  /// Requests that did not: no replica could ever hold them.
  public var rejected = 0
  /// Prompt tokens of completed requests.
  public var promptTokens = 0
  /// Output tokens of completed requests.
  public var outputTokens = 0
  /// Length of the run.
  public var duration: Seconds
  /// From arrival to the first step; nil here and below where nothing was measured.
  public var queueing: Percentiles?
  /// From arrival to the first token.
  public var ttft: Percentiles?
  /// Mean time between the later tokens of a request.
  public var tpot: Percentiles?
  /// Each gap between tokens.
  public var itl: Percentiles?
  /// From arrival to the last token.
  public var e2e: Percentiles?
  /// The judgement, where an SLO was given.
  public var slo: SLOOutcome?
  /// The tenants in order; empty where the workload has none.
  public var tenants: [TenantSummary] = []
  /// The pools in order.
  public var pools: [PoolSummary]
  /// The paths between pools in order.
  public var transfers: [TransferSummary]
  /// Latency of completed requests by what it was spent on.
  public var latency = TimeShares()
  /// Highest power of the cluster at any moment.
  public var peakPower: Power
  /// Events the agenda delivered.
  public var events: Int
  /// Hashes of the run.
  public var fingerprints: Fingerprints

  /// Completed requests per second.
  public var requestRate: Rate { perSecond(completed) }
  /// Output tokens of completed requests per second.
  public var outputTokenRate: Rate { perSecond(outputTokens) }
  /// Prompt and output tokens of completed requests per second.
  public var tokenRate: Rate { perSecond(promptTokens + outputTokens) }
  /// Preemptions.
  public var preemptions: Int { pools.reduce(0) { $0 + $1.preemptions } }
  /// What the prefix caches of all pools did; nil where none keeps prefixes.
  public var prefixes: PrefixTotals? {
    let kept = pools.compactMap(\.prefixes)
    return kept.isEmpty ? nil : kept.reduce(PrefixTotals(), +)
  }
  /// Power integrated over the run.
  public var energy: Energy { pools.reduce(Energy(0)) { $0 + $1.energy } }
  /// Energy over the run's length.
  public var averagePower: Power { Power(duration.value > 0 ? energy.value / duration.value : 0) }
  /// Joules per output token of completed requests; nil without one.
  public var energyPerOutputToken: Energy? { outputTokens > 0 ? Energy(energy.value / Double(outputTokens)) : nil }
  /// Price of all pools; nil where none has one.
  public var price: Price? {
    let sum = pools.reduce(Price(0)) { $0 + $1.price }
    return sum.value > 0 ? sum : nil
  }
  /// Dollars that the run costs; nil without a price.
  public var cost: Double? { price.map { $0.value * duration.value / 3600 } }
  /// Dollars per million output tokens; nil without one or without a price.
  public var costPerMillionOutputTokens: Double? { cost(per: outputTokens) }
  /// Dollars per million prompt and output tokens; nil without one or without a price.
  public var costPerMillionTokens: Double? { cost(per: promptTokens + outputTokens) }

  private func cost(per tokens: Int) -> Double? { tokens > 0 ? cost.map { $0 / Double(tokens) * 1e6 } : nil }

  /// The figures of a run of `requests` on `cluster`.
  ///
  /// `reference` serves slowdowns; `peaks` has one entry for each pool and serves MFU and MBU. Complexity:
  /// O(requests + replicas).
  /// - Throws: `SLO.Fault.needsReference` where the SLO bounds slowdowns and `reference` is nil.
  public init(
    _ cluster: ClusterDescription, _ requests: [Request], _ result: RunResult, slo: SLO? = nil,
    reference: UnloadedReference? = nil, peaks: [DevicePeak?] = []
  ) throws(SLO.Fault) {
    precondition(requests.count == result.outcomes.done.count, "a run has one outcome for each request")
    self.requests = requests.count
    let run = Seconds(result.end.seconds)
    duration = run
    peakPower = result.peakPower
    events = result.events
    fingerprints = result.fingerprints
    transfers = result.transfers.map { TransferSummary($0, cluster, duration: run) }
    pools = cluster.pools.indices.map { pool in
      PoolSummary(
        cluster.pools[pool], result.replicas.filter { $0.pool == pool }, duration: run,
        peak: peaks.indices.contains(pool) ? peaks[pool] : nil)
    }
    var judge = try slo.map { value throws(SLO.Fault) in try SLOJudge(value, reference: reference) }
    let times = see(requests, result, &judge)
    self.slo = judge?.outcome(gaps: result.gaps, duration: duration)
    itl = Percentiles(nanoseconds: result.gaps, mean: times.meanGap)
    latency = requestTime(times, result)
  }

  /// The figures of a run of `trace`, as it was served, whose requests belong to `tenants`; else as the other.
  /// - Throws: as the other, for the tenants' objectives too.
  public init(
    _ cluster: ClusterDescription, _ trace: Trace, _ result: RunResult, tenants: [Tenant], slo: SLO? = nil,
    reference: UnloadedReference? = nil, peaks: [DevicePeak?] = []
  ) throws(SLO.Fault) {
    try self.init(cluster, trace.requests, result, slo: slo, reference: reference, peaks: peaks)
    self.tenants = try TenantSummary.all(tenants, trace, result, duration: duration, reference: reference)
  }

  /// Seconds that requests spent, by where.
  private struct RequestTimes {
    var queue = LongSum()
    /// In prefill, by pool.
    var prefill: [LongSum]
    /// Gaps between tokens.
    var gaps = 0
    /// From the first token to the last, by the pool that decodes.
    var decode: [LongSum]

    /// The mean gap in seconds, exact: the gaps of a request add up to the time between its first and last token.
    var meanGap: Double { gaps > 0 ? decode.reduce(0) { $0 + $1.seconds } / Double(gaps) : 0 }
  }

  /// Counts requests and measures their latencies.
  private mutating func see(_ requests: [Request], _ result: RunResult, _ judge: inout SLOJudge?) -> RequestTimes {
    let none = Array(repeating: LongSum(), count: pools.count)
    var times = RequestTimes(prefill: none, decode: none)
    var queueings: [Int64] = []
    var ttfts: [Int64] = []
    var tpots: [Int64] = []
    var e2es: [Int64] = []
    queueings.reserveCapacity(requests.count)
    ttfts.reserveCapacity(requests.count)
    tpots.reserveCapacity(requests.count)
    e2es.reserveCapacity(requests.count)
    let outcomes = result.outcomes
    for (index, request) in requests.enumerated() {
      guard let latency = RequestLatency(request, index, outcomes) else {
        rejected += 1
        judge?.seeUnserved(request)
        continue
      }
      completed += 1
      promptTokens += Int(request.promptTokens)
      outputTokens += Int(request.outputTokens)
      queueings.append(latency.queueing)
      ttfts.append(latency.ttft)
      if let tpot = latency.tpot { tpots.append(tpot) }
      e2es.append(latency.e2e)
      times.gaps += Int(request.outputTokens) - 1
      judge?.see(request, latency)
      times.queue += latency.queueing
      let prefill = Int(outcomes.prefillReplica[index])
      let decode = Int(outcomes.decodeReplica[index])
      times.prefill[result.replicas[prefill].pool] += latency.ttft - latency.queueing
      times.decode[result.replicas[decode].pool] += latency.e2e - latency.ttft
    }
    queueing = Percentiles(picoseconds: &queueings)
    ttft = Percentiles(picoseconds: &ttfts)
    tpot = Percentiles(picoseconds: &tpots)
    e2e = Percentiles(picoseconds: &e2es)
    return times
  }

  /// Shares of the latency of all completed requests: queueing; transfers as far as they delay tokens; and the rest,
  /// which each pool's requests spent as its replicas spent their busy time.
  private func requestTime(_ times: RequestTimes, _ result: RunResult) -> TimeShares {
    var shares = TimeShares()
    shares.queue = times.queue.seconds
    var service = pools.indices.map { times.prefill[$0].seconds + times.decode[$0].seconds }
    for transfer in result.transfers {
      let exposed = min(transfer.exposed, service[transfer.pair.to])
      service[transfer.pair.to] -= exposed
      shares.transfer += exposed
    }
    for (pool, seconds) in zip(pools, service) {
      var busy = pool.time
      busy.idle = 0
      shares.add(busy.normalised, weight: seconds)
    }
    return shares.normalised
  }

  private func perSecond(_ count: Int) -> Rate { Rate(duration.value > 0 ? Double(count) / duration.value : 0) }
}

/// What one path between pools carried, in figures.
public struct TransferSummary: Hashable, Sendable {
  /// The pool that prefilled.
  public var from: String
  /// The pool that decodes.
  public var to: String
  /// Transfers begun.
  public var count: Int
  /// Bytes carried.
  public var bytes: Memory
  /// Bytes carried over the run's length.
  public var meanBandwidth: Bandwidth
  /// Time in which bytes crossed, summed over transfers.
  public var busy: Seconds
  /// Time that transfers kept sequences waiting, summed over transfers.
  public var exposed: Seconds

  init(_ totals: TransferTotals, _ cluster: ClusterDescription, duration: Seconds) {
    from = cluster.pools[totals.pair.from].name
    to = cluster.pools[totals.pair.to].name
    count = totals.count
    bytes = Memory(Double(totals.bytes))
    meanBandwidth = Bandwidth(duration.value > 0 ? Double(totals.bytes) / duration.value : 0)
    busy = Seconds(Double(totals.busyPicoseconds) / 1e12)
    exposed = Seconds(totals.exposed)
  }
}
