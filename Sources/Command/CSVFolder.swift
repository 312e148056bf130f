import Cluster
import Foundation
import Report
import Study
import Workload

/// The CSV files of runs: `summary.csv` of all, and `requests.csv`, `tenants.csv` where there are any, `pools.csv`,
/// `transfers.csv` and `occupancy.csv` of each, in a folder of its variant's name where there are several.
struct CSVFolder: Sendable {
  private let folder: String
  /// The folder of each variant inside it; empty where there is one run.
  private let folders: [String: String]

  /// Makes the folder for runs of `variants`.
  /// - Throws: `CocoaError` where it cannot be made.
  init(_ folder: String, variants: [String]) throws {
    self.folder = folder
    folders = variants.count > 1 ? Self.folders(of: variants) : [:]
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  /// Writes the files of one run.
  /// - Throws: `CocoaError`.
  func write(_ experiment: Experiment, _ trace: Trace, _ result: RunResult, _ summary: Summary) throws {
    var target = folder
    if let inner = experiment.scenario.variant.flatMap({ folders[$0] }) {
      target += "/" + inner
      try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
    }
    try Interruption.write("\(target)/requests.csv") { try RunCSV.writeRequests(trace, summary, result, to: $0) }
    if !summary.tenants.isEmpty {
      try Interruption.write("\(target)/tenants.csv") { try RunCSV.writeTenants(summary, to: $0) }
    }
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

  /// A folder of its own for each variant, also where two names are the same as parts of a path.
  static func folders(of variants: [String]) -> [String: String] {
    var taken: Set<String> = ["summary.csv"]
    var folders: [String: String] = [:]
    for variant in variants where folders[variant] == nil {
      let name = fileName(variant)
      let free = [name] + (2...variants.count + 2).map { "\(name)-\($0)" }
      folders[variant] = free.first { taken.insert($0).inserted }
    }
    return folders
  }

  /// A name as one part of a path inside the folder.
  static func fileName(_ name: String) -> String {
    let safe = name.map { $0.isLetter || $0.isNumber || "-_+.".contains($0) ? $0 : "_" }
    return safe.first == "." ? "_" + String(safe.dropFirst()) : String(safe)
  }
}
