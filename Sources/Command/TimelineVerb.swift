import ArgumentParser
import Cluster
import Foundation
import Models
import Report
import Scenario
import Study
import Units

/// `medley timeline`: what each device, link and drive does in a few steps of a placed engine.
struct TimelineVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "timeline", abstract: "Shows a few steps of a placed engine, task by task.",
    discussion: """
      A pool with a placement policy spreads its steps over several devices,
      links and drives. This runs some of its steps from a fresh start and says
      how long each took, what every stream did, what was on the critical path,
      and what idle streams waited for. The tasks themselves go to a file that
      ui.perfetto.dev opens, or to a chart. Examples:

        medley timeline scenario.yaml
        medley timeline scenario.yaml --variant offload --batch 64 --steps 4
        medley timeline scenario.yaml --prompt 512 --perfetto step.json --svg step.svg
        medley timeline scenario.yaml --served --from 60s --until 62s

      With --served it serves the scenario's workload and explains the steps of
      the pool's first replica between --from and --until, as they were served.

      """)

  @Argument(help: "The scenario; - for standard input.", completion: Completion.scenario)
  var scenario: String

  @Option(
    help: ArgumentHelp("The variant; the first without it.", valueName: "name"), completion: Completion.variant)
  var variant: String?

  @Option(help: ArgumentHelp("The pool; the first placed one without it.", valueName: "name"))
  var pool: String?

  @Option(
    help: ArgumentHelp("Compute prompts of so many tokens first, one for each sequence of the batch.", valueName: "n"))
  var prompt: Int?

  @Option(help: ArgumentHelp("Sequences in each step.", valueName: "n"))
  var batch = 1

  @Option(help: ArgumentHelp("Tokens in the KV cache of each at the first decode step.", valueName: "n"))
  var context = 512

  @Option(help: ArgumentHelp("Decode steps.", valueName: "n"))
  var steps = 2

  @Flag(help: "Explain steps of the served workload, not such of --batch equal sequences.")
  var served = false

  @OptionGroup(title: "Part of a run") var part: PartOptions

  @Option(
    help: ArgumentHelp("Write the tasks as JSON for ui.perfetto.dev.", valueName: "file"), completion: .file())
  var perfetto: String?

  @Option(help: ArgumentHelp("Write a chart of the tasks.", valueName: "file"), completion: .file())
  var svg: String?

  @Flag(help: "Write JSON.")
  var json = false

  @OptionGroup(title: "Scenario") var reading: ScenarioOptions

  func validate() throws {
    guard 1...100_000 ~= batch, 1...10_000_000 ~= context, 0...1_000 ~= steps, 1...1_000_000 ~= prompt ?? 1 else {
      throw ValidationError(
        "--batch is from 1 to 100,000, --context and --prompt to 10,000,000 and 1,000,000, --steps from 0 to 1,000")
    }
    guard steps > 0 || prompt != nil else { throw ValidationError("--steps 0 needs a --prompt") }
    guard served || part.isWhole else { throw ValidationError("--from and --until need --served") }
  }

  func run() throws {
    let console = Session.current.console
    let loaded = try reading.reader().read(argument: scenario, variant: variant)
    let experiment = try loaded.experiment(variant: variant)
    let resolved = experiment.scenario
    let pools = resolved.cluster.pools
    guard let found = pools.first(where: { pool == nil ? $0.engine.placed != nil : $0.name == pool }),
      let engine = found.engine.placed
    else {
      throw Diagnostic(
        at: nil, pool.map { "no pool '\($0)' has a placement policy" } ?? "no pool has a placement policy",
        why: "the pools are \(pools.map(\.name).joined(separator: ", "))",
        fix: "name a pool with 'place: POLICY', or see `medley explain` for the operators of the others")
    }
    for file in [perfetto, svg].compactMap({ $0 }) { try Interruption.check(file) }
    let placed =
      served ? try recorded(experiment, found.name, engine) : steps(of: engine, window: found.engine.cost.window)
    let title = "\(experiment.name), pool \(found.name)"
    if let perfetto {
      let text = PerfettoText.json(placed.recording, streams: placed.streams, process: title)
      try Interruption.write(perfetto) { sink in try sink(Array(text.utf8)) }
    }
    if let svg {
      let text = TimelineChart(placed.recording, streams: placed.streams, title: title).svg
      try Interruption.write(svg) { sink in try sink(Array(text.utf8)) }
    }
    if json {
      console.out(TimelineText.json(placed).text)
    } else {
      console.out("\(title)\n\n" + TimelineText.text(placed, style: console.style))
    }
  }

  /// Steps of equal sequences, from a fresh start.
  private func steps(of engine: PlacedEngine, window: Int) -> PlacedRecording {
    var shapes = prompt.map { [PlacedRecording.prompts(batch, tokens: $0, window: window)] } ?? []
    for step in 0..<steps {
      shapes.append(PlacedRecording.decodes(batch, context: (prompt ?? context) + step, window: window))
    }
    return PlacedRecording(engine, steps: shapes)
  }

  /// The steps of the first replica of `pool` in the part of the run that is asked for.
  private func recorded(_ experiment: Experiment, _ pool: String, _ engine: PlacedEngine) throws -> PlacedRecording {
    var found: PlacedRecording?
    var isCut = false
    _ = try experiment.run(recording: part.window) { _, result, _ in
      let own = experiment.scenario.cluster.firstReplica(of: pool)
      found = own.flatMap { PlacedRecording(engine, of: result, replica: $0) }
      isCut = result.recording?.isCut ?? false
    }
    if isCut {
      Session.current.console.err(
        "note: what comes after the first \(PartOptions.most) steps or tasks is left out; choose a part with --from and --until\n"
      )
    }
    return found ?? PlacedRecording(engine, steps: [])
  }
}
