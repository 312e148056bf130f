import Cluster
import Workload

/// One of those who send a workload's requests, with what they were promised.
///
/// `Trace.tenants` names it by its place in ``WorkloadPlan/tenants``.
public struct TenantPlan: Hashable, Sendable {
  /// Its name in the scenario.
  public var name: String
  /// Where its requests come from; nil where it sends a share of the whole workload's.
  public var workload: WorkloadPlan?
  /// Its share of the whole workload's requests, of 1 in all; 0 where it has a workload of its own.
  public var share: Double
  /// What is asked of its latencies; nil where the scenario's SLO is.
  public var slo: SLO?
  /// How much it matters: higher is served sooner; 0 unless given.
  public var priority: Int

  /// A tenant.
  public init(
    name: String, workload: WorkloadPlan? = nil, share: Double = 0, slo: SLO? = nil, priority: Int = 0
  ) {
    self.name = name
    self.workload = workload
    self.share = share
    self.slo = slo
    self.priority = priority
  }
}
