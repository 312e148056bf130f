import Foundation

/// One number of a run: whose it is, what it is called, how much and in which unit.
public struct MetricRow: Hashable, Sendable {
  /// Whose it is: "cluster", "pool NAME" or "path NAME -> NAME".
  public var scope: String
  /// The metric's name, such as "ttft-p99".
  public var name: String
  /// The amount; NaN where it is undefined.
  public var value: Double
  /// The unit, empty for a plain number.
  public var unit: String

  /// A metric.
  public init(scope: String, name: String, value: Double, unit: String) {
    self.scope = scope
    self.name = name
    self.value = value
    self.unit = unit
  }
}

/// A fact about where a run's input came from, such as the hash of a trace file.
public struct ProvenanceRow: Hashable, Sendable {
  /// What the fact is about.
  public var key: String
  /// The fact.
  public var value: String

  /// A fact.
  public init(key: String, value: String) {
    self.key = key
    self.value = value
  }
}

/// The three hashes of a run, as the simulation returned them.
public struct StoredFingerprints: Hashable, Sendable {
  /// Of every event.
  public var trajectory: UInt64
  /// Of every decision.
  public var decisions: UInt64
  /// Of every request's stamps.
  public var metrics: UInt64

  /// Three hashes.
  public init(trajectory: UInt64, decisions: UInt64, metrics: UInt64) {
    self.trajectory = trajectory
    self.decisions = decisions
    self.metrics = metrics
  }

  /// A hash as 16 hexadecimal digits, as it is stored and printed.
  public static func hex(_ hash: UInt64) -> String {
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}

/// What identifies a run and how long it took: all of a run but its numbers and its input's text.
public struct RunHeader: Hashable, Sendable {
  /// When it started; stored to the millisecond.
  public var started: Date
  /// The scenario file, as it was named.
  public var scenario: String
  /// SHA-256 of the scenario's text, in hexadecimal.
  public var scenarioHash: String
  /// The variant that ran, empty where the scenario has none.
  public var variant: String
  /// The seed.
  public var seed: UInt64
  /// The version of medley that ran it.
  public var version: String
  /// Requests simulated.
  public var requests: Int
  /// Wall-clock seconds of the simulation alone.
  public var wallSeconds: Double
  /// Hashes of the run.
  public var fingerprints: StoredFingerprints

  /// A header.
  public init(
    started: Date, scenario: String, scenarioHash: String, variant: String, seed: UInt64, version: String,
    requests: Int, wallSeconds: Double, fingerprints: StoredFingerprints
  ) {
    self.started = started
    self.scenario = scenario
    self.scenarioHash = scenarioHash
    self.variant = variant
    self.seed = seed
    self.version = version
    self.requests = requests
    self.wallSeconds = wallSeconds
    self.fingerprints = fingerprints
  }
}

/// A whole run, as it goes into the ledger and comes out of it.
public struct RunRecord: Hashable, Sendable {
  /// What identifies it.
  public var header: RunHeader
  /// The scenario's text.
  public var scenarioText: String
  /// The summary, as JSON.
  public var summary: String
  /// Its numbers; scope and name together are unique.
  public var metrics: [MetricRow]
  /// Where its input came from; keys are unique.
  public var provenance: [ProvenanceRow]

  /// A run.
  public init(
    header: RunHeader, scenarioText: String, summary: String, metrics: [MetricRow], provenance: [ProvenanceRow]
  ) {
    self.header = header
    self.scenarioText = scenarioText
    self.summary = summary
    self.metrics = metrics
    self.provenance = provenance
  }
}

/// A run's place in the ledger.
public struct StoredRun: Hashable, Sendable {
  /// Its number, in the order of storing, from 1.
  public var number: Int64
  /// Its name: 12 hexadecimal digits drawn at random.
  public var id: String
  /// What identifies it.
  public var header: RunHeader
}
