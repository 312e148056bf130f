import Cluster
import Scenario
import Units

/// The highest rate at which an experiment meets its SLO.
public enum Capacity {
  /// Searches for the highest rate of an experiment.
  /// - Throws: a `Diagnostic` where it has no SLO or its rate cannot be changed, and what ``Experiment/run()`` throws.
  public static func find(
    _ experiment: Experiment, _ plan: SearchPlan, workers: Int = Parallel.cores,
    finished: @escaping @Sendable (_ done: Int, _ asked: Int) -> Void = { _, _ in }
  ) throws -> CapacityFinding {
    let workload = experiment.scenario.workload
    guard experiment.scenario.slo != nil || workload.tenants.contains(where: { $0.slo != nil }) else {
      throw Diagnostic(
        at: nil, "'\(experiment.name)' has no SLO to meet", why: "capacity is the highest rate within an SLO",
        fix: "add 'slo: {ttft: 2 s, tpot: 200 ms, attainment: 99 %}'")
    }
    guard workload.canChangeRate else {
      throw Diagnostic(
        at: nil, "the rate of '\(experiment.name)' cannot be changed",
        why: "it follows from how users are served, or a trace among several workloads names no rate",
        fix: "choose another generator than closed-loop, and give each trace of a tenant a 'rate'")
    }
    return try find(plan, ceiling: workload.highestRate, workers: workers, finished: finished) { experiment.at($0) }
  }

  /// Searches as `plan` says, up to `ceiling` where the plan names no highest rate; `experiment` gives the scenario at
  /// a rate.
  ///
  /// Rates that the search asks for together run side by side. `finished` is called after each of them with all
  /// probes of its batch that are done and asked for.
  /// - Throws: what `experiment` and ``Experiment/run()`` throw.
  public static func find(
    _ plan: SearchPlan, ceiling: Rate = Rate(1e9), workers: Int = Parallel.cores,
    finished: @escaping @Sendable (_ done: Int, _ asked: Int) -> Void = { _, _ in },
    experiment: @escaping @Sendable (Rate) throws -> Experiment
  ) throws -> CapacityFinding {
    try CapacitySearch.run(plan, ceiling: ceiling) { rates in
      try Parallel.map(rates, workers: workers, finished: { finished($0, rates.count) }) { rate in
        let missed = try runnable(experiment(rate), at: rate).missed
        return CapacityProbe(rate: rate, passes: missed.isEmpty, missed: missed.joined(separator: ", "))
      }
    }
  }
}

extension Capacity {
  /// The run of an experiment at a rate that the search chose, not the scenario: what refuses the rate says so.
  private static func runnable(_ experiment: Experiment, at rate: Rate) throws -> Run {
    do { return try experiment.run() } catch let faults as Faults
      where faults.diagnostics.allSatisfy({ $0.place == nil })
    {
      let reasons = faults.diagnostics.map { "\($0.what), as \($0.why)" }
      throw Diagnostic(
        at: nil, "'\(experiment.name)' cannot be run at \(brief(rate.value))/s", why: reasons.joined(separator: "; "),
        fix: "search between other rates: --min and --max, or 'capacity: {from: ..., to: ...}' of the scenario")
    }
  }
}

extension SLOOutcome {
  /// The objectives that were not met, in words.
  var missed: [String] {
    let names = verdicts.filter { !$0.isMet }.map(\.clause.name)
    return names.isEmpty && !isMet ? ["attainment"] : names
  }
}
