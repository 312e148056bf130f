import Cluster
import Foundation
import Ledger
import Scenario
import Units
import Workload

/// One resolved variant of a scenario, ready to run any number of times.
public struct Experiment: Sendable {
  /// What to run.
  public var scenario: ResolvedScenario
  /// The scenario file's text.
  public var text: String

  /// An experiment.
  public init(_ scenario: ResolvedScenario, text: String) {
    self.scenario = scenario
    self.text = text
  }

  /// "quickstart", or "quickstart/split" where the scenario has variants.
  public var name: String { scenario.variant.map { "\(scenario.name)/\($0)" } ?? scenario.name }

  /// All that happens to the requests of `trace` in place of the scenario's own workload.
  /// - Throws: `SimulationError` or `PolicyError`.
  public func replay(_ trace: Trace) throws -> RunResult {
    try Simulation.run(
      scenario.cluster, trace: scenario.withContents(trace), tenants: [], route: scenario.makeRoute())
  }

  /// Draws or reads the workload, simulates it and sums it up.
  ///
  /// `use` sees the workload as it was served and all that happened to it, which are gone afterwards; the steps of
  /// `recording` one by one.
  /// - Throws: `Faults` of the workload, `SimulationError` or `PolicyError` of the simulation, `SLO.Fault` of the
  ///   summary, and what `use` throws.
  public func run(recording: RecordedWindow? = nil, _ use: (Trace, RunResult, Summary) throws -> Void = { _, _, _ in })
    throws -> Run
  {
    let started = Date.now
    let trace = try scenario.trace()
    let tenants = scenario.tenants(of: trace)
    let clock = ContinuousClock()
    let begin = clock.now
    let result = try Simulation.run(
      scenario.cluster, trace: trace, tenants: tenants, route: scenario.makeRoute(), recording: recording)
    let wall = begin.duration(to: clock.now).components
    let served = result.served(trace)
    let summary = try Summary(
      scenario.cluster, served, result, tenants: tenants, slo: scenario.slo, reference: scenario.unloaded,
      peaks: scenario.peaks)
    try use(served, result, summary)
    return Run(
      experiment: self, started: started,
      wallSeconds: Double(wall.seconds) + Double(wall.attoseconds) * 1e-18, summary: summary,
      doubts: scenario.doubts(of: served),
      notes: trace.tally.notes)
  }
}

/// A finished run.
public struct Run: Sendable {
  /// What was run.
  public var experiment: Experiment
  /// When it started.
  public var started: Date
  /// Wall-clock seconds of the simulation alone: neither reading, drawing the workload nor summing up.
  public var wallSeconds: Double
  /// It in figures.
  public var summary: Summary
  /// What is doubtful about serving these requests so.
  public var doubts: [Diagnostic]
  /// What happened to the workload on its way to the cluster, such as lengths that were cut, a sentence each.
  public var notes: [String] = []

  /// Requests simulated per wall-clock second of the simulation.
  public var requestsPerWallSecond: Double { Double(summary.requests) / max(wallSeconds, 1e-9) }

  /// The objectives that were not met, in words: those of the scenario, and of each tenant that has its own.
  public var missed: [String] {
    let own = experiment.scenario.workload.tenants.filter { $0.slo != nil }.map(\.name)
    return (summary.slo?.missed ?? [])
      + summary.tenants.filter { own.contains($0.tenant.name) }.flatMap { tenant in
        (tenant.slo?.missed ?? []).map { "\($0) of \(tenant.tenant.name)" }
      }
  }

  /// The key under which a record's provenance holds every setting in force.
  public static let resolution = "resolution"
  /// The key under which it holds their hash.
  public static let resolutionHash = "resolution sha256"

  /// The run as the ledger keeps it, with its summary as `json`.
  public func record(summary json: String) -> RunRecord {
    let scenario = experiment.scenario
    let prints = summary.fingerprints
    return RunRecord(
      header: RunHeader(
        started: started, scenario: scenario.provenance.file, scenarioHash: sha256(experiment.text.utf8),
        variant: scenario.variant ?? "", seed: scenario.seed, version: Version.current, requests: summary.requests,
        wallSeconds: wallSeconds,
        fingerprints: StoredFingerprints(
          trajectory: prints.trajectory, decisions: prints.decisions, metrics: prints.metrics)),
      scenarioText: experiment.text, summary: json, metrics: summary.rows,
      provenance: [
        ProvenanceRow(key: Self.resolution, value: scenario.provenance.canonical),
        ProvenanceRow(key: Self.resolutionHash, value: scenario.provenance.hash),
      ])
  }
}

extension Experiment {
  /// The experiment at another mean rate: a generator draws the same requests closer together or further apart, a
  /// trace is spread or squeezed.
  public func at(_ rate: Rate) -> Experiment { Experiment(scenario.at(rate), text: text) }
}
