import Histogram
import Units
import Workload

/// Judges an SLO over a run: sees every request once, then gives the outcome.
struct SLOJudge {
  private let slo: SLO
  private let reference: UnloadedReference?
  private let hasRequestClauses: Bool
  /// The values of each clause that is not about gaps: picoseconds, or slowdowns.
  private var times: [[Int64]]
  private var slowdowns: [[Double]]
  /// Of each clause the values of requests that never ended; the gaps they would have had where it is about gaps.
  private var rejected: [Int]
  private var within: [Int]
  private var limits: [Int64]
  private var attained = 0
  private var requests = 0

  /// - Throws: `SLO.Fault.needsReference`.
  init(_ slo: SLO, reference: UnloadedReference?) throws(SLO.Fault) {
    if reference == nil, let clause = slo.clauses.first(where: { $0.isSlowdown }) {
      throw .needsReference(clause.name)
    }
    self.slo = slo
    self.reference = slo.needsReference ? reference : nil
    hasRequestClauses = slo.clauses.contains { $0.scope == .request }
    times = Array(repeating: [], count: slo.clauses.count)
    slowdowns = Array(repeating: [], count: slo.clauses.count)
    rejected = Array(repeating: 0, count: slo.clauses.count)
    within = rejected
    limits = slo.clauses.map {
      guard case .absolute(let time) = $0.bound, let limit = Interval(seconds: time.value) else { return .max }
      return limit.picoseconds
    }
  }

  /// Sees a request that ended.
  mutating func see(_ request: Request, _ latency: RequestLatency) {
    requests += 1
    let base = reference?(request)
    var isWithinAll = true
    for index in slo.clauses.indices where slo.clauses[index].metric != .itl {
      let clause = slo.clauses[index]
      guard let time = latency[clause.metric] else { continue }
      let isWithin: Bool
      switch clause.bound {
      case .absolute:
        times[index].append(time)
        isWithin = clause.isStrict ? time < limits[index] : time <= limits[index]
      case .slowdown(let factor):
        let slowdown = Double(time) / 1e12 / (base?[clause.metric] ?? .infinity)
        slowdowns[index].append(slowdown)
        isWithin = clause.isStrict ? slowdown < factor : slowdown <= factor
      }
      if isWithin {
        within[index] += 1
      } else if clause.scope == .request {
        isWithinAll = false
      }
    }
    if isWithinAll { attained += 1 }
  }

  /// Sees a request that was rejected or never ended: later than any bound.
  mutating func seeUnserved(_ request: Request) {
    requests += 1
    for index in slo.clauses.indices {
      switch slo.clauses[index].metric {
      case .ttft, .e2e: rejected[index] += 1
      case .tpot: rejected[index] += request.outputTokens > 1 ? 1 : 0
      case .itl: rejected[index] += Int(request.outputTokens) - 1
      }
    }
  }

  /// The outcome of a run of `duration` with these gaps between tokens.
  mutating func outcome(gaps: Histogram<UInt64>, duration: Seconds) -> SLOOutcome {
    var verdicts: [SLOVerdict] = []
    for index in slo.clauses.indices { verdicts.append(verdict(index, gaps)) }
    let attainment = requests > 0 ? Double(attained) / Double(requests) : 0
    return SLOOutcome(
      verdicts: verdicts, attained: hasRequestClauses ? attained : nil,
      attainment: hasRequestClauses ? attainment : nil,
      goodput: hasRequestClauses ? Rate(duration.value > 0 ? Double(attained) / duration.value : 0) : nil,
      isMet: requests > 0 && verdicts.allSatisfy(\.isMet) && (!hasRequestClauses || attainment >= slo.attainment))
  }

  private mutating func verdict(_ index: Int, _ gaps: Histogram<UInt64>) -> SLOVerdict {
    let clause = slo.clauses[index]
    if clause.metric == .itl { return verdict(clause, gaps, missing: rejected[index]) }
    let measuredCount = times[index].count + slowdowns[index].count
    let count = measuredCount + rejected[index]
    guard count > 0 else { return SLOVerdict(clause: clause, measured: nil, share: 1, isMet: requests > 0) }
    let share = Double(within[index]) / Double(count)
    let fraction =
      switch clause.scope {
      case .percentile(let fraction): fraction
      case .request: 1.0
      }
    let rank = OrderStatistics.rank(fraction, of: count)
    var measured: Double?
    var isWithin = false
    if rank < measuredCount {
      switch clause.bound {
      case .absolute:
        OrderStatistics.select(&times[index], at: [rank])
        let time = times[index][rank]
        measured = Double(time) / 1e12
        isWithin = clause.isStrict ? time < limits[index] : time <= limits[index]
      case .slowdown(let factor):
        OrderStatistics.select(&slowdowns[index], at: [rank])
        let slowdown = slowdowns[index][rank]
        measured = slowdown
        isWithin = clause.isStrict ? slowdown < factor : slowdown <= factor
      }
    }
    if clause.scope == .request { isWithin = share >= slo.attainment }
    return SLOVerdict(clause: clause, measured: measured, share: share, isMet: isWithin)
  }

  /// The verdict on a percentile of gaps, as exact as the histogram: 3 significant digits. The `missing` gaps of
  /// requests that never ended are longer than any bound.
  private func verdict(_ clause: SLOClause, _ gaps: Histogram<UInt64>, missing: Int) -> SLOVerdict {
    let measuredCount = Int(gaps.totalCount)
    let count = measuredCount + missing
    guard case .percentile(let fraction) = clause.scope, case .absolute(let bound) = clause.bound, count > 0
    else { return SLOVerdict(clause: clause, measured: nil, share: 1, isMet: requests > 0) }
    guard measuredCount > 0 else { return SLOVerdict(clause: clause, measured: nil, share: 0, isMet: false) }
    let share =
      gaps.percentileAtOrBelowValue(UInt64(bound.value * 1e9)) / 100 * (Double(measuredCount) / Double(count))
    let rank = OrderStatistics.rank(fraction, of: count)
    guard rank < measuredCount else { return SLOVerdict(clause: clause, measured: nil, share: share, isMet: false) }
    let place = missing == 0 ? fraction : (Double(rank) + 0.5) / Double(measuredCount)
    let measured = Double(gaps.valueAtPercentile(place * 100)) / 1e9
    return SLOVerdict(
      clause: clause, measured: measured, share: share,
      isMet: clause.isStrict ? measured < bound.value : measured <= bound.value)
  }
}

extension SLOClause {
  var isSlowdown: Bool {
    if case .slowdown = bound { true } else { false }
  }
}

extension UnloadedLatency {
  fileprivate subscript(metric: SLOMetric) -> Double {
    switch metric {
    case .ttft: ttft
    case .tpot, .itl: tpot
    case .e2e: e2e
    }
  }
}
