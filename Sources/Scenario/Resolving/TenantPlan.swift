import Cluster
import Kernel
import Units
import Workload

/// One of those who send a workload's requests, with what they were promised.
public struct TenantPlan: Hashable, Sendable {
  /// Its name in the scenario.
  public var name: String
  /// Where its requests come from; nil where it sends a share of the whole workload's, or those that a trace says.
  public var workload: WorkloadPlan?
  /// Its share of the whole workload's requests, of 1 in all; 0 where it has none.
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

  /// The seed of its own workload: a tenant's luck does not depend on the others.
  fileprivate func seed(_ seed: UInt64) -> UInt64 {
    var hash = Fingerprint()
    hash.combine(name)
    return RandomStream(seed: seed, consumer: .session, hash.value).word(0)
  }
}

extension WorkloadPlan {
  /// The tenants of a trace of this plan, in the order of its `tenantNames`.
  public func tenants(of trace: Trace) -> [TenantPlan] {
    trace.tenantNames.map { name in tenants.first { $0.name == name } ?? TenantPlan(name: name) }
  }

  /// The requests of all tenants.
  func mixed(seed: UInt64) throws(Faults) -> Trace {
    var names = tenants.map(\.name)
    var parts: [Trace] = []
    var unit = blockTokens
    // Recorded contents come in blocks of their own, which the generated ones then have too.
    let recorded = tenants.indices.filter { tenants[$0].workload?.isRecorded ?? false }
    let generated = tenants.indices.filter { !(tenants[$0].workload?.isRecorded ?? true) }
    func add(_ trace: Trace) {
      if unit != nil, let own = trace.blocks?.unit { unit = own }
      parts.append(trace)
    }
    let onClock = sharesClock ? try onOneClock(seed) : [:]
    if isRecorded {
      let whole = if let trace = onClock[-1] { trace } else { try own(seed: seed, blockTokens: nil) }
      add(try assigned(whole, seed, &names))
    }
    for index in recorded + generated {
      guard let workload = tenants[index].workload else { continue }
      let trace =
        if let trace = onClock[index] { trace } else {
          try workload.own(seed: tenants[index].seed(seed), blockTokens: unit)
        }
      add(trace.owned(by: UInt8(index)))
    }
    if case .generator = source { add(try assigned(try own(seed: seed, blockTokens: unit), seed, &names)) }
    do {
      var trace = try Trace(mixing: parts)
      trace.tenantNames = names
      return trace
    } catch {
      throw Faults(
        Diagnostic(
          at: nil, "the workloads of the tenants cannot be mixed",
          why: error == .differentBlocks
            ? "their traces tell contents in blocks of different sizes"
            : "they have more than \(TraceReader.rowLimit) requests or 2^31 - 1 blocks in all",
          fix: error == .differentBlocks ? "replay one of the traces at a time" : "take less of each"))
    }
  }

  /// The recorded traces as far apart as their clocks say, by their tenants; that of the whole workload at -1.
  private func onOneClock(_ seed: UInt64) throws(Faults) -> [Int: Trace] {
    let parts =
      [(-1, self, seed)]
      + tenants.enumerated().compactMap { index, tenant in
        tenant.workload.map { (index, $0, tenant.seed(seed)) }
      }
    var recorded: [(index: Int, part: WorkloadPlan, plan: TracePlan, trace: Trace)] = []
    for (index, part, seed) in parts {
      guard case .trace(let plan) = part.source else { continue }
      recorded.append((index, part, plan, try part.taken(plan, seed: seed)))
    }
    let moved: [Trace]
    do {
      moved = try Trace.onOneClock(recorded.map(\.trace))
    } catch {
      throw Faults(
        Diagnostic(
          at: nil, "the traces of the tenants cannot share a clock",
          why: error == .differentClocks
            ? "some have dates, others count from a start of their own" : "they lie more than 53 days apart",
          fix: "clock: own, with which each begins with its first request"))
    }
    var found: [Int: Trace] = [:]
    for (own, trace) in zip(recorded, moved) { found[own.index] = try own.part.scaled(trace, own.plan) }
    return found
  }

  /// Whether the source is a trace.
  var isRecorded: Bool {
    if case .trace = source { return true }
    return false
  }

  /// The requests of the whole workload with the tenants they belong to: by their shares, or as the trace says.
  private func assigned(_ trace: Trace, _ seed: UInt64, _ names: inout [String]) throws(Faults) -> Trace {
    let shares = tenants.indices.filter { tenants[$0].share > 0 }.map { (UInt8($0), tenants[$0].share) }
    guard shares.isEmpty else { return trace.shared(among: shares, seed: seed) }
    for tenant in tenants where tenant.workload == nil && !trace.tenantNames.contains(tenant.name) {
      throw Faults(
        Diagnostic(
          at: nil, "the trace has no tenant '\(tenant.name)'",
          why: trace.tenantNames.isEmpty
            ? "its rows name no tenants" : "its tenants are \(wordList(trace.tenantNames, or: "and"))",
          fix: trace.tenantNames.isEmpty
            ? "give each tenant a share or a workload"
            : didYouMean(tenant.name, among: trace.tenantNames, else: "name one of them")))
    }
    guard !trace.tenantNames.isEmpty || trace.requests.isEmpty else {
      throw Faults(
        Diagnostic(
          at: nil, "no tenant sends the requests of the trace", why: "its rows name no tenants, and none has a share",
          fix: "give tenants shares of 100 % in all, or each a 'workload' of its own"))
    }
    names += trace.tenantNames.filter { !names.contains($0) }
    guard names.count <= Tenant.limit else {
      throw Faults(
        Diagnostic(
          at: nil, "the workload has \(names.count) tenants", why: "it has at most \(Tenant.limit)",
          fix: "put users into classes"))
    }
    var assigned = trace
    let places = trace.tenantNames.map { name in UInt8(names.firstIndex(of: name) ?? 0) }
    assigned.tenants = trace.tenants.map { places[Int($0)] }
    return assigned
  }
}
