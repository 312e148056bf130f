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
      step: time, bound and arithmetic intensity of each operator. Nothing is
      simulated. Examples:

        medley explain scenarios/quickstart.yaml
        medley explain scenario.yaml --variant split --batch 64 --context 4096
      """)

  @Argument(help: "The scenario; - for standard input.", completion: Completion.scenario)
  var scenario: String

  @Option(
    help: ArgumentHelp("The variant; the first without it.", valueName: "name"), completion: Completion.variant)
  var variant: String?

  @Option(help: ArgumentHelp("Tokens of the prompt that the prefill step computes.", valueName: "n"))
  var prompt = 1024

  @Option(help: ArgumentHelp("Sequences in the decode step.", valueName: "n"))
  var batch = 32

  @Option(help: ArgumentHelp("Tokens in the KV cache of each of them.", valueName: "n"))
  var context = 1024

  @Flag(name: .shortAndLong, help: "Do not tell warnings.")
  var quiet = false

  @OptionGroup(title: "Scenario") var reading: ScenarioOptions

  func validate() throws {
    guard [prompt, batch, context].allSatisfy({ 1...10_000_000 ~= $0 }) else {
      throw ValidationError("--prompt, --batch and --context are from 1 to 10,000,000")
    }
  }

  func run() throws {
    let console = Session.current.console
    let loaded = try reading.reader().read(argument: scenario, variant: variant)
    let experiment = try loaded.experiment(variant: variant)
    let resolved = experiment.scenario
    if !quiet { for warning in resolved.warnings { console.err("\(warning)\n") } }
    let question = loaded.scenario.question
    console.out(question.isEmpty ? "\(experiment.name)\n\n" : "\(experiment.name): \(question)\n\n")
    console.out(ExplainText.settings(resolved.settings, style: console.style) + "\n")
    for pool in resolved.pools {
      console.out(ExplainText.memory(pool, style: console.style) + "\n")
      console.out(DeviceText.numbers(pool.device, name: pool.deviceName, style: console.style) + "\n")
      let forms = FormText.forms(pool.device, name: pool.deviceName, style: console.style)
      if !forms.isEmpty { console.out(forms + "\n") }
      let window = pool.engine.cost.window
      var prefill = StepShape(window: window)
      prefill.addChunk(tokens: prompt, cached: 0, last: true)
      let decode = StepShape(decodes: batch, context: batch * context, window: window)
      console.out(ExplainText.step(pool, "prefill of \(prompt) tokens", prefill, style: console.style) + "\n")
      console.out(
        ExplainText.step(
          pool, "decode of \(batch) sequences with \(context) tokens each", decode, style: console.style) + "\n")
    }
  }
}
