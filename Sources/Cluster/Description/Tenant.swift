import Workload

/// One of those whose requests a workload mixes.
public struct Tenant: Hashable, Sendable {
  /// The tenant's name, unique in the workload.
  public var name: String
  /// Whose requests go first wherever several wait: those of higher numbers; 0 is the usual.
  public var priority: Int
  /// What the tenant asks of its own requests' latencies; nil where nothing.
  public var slo: SLO?

  /// A tenant.
  public init(name: String, priority: Int = 0, slo: SLO? = nil) {
    self.name = name
    self.priority = priority
    self.slo = slo
  }

  /// Most tenants of a workload.
  public static let limit = 256
}

extension Sequence<Tenant> {
  /// The class of each tenant: 0 for the highest priority, 1 for the next, and so on.
  var classes: [UInt8] {
    let ranks = Set(map(\.priority)).sorted(by: >)
    return map { tenant in UInt8(clamping: ranks.firstIndex(of: tenant.priority) ?? 0) }
  }
}
