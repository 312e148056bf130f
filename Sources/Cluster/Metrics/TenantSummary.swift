import Units
import Workload

/// How one tenant's requests fared, in figures.
public struct TenantSummary: Hashable, Sendable {
  /// The tenant.
  public var tenant: Tenant
  /// Its requests, completed and rejected.
  public var requests = 0
  /// Those that got their last token.
  public var completed = 0
  /// Output tokens of completed requests.
  public var outputTokens = 0
  /// From arrival to the first token; nil here and below where nothing was measured.
  public var ttft: Percentiles?
  /// Mean time between the later tokens of a request.
  public var tpot: Percentiles?
  /// From arrival to the last token.
  public var e2e: Percentiles?
  /// The judgement of what the tenant asks; an objective on ITL is judged on the gaps of the whole run.
  public var slo: SLOOutcome?

  /// Requests that no replica could ever hold.
  public var rejected: Int { requests - completed }

  /// One summary for each of `tenants`, of their requests in a run of `duration`.
  ///
  /// Complexity: O(requests).
  /// - Throws: `SLO.Fault.needsReference` where a tenant's SLO bounds slowdowns and `reference` is nil.
  static func all(
    _ tenants: [Tenant], _ trace: Trace, _ result: RunResult, duration: Seconds, reference: UnloadedReference?
  ) throws(SLO.Fault) -> [TenantSummary] {
    guard !tenants.isEmpty else { return [] }
    var collected: [Collected] = []
    for tenant in tenants { collected.append(try Collected(tenant, reference)) }
    for (index, request) in trace.requests.enumerated() {
      collected[Int(trace.tenants[index])].see(request, RequestLatency(request, index, result.outcomes))
    }
    return collected.indices.map { collected[$0].summary(result, duration) }
  }

  /// What is collected of a tenant's requests.
  private struct Collected {
    var own: TenantSummary
    var judge: SLOJudge?
    var ttfts: [Int64] = []
    var tpots: [Int64] = []
    var e2es: [Int64] = []

    init(_ tenant: Tenant, _ reference: UnloadedReference?) throws(SLO.Fault) {
      own = TenantSummary(tenant: tenant)
      if let slo = tenant.slo { judge = try SLOJudge(slo, reference: reference) }
    }

    mutating func see(_ request: Request, _ latency: RequestLatency?) {
      own.requests += 1
      guard let latency else {
        judge?.seeUnserved(request)
        return
      }
      own.completed += 1
      own.outputTokens += Int(request.outputTokens)
      ttfts.append(latency.ttft)
      if let tpot = latency.tpot { tpots.append(tpot) }
      e2es.append(latency.e2e)
      judge?.see(request, latency)
    }

    mutating func summary(_ result: RunResult, _ duration: Seconds) -> TenantSummary {
      own.ttft = Percentiles(picoseconds: &ttfts)
      own.tpot = Percentiles(picoseconds: &tpots)
      own.e2e = Percentiles(picoseconds: &e2es)
      own.slo = judge?.outcome(gaps: result.gaps, duration: duration)
      return own
    }
  }
}
