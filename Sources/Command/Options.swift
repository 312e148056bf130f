import ArgumentParser
import Foundation
import Scenario
import Study
import Units

/// How a scenario is read.
struct ScenarioOptions: ParsableArguments {
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "Change a setting of the variants asked for, as in --set workload.rate-scale=2. May be given often.",
      valueName: "path=value"), completion: Completion.setting)
  var settings: [String] = []

  @Option(help: ArgumentHelp("Use this seed instead of the scenario's.", valueName: "n"))
  var seed: UInt64?

  @Option(
    name: .customLong("data-root"),
    help: ArgumentHelp("Look for traces in this folder too. May be given often.", valueName: "dir"),
    completion: .directory)
  var dataRoots: [String] = []

  func validate() throws { _ = try changes() }

  /// Whether any of them is given.
  var isGiven: Bool { !settings.isEmpty || seed != nil || !dataRoots.isEmpty }

  /// A reader for these options.
  func reader() throws -> ScenarioReader {
    ScenarioReader(policies: Session.current.policies, dataRoots: dataRoots, changes: try changes())
  }

  private func changes() throws -> [(path: String, value: String)] {
    let changes = try settings.map { setting in
      guard let equals = setting.firstIndex(of: "=") else {
        throw ValidationError("'\(setting)' is no path=value, such as workload.rate-scale=2")
      }
      let value = setting[setting.index(after: equals)...]
      guard value.contains(where: { !$0.isWhitespace }) else {
        throw ValidationError("'\(setting)' has no value; ~ takes a setting away")
      }
      return (path: String(setting[..<equals]), value: String(value))
    }
    return changes + (seed.map { [(path: "seed", value: String($0))] } ?? [])
  }
}

/// How much is told while a verb works.
struct ProgressOptions: ParsableArguments {
  @Flag(help: "Tell progress on standard error even where it is no terminal.")
  var progress = false

  @Flag(name: .shortAndLong, help: "Tell neither progress nor warnings.")
  var quiet = false

  @Option(name: .shortAndLong, help: ArgumentHelp("Run at most this many simulations at once.", valueName: "n"))
  var jobs = Parallel.cores

  func validate() throws {
    guard !(progress && quiet) else { throw ValidationError("--progress and --quiet exclude each other") }
    guard jobs >= 1 else { throw ValidationError("--jobs is at least 1") }
  }

  /// A line for progress.
  func line() -> ProgressLine {
    ProgressLine(quiet ? .never : progress ? .always : .automatic, Session.current.console)
  }

  /// Tells what scenarios warn of, each warning once.
  func warn(_ scenarios: [LoadedScenario], _ experiments: [Experiment]) {
    let resolved = experiments.map(\.scenario)
    warn(
      scenarios.flatMap(\.scenario.warnings) + resolved.flatMap(\.warnings)
        + ResolvedScenario.comparisonDoubts(resolved))
  }

  /// Tells what is doubtful about the requests of runs.
  func warn(_ runs: [Run]) { warn(runs.flatMap(\.doubts)) }

  /// Tells what happened to the workloads of runs before they were served.
  func tell(_ runs: [Run]) {
    guard !quiet else { return }
    for run in runs {
      let name = runs.count > 1 ? "\(run.experiment.name): " : ""
      for note in run.notes { Session.current.console.err("note: \(name)\(note)\n") }
    }
  }

  private func warn(_ warnings: [Diagnostic]) {
    guard !quiet else { return }
    var told: Set<String> = []
    for warning in warnings {
      if told.insert(warning.description).inserted { Session.current.console.err("\(warning)\n") }
    }
  }
}
