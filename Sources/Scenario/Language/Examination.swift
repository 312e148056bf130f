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
    var seen: Set<WorkloadPlan> = []
    for variant in variants.isEmpty ? [nil] : variants.map(Optional.some) {
      let resolved = try resolve(variant: variant)
      for warning in resolved.warnings { diagnostics.add(warning) }
      do {
        if seen.insert(resolved.workload).inserted { try resolved.workload.probe(seed: resolved.seed) }
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
  /// Reads the trace that requests come from, and draws no more than one: whether they can be had at all.
  func probe(seed: UInt64) throws(Faults) {
    switch source {
    case .trace:
      guard try trace(seed: seed).requests.isEmpty, let name = trace?.name else { return }
      var whole = self
      whole.window = nil
      let arrivals = try whole.trace(seed: seed).requests.map(\.arrival)
      let (first, last) = (arrivals.first ?? .start, arrivals.last ?? .start)
      throw Faults(
        Diagnostic(
          at: nil, "workload.window takes no request of the trace '\(name)'",
          why: "they arrive from \(Seconds((first - .start).seconds).text) to \(Seconds((last - .start).seconds).text)",
          fix: "choose a window among them"))
    case .generator(var generator):
      guard trace != nil else { return }
      generator.extent = .requests(1)
      var plan = self
      plan.source = .generator(generator)
      _ = try plan.trace(seed: seed)
    }
  }
}
