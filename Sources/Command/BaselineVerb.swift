import ArgumentParser
import Foundation
import Report
import Study
import Units

/// `medley baseline`: accepted results, checked and accepted anew.
struct BaselineVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "baseline",
    abstract: "Compares scenarios with their accepted results.",
    discussion: """
      results/baselines holds, for each tracked scenario, its figures to 12
      digits, a hash of every setting and three fingerprints: of the events, the
      decisions and the requests' times. Which one moved tells where to look.
      Examples:

        medley baseline check
        medley baseline update
        medley baseline update scenarios/quickstart.yaml
      """,
    subcommands: [BaselineCheck.self, BaselineUpdate.self])
}

/// What both verbs need.
struct BaselineOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The folder of the accepted results.", valueName: "dir"), completion: .directory)
  var folder = "results/baselines"

  @OptionGroup(title: "Progress") var telling: ProgressOptions

  @Option(
    name: .customLong("data-root"),
    help: ArgumentHelp("Look for traces in this folder too. May be given often.", valueName: "dir"),
    completion: .directory)
  var dataRoots: [String] = []

  var baselines: BaselineGuard {
    BaselineGuard(
      folder: folder, reader: ScenarioReader(policies: Session.current.policies, dataRoots: dataRoots))
  }
}

/// `medley baseline check`.
struct BaselineCheck: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Recomputes accepted results and names every figure that moved.",
    discussion: """
      A scenario whose trace is not on this machine is skipped, and said to be.
      The code is 2 where something moved. Examples:

        medley baseline check
        medley baseline check results/baselines/quickstart.txt
      """)

  @Argument(
    help: "Files of accepted results; all of the folder without any.", completion: .file(extensions: ["txt"]))
  var files: [String] = []

  @OptionGroup var options: BaselineOptions

  func run() throws {
    let console = Session.current.console
    let baselines = options.baselines
    let line = options.telling.line()
    defer { line.end() }
    var moved = 0
    let files = self.files.isEmpty ? baselines.files : self.files
    guard !files.isEmpty else {
      throw Diagnostic(
        at: nil, "there is nothing to check", why: "'\(options.folder)' holds no .txt file",
        fix: "accept results first: medley baseline update FILE")
    }
    for file in files {
      let accepted = try baselines.read(file)
      let scenario = accepted.scenario ?? ""
      line.set(scenario)
      do {
        let differences = accepted.differences(to: try baselines.recompute(scenario, workers: options.telling.jobs))
        console.out("\(scenario): \(differences.isEmpty ? "as accepted" : "\(differences.count) moved")\n")
        for difference in differences { console.out("  \(difference)\n") }
        moved += differences.count
      } catch let faults as Faults where faults.areMissingTraces {
        console.out("\(scenario): skipped, a trace is not here\n")
      }
    }
    guard moved == 0 else {
      line.end()
      console.err(
        "unmet: \(moved) facts moved; if they should, say why in CHANGELOG.md and run: medley baseline update\n")
      throw Ending(outcome: .unmet)
    }
  }
}

/// `medley baseline update`.
struct BaselineUpdate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "update",
    abstract: "Accepts what scenarios give now.",
    discussion: """
      A commit that changes accepted results says why in CHANGELOG.md. Examples:

        medley baseline update
        medley baseline update scenarios/quickstart.yaml
      """)

  @Argument(help: "Scenarios to accept; those accepted before without any.", completion: Completion.scenario)
  var scenarios: [String] = []

  @OptionGroup var options: BaselineOptions

  func run() throws {
    let console = Session.current.console
    let baselines = options.baselines
    let line = options.telling.line()
    defer { line.end() }
    let scenarios =
      try self.scenarios.isEmpty
      ? baselines.files.compactMap { try baselines.read($0).scenario } : self.scenarios
    guard !scenarios.isEmpty else {
      throw Diagnostic(
        at: nil, "there is nothing to update", why: "'\(options.folder)' holds no .txt file",
        fix: "name the scenarios to accept: medley baseline update FILE")
    }
    try FileManager.default.createDirectory(atPath: options.folder, withIntermediateDirectories: true)
    for scenario in scenarios {
      line.set(scenario)
      do {
        let now = try baselines.recompute(scenario, workers: options.telling.jobs)
        let file = baselines.file(for: scenario)
        try Interruption.write(file) { try $0(Array(now.text.utf8)) }
        console.out("\(file): \(now.facts.count) facts\n")
      } catch let faults as Faults where faults.areMissingTraces && self.scenarios.isEmpty {
        console.out("\(scenario): skipped, a trace is not here\n")
      }
    }
  }
}
