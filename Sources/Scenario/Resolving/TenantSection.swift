import Cluster
import Units
import Workload

/// Reads `tenants: {chat: {share: 80 %, priority: 1, slo: {ttft: 1 s}}, batch: {workload: {...}}}`.
struct TenantSection {
  let reading: Reading
  let objectives: SLOSection
  /// Whether the scenario has something to count slowdowns against.
  let hasReference: Bool
  /// Reads a tenant's own workload.
  let workload: (Fields) -> WorkloadPlan?

  /// The tenants in order of their names; empty where there are none, nil with diagnostics.
  func tenants(_ fields: Fields) -> [TenantPlan]? {
    guard fields.has("tenants") else { return [] }
    let members = fields.fields("tenants")
    let names = members.keys.filter { members.has($0) }
    let errors = reading.diagnostics.errorCount
    guard 1...Tenant.limit ~= names.count || !members.isMapping else {
      reading.diagnostics.error(
        at: members.place, "the workload has \(names.count) tenants", why: "it has 1 to \(Tenant.limit)",
        fix: names.isEmpty ? "leave 'tenants' away, or name some" : "put users into classes")
      return nil
    }
    let tenants = names.map { name in
      Names.check(name, "tenant", at: members.place(of: name), reading.diagnostics)
      return tenant(name, members.fields(name))
    }
    checkShares(tenants, members)
    return reading.diagnostics.errorCount == errors ? tenants : nil
  }

  private func tenant(_ name: String, _ fields: Fields) -> TenantPlan {
    var plan = TenantPlan(name: name)
    plan.share = fields.quantity("share", Fraction.self, in: Fraction(1e-6)...Fraction(1))?.value ?? 0
    plan.priority = fields.count("priority", in: -1000...1000, default: 0, because: "as all others") ?? 0
    if fields.has("workload") {
      plan.workload = workload(fields.fields("workload"))
      if fields.has("share") {
        reading.diagnostics.error(
          at: fields.place(of: "share"), "the tenant '\(name)' has both a share and a workload",
          why: "its requests are a part of the whole workload or its own", fix: "remove one of them")
      }
    }
    if fields.has("slo") { plan.slo = objectives.slo(ofTenant: fields.fields("slo"), hasReference: hasReference) }
    fields.finish()
    return plan
  }

  private func checkShares(_ tenants: [TenantPlan], _ members: Fields) {
    let sharing = tenants.filter { $0.share > 0 }
    guard !sharing.isEmpty else { return }
    let sum = sharing.reduce(0) { $0 + $1.share }
    if abs(sum - 1) > 1e-6 {
      reading.diagnostics.error(
        at: members.place, "the shares of the tenants do not make a whole",
        why: sharing.map { "\(Fraction($0.share).text) of \($0.name)" }.joined(separator: " + ")
          + " = \(Fraction(sum).text)",
        fix: "let the shares be 100 % in all")
    }
    for tenant in tenants where tenant.share == 0 && tenant.workload == nil {
      reading.diagnostics.error(
        at: members.place(of: tenant.name), "the tenant '\(tenant.name)' has neither a share nor a workload",
        why: "others share the whole workload", fix: "give it 'share: 10 %' or a 'workload' of its own")
    }
  }
}
