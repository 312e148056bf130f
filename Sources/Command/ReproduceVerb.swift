import ArgumentParser
import Foundation
import Report
import Study
import Units

/// `medley reproduce`: published systems beside their published results.
struct ReproduceVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reproduce",
    abstract: "Runs published systems and compares them with their published results.",
    discussion: """
      Every scenario of scenarios/systems/ID that has claims runs, as medley run
      and medley capacity run it. For each claim the page reproduction.md and the
      file reproduction.json under results hold our figure, the published one,
      what counts as reproduced and the verdict; for each free parameter the
      interval over which all verdicts stand. Examples:

        medley reproduce
        medley reproduce splitwise flightllm
        medley reproduce --quick
        medley reproduce --check --quick

      --quick looks for no intervals and writes nothing. --check writes nothing
      either, and ends with code 2 where a verdict is another than the stored.
      Scenarios whose trace is not on this machine are not run, and said to be;
      what is stored of them stays.
      """)

  @Argument(help: "Systems, folders of scenarios/systems; all of them without any.")
  var systems: [String] = []

  @Flag(help: "Write JSON (format medley-reproduction/1) to standard output.")
  var json = false

  @Flag(help: "Do not look for the intervals of free parameters, and write nothing.")
  var quick = false

  @Flag(help: "Compare verdicts with the stored ones, and write nothing.")
  var check = false

  @Option(help: ArgumentHelp("The folder of the systems.", valueName: "dir"), completion: .directory)
  var folder = "scenarios/systems"

  @Option(help: ArgumentHelp("The folder of the results.", valueName: "dir"), completion: .directory)
  var results = "results"

  @Option(
    name: .customLong("data-root"),
    help: ArgumentHelp("Look for traces in this folder too. May be given often.", valueName: "dir"),
    completion: .directory)
  var dataRoots: [String] = []

  @OptionGroup(title: "Progress") var telling: ProgressOptions

  func run() throws {
    let console = Session.current.console
    let known = Reproducer.systems(in: folder)
    guard !known.isEmpty else {
      throw Diagnostic(
        at: nil, "there is nothing to reproduce", why: "'\(folder)' holds no folder with a .yaml file",
        fix: "name the folder of the systems with --folder")
    }
    let asked = systems.isEmpty ? known : systems
    for system in asked where !known.contains(system) {
      throw Diagnostic(
        at: nil, "no system is named '\(system)'", why: "those of '\(folder)' are \(wordList(known, or: "and"))",
        fix: didYouMean(system, among: known, else: "name one of them"))
    }
    let stored = quick && !check ? nil : try stored()
    let line = telling.line()
    defer { line.end() }
    let reproducer = Reproducer(
      reader: ScenarioReader(policies: Session.current.policies, dataRoots: dataRoots), workers: telling.jobs,
      findsIntervals: !quick && !check, progress: { line.set($0) })
    var failed = 0
    let done = asked.compactMap { system -> ReproducedSystem? in
      do {
        return try reproducer.reproduce(system, in: folder)
      } catch {
        line.end()
        console.err("\(system) could not be run: \(error)\n")
        failed += 1
        return nil
      }
    }.filter { !$0.scenarios.isEmpty }
    line.end()
    let now = Reproduction(systems: done)
    console.out(json ? now.json : ReproductionText.table(now))
    for system in done { tellSkipped(system) }
    if check { try compare(stored, now) } else if !quick { try write(stored.map { $0.updated(with: now) } ?? now) }
    if failed > 0 { throw Ending(outcome: .fault) }
  }

  private var file: String { "\(results)/reproduction.json" }

  /// What was found before; nil where nothing was.
  private func stored() throws -> Reproduction? {
    guard FileManager.default.fileExists(atPath: file) else { return nil }
    do { return try Reproduction(file: file) } catch {
      throw Diagnostic(
        at: nil, "'\(file)' cannot be read", why: "it is not what medley reproduce writes",
        fix: "restore it, or remove it to begin anew")
    }
  }

  private func tellSkipped(_ system: ReproducedSystem) {
    for scenario in system.scenarios where !telling.quiet {
      guard let reason = scenario.skipped else { continue }
      Session.current.console.err("note: \(system.id)/\(scenario.name) is not run: \(reason)\n")
    }
  }

  private func compare(_ stored: Reproduction?, _ now: Reproduction) throws {
    guard let stored else {
      throw Diagnostic(
        at: nil, "there is nothing to compare with", why: "there is no '\(file)'", fix: "run: medley reproduce")
    }
    let changes = stored.changes(to: now)
    for change in changes { Session.current.console.err("moved: \(change)\n") }
    guard changes.isEmpty else { throw Ending(outcome: .unmet) }
  }

  private func write(_ reproduction: Reproduction) throws {
    try FileManager.default.createDirectory(atPath: results, withIntermediateDirectories: true)
    try Interruption.write(file) { try $0(Array(reproduction.json.utf8)) }
    try Interruption.write("\(results)/reproduction.md") { try $0(Array(ReproductionText.page(reproduction).utf8)) }
  }
}
