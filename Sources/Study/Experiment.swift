import Cluster
import Foundation
import Ledger
import Units
import Workload

/// One variant of a scenario with all that a simulation needs.
public struct Experiment: Sendable {
  /// The scenario's path, as it was named.
  public var scenario: String
  /// The scenario's text.
  public var scenarioText: String
  /// The hash of the text.
  public var scenarioHash: String
  /// The variant's name, empty where the scenario has none.
  public var variant: String
  /// The seed.
  public var seed: UInt64
  /// The cluster.
  public var cluster: ClusterDescription
  /// The workload.
  public var requests: [Request]
  /// The routing policy.
  public var route: any RoutePolicy
  /// The objectives, where there are any.
  public var slo: SLO?
  /// What slowdowns are counted against.
  public var reference: UnloadedReference?
  /// Peak rates of the device of each pool.
  public var peaks: [DevicePeak?]
  /// Where the input came from.
  public var provenance: [ProvenanceRow]

  /// An experiment.
  public init(
    scenario: String, scenarioText: String, scenarioHash: String, variant: String, seed: UInt64,
    cluster: ClusterDescription, requests: [Request], route: any RoutePolicy, slo: SLO? = nil,
    reference: UnloadedReference? = nil, peaks: [DevicePeak?] = [], provenance: [ProvenanceRow] = []
  ) {
    self.scenario = scenario
    self.scenarioText = scenarioText
    self.scenarioHash = scenarioHash
    self.variant = variant
    self.seed = seed
    self.cluster = cluster
    self.requests = requests
    self.route = route
    self.slo = slo
    self.reference = reference
    self.peaks = peaks
    self.provenance = provenance
  }

  /// Simulates it and sums it up.
  /// - Throws: `SimulationError` or `PolicyError` of the simulation, `SLO.Fault` of the summary.
  public func run() throws -> Run {
    let started = Date.now
    let clock = ContinuousClock()
    let begin = clock.now
    let result = try Simulation.run(cluster, requests: requests, route: route)
    let wall = begin.duration(to: clock.now)
    let summary = try Summary(cluster, requests, result, slo: slo, reference: reference, peaks: peaks)
    return Run(
      experiment: self, started: started,
      wallSeconds: Double(wall.components.seconds) + Double(wall.components.attoseconds) * 1e-18, result: result,
      summary: summary)
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
  /// All that happened.
  public var result: RunResult
  /// It in figures.
  public var summary: Summary

  /// Requests simulated per wall-clock second of the simulation.
  public var requestsPerWallSecond: Double { Double(summary.requests) / max(wallSeconds, 1e-9) }

  /// The run as the ledger keeps it.
  public var record: RunRecord {
    let prints = result.fingerprints
    let rows = summary.rows
    return RunRecord(
      header: RunHeader(
        started: started, scenario: experiment.scenario, scenarioHash: experiment.scenarioHash,
        variant: experiment.variant, seed: experiment.seed, version: Version.current, requests: summary.requests,
        wallSeconds: wallSeconds,
        fingerprints: StoredFingerprints(
          trajectory: prints.trajectory, decisions: prints.decisions, metrics: prints.metrics)),
      scenarioText: experiment.scenarioText, summary: Figures.json(rows), metrics: rows,
      provenance: experiment.provenance)
  }
}
