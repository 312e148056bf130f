import Cluster
import Foundation
import Report
import Study
import Workload

/// The CSV files of runs: `summary.csv` of all, and `requests.csv`, `pools.csv`, `transfers.csv` and `occupancy.csv`
/// of each, in a folder of its variant's name where there are several.
struct CSVFolder: Sendable {
  private let folder: String
  private let hasVariants: Bool

  /// Makes the folder.
  /// - Throws: `CocoaError` where it cannot be made.
  init(_ folder: String, variants: Bool) throws {
    self.folder = folder
    hasVariants = variants
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  /// Writes the files of one run.
  /// - Throws: `CocoaError`.
  func write(_ experiment: Experiment, _ requests: [Request], _ result: RunResult, _ summary: Summary) throws {
    var target = folder
    if hasVariants, let variant = experiment.scenario.variant {
      target += "/" + Self.fileName(variant)
      try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
    }
    try Interruption.write("\(target)/requests.csv") { try RunCSV.writeRequests(requests, result, to: $0) }
    try Interruption.write("\(target)/pools.csv") { try RunCSV.writePools(summary, to: $0) }
    try Interruption.write("\(target)/transfers.csv") { try RunCSV.writeTransfers(summary, to: $0) }
    try Interruption.write("\(target)/occupancy.csv") {
      try RunCSV.writeOccupancy(experiment.scenario.cluster, result, to: $0)
    }
  }

  /// Writes the figures of all runs.
  /// - Throws: `CocoaError`.
  func write(_ runs: [Run]) throws {
    try Interruption.write("\(folder)/summary.csv") {
      try RunCSV.writeSummaries(runs.map { ($0.experiment.name, $0.summary) }, to: $0)
    }
  }

  /// A name as one part of a path inside the folder.
  static func fileName(_ name: String) -> String {
    let safe = name.map { $0.isLetter || $0.isNumber || "-_+.".contains($0) ? $0 : "_" }
    return safe.first == "." ? "_" + String(safe.dropFirst()) : String(safe)
  }
}
