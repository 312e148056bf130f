import Units
import Workload

extension Scenario {
  /// Looks at what reading alone does not show: the rows of every trace, and what is doubtful about each variant.
  ///
  /// Returns the warnings in the order of their places. Nothing is simulated. Complexity: that of reading the traces.
  /// - Throws: ``Faults``, the warnings among them, where a trace is at fault.
  public func examine() throws(Faults) -> [Diagnostic] {
    let diagnostics = Diagnostics()
    for warning in warnings { diagnostics.add(warning) }
    var seen: [WorkloadPlan: Trace?] = [:]
    for variant in variants.isEmpty ? [nil] : variants.map(Optional.some) {
      let resolved = try resolve(variant: variant)
      for warning in resolved.warnings { diagnostics.add(warning) }
      do {
        if seen[resolved.workload] == nil {
          seen[resolved.workload] = .some(nil)
          seen[resolved.workload] = try resolved.workload.probe(seed: resolved.seed)
        }
        guard let trace = seen[resolved.workload] ?? nil else { continue }
        for doubt in resolved.doubts(of: trace) { diagnostics.add(doubt) }
        if resolved.cluster.keepsPrefixes, try !resolved.knowsContents() {
          diagnostics.add(resolved.warningOfUnknownContents)
        }
      } catch {
        for fault in error.diagnostics { diagnostics.add(fault) }
      }
    }
    try diagnostics.check()
    return diagnostics.faults.diagnostics
  }
}

extension WorkloadPlan {
  /// Requests that each generator draws to see whether they can be had at all.
  private static let drawn = 1000

  /// The requests of the traces, and the first few that are drawn.
  func probe(seed: UInt64) throws(Faults) -> Trace {
    for part in parts { try part.probeWindow(seed: seed) }
    return try lessened(to: Self.drawn).trace(seed: seed)
  }

  /// The plan with at most `count` requests of each generator.
  func lessened(to count: Int) -> WorkloadPlan {
    var plan = self
    if case .generator(var generator) = source {
      switch generator.extent {
      case .requests(let wanted): generator.extent = .requests(min(wanted, count))
      case .duration(let duration):
        // A short time may hold fewer requests, or none.
        let holds = generator.arrivals.rate.map { $0.value * duration.seconds } ?? .infinity
        if holds > Double(count) { generator.extent = .requests(count) }
      }
      plan.source = .generator(generator)
    }
    plan.tenants = tenants.map { tenant in
      var tenant = tenant
      tenant.workload = tenant.workload?.lessened(to: count)
      return tenant
    }
    return plan
  }

  /// Whether a window takes anything of its trace.
  func probeWindow(seed: UInt64) throws(Faults) {
    guard window != nil, let trace = ownTrace, try own(seed: seed, blockTokens: nil).requests.isEmpty else { return }
    // A window is in the times of the file.
    let arrivals = try trace.read(.all).requests.map(\.arrival)
    let (first, last) = (arrivals.first ?? .start, arrivals.last ?? .start)
    throw Faults(
      Diagnostic(
        at: nil, "workload.window takes no request of the trace '\(trace.name)'",
        why: "they arrive from \(Seconds((first - .start).seconds).text) to \(Seconds((last - .start).seconds).text)",
        fix: "choose a window among them"))
  }
}
