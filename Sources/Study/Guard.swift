import Foundation
import Ledger

/// Accepted results in a folder of text files, recomputed.
public struct BaselineGuard: Sendable {
  /// The folder.
  public var folder: String
  /// How scenarios are read.
  public var reader: ScenarioReader

  /// A guard.
  public init(folder: String, reader: ScenarioReader) {
    self.folder = folder
    self.reader = reader
  }

  /// The folder's files in alphabetical order; none where there is no folder.
  public var files: [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.hasSuffix(".txt") }.sorted().map { "\(folder)/\($0)" }
  }

  /// The file that guards a scenario: its path without `scenarios/` and its ending, `-` for each `/`.
  public func file(for scenario: String) -> String {
    var name = scenario
    if name.hasPrefix("scenarios/") { name.removeFirst("scenarios/".count) }
    if name.hasSuffix(".yaml") { name.removeLast(".yaml".count) }
    return "\(folder)/\(name.split(separator: "/").joined(separator: "-")).txt"
  }

  /// The baseline in a file.
  /// - Throws: `CocoaError` where it cannot be read, ``BadBaseline`` where it is none.
  public func read(_ file: String) throws -> Baseline {
    guard let baseline = Baseline(text: try String(contentsOfFile: file, encoding: .utf8)), baseline.scenario != nil
    else { throw BadBaseline(file: file) }
    return baseline
  }

  /// What the scenario at a path gives now.
  ///
  /// `finished` is called after each variant with the number that are done and that there are.
  /// - Throws: as ``ScenarioReader/read(_:)`` and ``Experiment/run(_:)``.
  public func recompute(
    _ scenario: String, workers: Int = Parallel.cores,
    finished: @escaping @Sendable (_ done: Int, _ all: Int) -> Void = { _, _ in }
  ) throws -> Baseline {
    let experiments = try reader.read(scenario).experiments()
    let runs = try Parallel.map(experiments, workers: workers, finished: { finished($0, experiments.count) }) {
      try $0.run().record(summary: "{}")
    }
    return Baseline(scenario: scenario, runs: runs)
  }
}

/// A file under the baselines that is none.
public struct BadBaseline: Error, Hashable, CustomStringConvertible {
  /// The file.
  public var file: String

  /// One line that names the file.
  public var description: String {
    "\(file) is no baseline: a line is no 'key = value', a key stands twice, or no scenario is named"
  }
}
