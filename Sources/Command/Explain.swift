import ArgumentParser
import Foundation
import Models
import Report
import Scenario
import Study
import Units

/// `medley explain`: what a scenario means and where its time goes.
struct Explain: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows what a scenario was resolved to, and what bounds each operator.",
    discussion: """
      Every setting in force with its origin, a line of a file or a default and
      who would have chosen it; the memory of a device of each pool, and its
      numbers with their sources; and the roofline of one prefill and one decode
      step: time, bound and arithmetic intensity of each operator. Of a placed
      pool it shows what the memories hold; medley timeline shows its steps.
      Nothing is simulated. Examples:

        medley explain scenarios/quickstart.yaml
        medley explain scenario.yaml --variant split --batch 64 --context 4096
      """)

  @Argument(help: "The scenario; - for standard input.", completion: Completion.scenario)
  var scenario: String

  @Option(
    help: ArgumentHelp("The variant; the first without it.", valueName: "name"), completion: Completion.variant)
  var variant: String?

  @OptionGroup(title: "Steps") var step: StepOptions

  @Flag(name: .shortAndLong, help: "Do not tell warnings.")
  var quiet = false

  @OptionGroup(title: "Scenario") var reading: ScenarioOptions

  func run() throws {
    let console = Session.current.console
    let loaded = try reading.reader().read(argument: scenario, variant: variant)
    let experiment = try loaded.experiment(variant: variant)
    let resolved = experiment.scenario
    if !quiet { for warning in resolved.warnings { console.err("\(warning)\n") } }
    let question = loaded.scenario.question
    console.out(question.isEmpty ? "\(experiment.name)\n\n" : "\(experiment.name): \(question)\n\n")
    console.out(ExplainText.settings(resolved.settings, style: console.style) + "\n")
    for (pool, description) in zip(resolved.pools, resolved.cluster.pools) {
      let placed = description.engine.placed
      let memory =
        placed.map { ExplainText.memory(pool, of: $0, style: console.style) }
        ?? ExplainText.memory(pool, style: console.style)
      console.out(memory + "\n")
      console.out(DeviceText.numbers(pool.device, name: pool.deviceName, style: console.style) + "\n")
      let forms = FormText.forms(pool.device, name: pool.deviceName, style: console.style)
      if !forms.isEmpty { console.out(forms + "\n") }
      if let placed {
        console.out(ExplainText.steps(pool, of: placed) + "\n")
        continue
      }
      let window = pool.engine.cost.window
      console.out(
        ExplainText.step(pool, step.prefillTitle, step.prefill(window: window), style: console.style) + "\n")
      console.out(ExplainText.step(pool, step.decodeTitle, step.decode(window: window), style: console.style) + "\n")
    }
  }
}
