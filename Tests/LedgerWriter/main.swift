import Foundation
import Ledger

// LedgerWriter FILE COUNT: stores COUNT runs (0: runs without end) and prints the id of each once it is stored, so
// that a test can kill it at any moment and knows what must be there.

let arguments = CommandLine.arguments
guard arguments.count == 3, let count = Int(arguments[2]) else { exit(64) }
do {
  let ledger = try Ledger(path: arguments[1])
  var written = 0
  while count == 0 || written < count {
    let id = try ledger.record(Sample.run(seed: UInt64.random(in: 0...(.max))))
    FileHandle.standardOutput.write(Data((id + "\n").utf8))
    written += 1
  }
} catch {
  FileHandle.standardError.write(Data("\(error)\n".utf8))
  exit(1)
}

/// The runs it stores: all of their parts follow from the seed.
enum Sample {
  /// A run with 40 metrics and 3 facts.
  static func run(seed: UInt64) -> RunRecord {
    RunRecord(
      header: RunHeader(
        started: Date(timeIntervalSince1970: 1_800_000_000), scenario: "sample.yaml", scenarioHash: "\(seed)",
        variant: "v",
        seed: seed, version: "test", requests: 1, wallSeconds: 0.5,
        fingerprints: StoredFingerprints(trajectory: seed, decisions: ~seed, metrics: seed &* 3)),
      scenarioText: "seed: \(seed)\n", summary: "{\"seed\":\(seed)}",
      metrics: (0..<40).map { MetricRow(scope: "cluster", name: "m\($0)", value: Double($0), unit: "s") },
      provenance: (0..<3).map { ProvenanceRow(key: "k\($0)", value: "\(seed)") })
  }
}
