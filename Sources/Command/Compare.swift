import ArgumentParser
import Cluster
import Foundation
import Ledger
import Report
import Study
import Units

/// `medley compare`: runs side by side.
struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows scenarios, variants and stored runs side by side.",
    discussion: """
      Each is a scenario file (all its variants), FILE:VARIANT, or a stored
      run: its id, the beginning of its id, @last, or @last-N for the one N
      before it. The first is what the ratios are to. Examples:

        medley compare a.yaml b.yaml
        medley compare scenario.yaml:mixed scenario.yaml:split
        medley compare @last-1 @last --ledger medley.sqlite
        medley compare scenario.yaml 3fa9
      """)

  @Argument(
    help: ArgumentHelp("What to compare.", valueName: "file|file:variant|run"), completion: Completion.scenario)
  var subjects: [String]

  @Flag(help: "Write JSON (format medley-comparison/1).")
  var json = false

  @Option(help: ArgumentHelp("The ledger that holds stored runs.", valueName: "file"), completion: .file())
  var ledger = Defaults.ledger

  @OptionGroup(title: "Scenario") var reading: ScenarioOptions
  @OptionGroup(title: "Progress") var telling: ProgressOptions

  func validate() throws { try ScenarioReader.check(subjects) }

  func run() throws {
    let console = Session.current.console
    let reader = try reading.reader()
    let sides = try subjects.map { try Side($0, reader, ledger: ledger) }
    let experiments = sides.flatMap(\.experiments)
    telling.warn(sides.compactMap(\.loaded), experiments)
    let line = telling.line()
    defer { line.end() }
    line.set("simulating \(experiments.count) variants")
    let finished = try Parallel.map(
      experiments, workers: telling.jobs, finished: { line.set("\($0) of \(experiments.count) variants simulated") }
    ) { try $0.run() }
    var runs = finished[...]
    let columns = sides.flatMap { side in
      if let stored = side.stored { return [stored] }
      return side.experiments.compactMap { _ in
        runs.popFirst().map { Comparison.Column(name: $0.experiment.name, $0.summary) }
      }
    }
    line.end()
    telling.warn(finished)
    let comparison = Comparison(columns: columns)
    console.out(json ? comparison.json.text : comparison.text(style: console.style))
  }
}

/// One argument of `compare`: experiments to run, or a stored run.
private struct Side {
  var loaded: LoadedScenario?
  var experiments: [Experiment] = []
  var stored: Comparison.Column?

  init(_ subject: String, _ reader: ScenarioReader, ledger: String) throws {
    func isFile(_ path: String) -> Bool { path == "-" || FileManager.default.fileExists(atPath: path) }
    if isFile(subject) {
      let scenario = try reader.read(argument: subject)
      experiments = try scenario.experiments()
      loaded = scenario
    } else if let colon = subject.lastIndex(of: ":"), isFile(String(subject[..<colon])) {
      let variant = String(subject[subject.index(after: colon)...])
      let scenario = try reader.read(argument: String(subject[..<colon]), variant: variant)
      experiments = try scenario.experiments(variant: variant)
      loaded = scenario
    } else if subject.contains("/") || subject.hasSuffix(".yaml") {
      throw Diagnostic(
        at: nil, "there is no scenario '\(subject)'", why: "no file has this name", fix: "check the path")
    } else {
      let ledger = try Ledger(path: ledger, create: false)
      let run = try ledger.find(subject)
      let metrics = try ledger.load(run).metrics.filter { $0.scope == "cluster" }
      let values = Dictionary(metrics.map { ($0.name, $0.value) }) { first, _ in first }
      let variant = run.header.variant.isEmpty ? "" : " \(run.header.variant)"
      stored = Comparison.Column(name: run.id.prefix(6) + variant) { values[$0.key] }
    }
  }
}
