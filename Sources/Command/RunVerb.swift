import ArgumentParser
import Cluster
import Foundation
import Ledger
import Report
import Study
import Units

/// `medley run`: simulates a scenario.
struct RunVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Simulates a scenario and shows its figures.",
    discussion: """
      Without --variant all variants run, and stand side by side with their
      ratios to the first. Examples:

        medley run scenarios/quickstart.yaml
        medley run scenarios/quickstart.yaml --variant split --csv out
        medley run scenario.yaml --set workload.rate-scale=2 --seed 7 --json
        medley run scenario.yaml --ledger medley.sqlite
        medley run scenario.yaml --perfetto run.json --from 60s --until 90s
        cat scenario.yaml | medley run -

      --perfetto writes what ui.perfetto.dev opens: a process for each replica,
      with its requests and their phases, its engine's steps, the KV that it
      receives, and the tasks of a placed engine on each device, link and drive.
      It holds at most \(PartOptions.most) requests, steps and tasks a replica, the first of the
      part between --from and --until; standard error says what is left out.

      MFU and MBU count the model's operations, and the bytes that its operators
      read and write in the devices' memory, over what the peaks allow in the
      whole run. Copies into that memory, such as streamed weights, are not in
      MBU; they stand as bytes of their link.

      The rate at the end, requests simulated per second of wall clock, counts
      the simulation alone, not the reading of files or the drawing of the
      workload.
      """)

  @Argument(help: "The scenario; - for standard input.", completion: Completion.scenario)
  var scenario: String

  @Option(help: ArgumentHelp("Run this variant only.", valueName: "name"), completion: Completion.variant)
  var variant: String?

  @Flag(help: "Write JSON (format medley-run/1).")
  var json = false

  @Option(
    help: ArgumentHelp("Write requests, pools, transfers and occupancy as CSV here.", valueName: "dir"),
    completion: .directory)
  var csv: String?

  @Option(
    help: ArgumentHelp("Write the runs as JSON for ui.perfetto.dev.", valueName: "file"), completion: .file())
  var perfetto: String?

  @Option(help: ArgumentHelp("Store the runs in this file.", valueName: "file"), completion: .file())
  var ledger: String?

  @Flag(help: "End with code 2 where an SLO is missed or a claim is not reproduced.")
  var strict = false

  @OptionGroup(title: "Scenario") var reading: ScenarioOptions
  @OptionGroup(title: "Part of a run") var part: PartOptions
  @OptionGroup(title: "Progress") var telling: ProgressOptions

  func validate() throws {
    guard perfetto != nil || part.isWhole else {
      throw ValidationError("--from and --until say what part of a run --perfetto holds")
    }
  }

  func run() throws {
    let loaded = try reading.reader().read(argument: scenario, variant: variant)
    let experiments = try loaded.experiments(variant: variant)
    // What cannot be written is told before a long run, not after it.
    try perfetto.map(Interruption.check)
    let ledger = try ledger.map { try Ledger(path: $0) }
    telling.warn([loaded], experiments)
    if !loaded.scenario.sweep.isEmpty, !telling.quiet {
      Session.current.console.err("note: the points of the scenario's sweep are not run; set one with --set\n")
    }
    let folder = try csv.map { try CSVFolder($0, variants: experiments.compactMap(\.scenario.variant)) }
    let line = telling.line()
    defer { line.end() }
    line.set("simulating \(experiments.count == 1 ? experiments[0].name : "\(experiments.count) variants")")
    let processes = experiments.indices.map { index in
      experiments[..<index].reduce(1) { $0 + $1.scenario.cluster.replicaCount }
    }
    let recorded = perfetto == nil ? nil : part.window
    let done = try Parallel.map(
      Array(zip(experiments, processes)), workers: telling.jobs,
      finished: { line.set("\($0) of \(experiments.count) variants simulated") }
    ) { experiment, process in
      var shown: RunTrace?
      let run = try experiment.run(recording: recorded) { trace, result, summary in
        try folder?.write(experiment, trace, result, summary)
        shown = RunTrace(experiment.name, experiment.scenario.cluster, trace, result, process: process)
      }
      return (run: run, trace: shown)
    }
    let runs = done.map(\.run)
    let traces = done.compactMap(\.trace)
    if let perfetto {
      try Interruption.write(perfetto) { sink in try sink(Array(RunTrace.json(traces).utf8)) }
    }
    try folder?.write(runs)
    let ids = try runs.map { run in
      try ledger?.record(run.record(summary: run.summary.json(name: run.experiment.name).text))
    }
    line.end()
    telling.warn(runs)
    telling.tell(runs)
    if let perfetto, !telling.quiet {
      for omission in Set(traces.flatMap(\.omissions)).sorted() {
        Session.current.console.err("note: \(perfetto) leaves out \(omission); choose a part with --from and --until\n")
      }
    }
    let claims = ClaimCheck.check(loaded.scenario.claims, on: runs)
    show(loaded.scenario.question, runs, ids, claims)
    try claims.faultless()
    try judge(runs, claims)
  }

  private func show(_ question: String, _ runs: [Run], _ ids: [String?], _ claims: [ClaimCheck]) {
    let console = Session.current.console
    if json {
      console.out(RunJSON.document(runs, ids: ids, claims: claims).text)
      return
    }
    if !question.isEmpty { console.out(question + "\n\n") }
    console.out(RunText.figures(runs, style: console.style) + "\n")
    if !claims.isEmpty { console.out(RunText.claims(claims) + "\n") }
    console.out(RunText.speed(runs))
    for (run, id) in zip(runs, ids) {
      if let id { console.out("stored \(run.experiment.name) as \(id)\n") }
    }
  }

  private func judge(_ runs: [Run], _ claims: [ClaimCheck]) throws {
    guard strict else { return }
    let missed = runs.filter { !$0.missed.isEmpty }.map { "\($0.experiment.name) misses its SLO" }
    let failed = claims.filter { $0.holds == false }.map { "not reproduced: \($0.text)" }
    guard !(missed + failed).isEmpty else { return }
    for line in missed + failed { Session.current.console.err("unmet: \(line)\n") }
    throw Ending(outcome: .unmet)
  }
}
