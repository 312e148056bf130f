import ArgumentParser
import Foundation
import Study
import Units

/// `medley check`: reads scenarios and runs nothing.
struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Checks scenarios without running them.",
    discussion: """
      Tells every fault of every file and of the traces it names, with its
      place, its reason and how to mend it. Examples:

        medley check scenario.yaml
        medley check --allow-missing-traces scenarios/systems/*/*.yaml
      """)

  @Argument(help: "The scenarios; - for standard input.", completion: Completion.scenario)
  var scenarios: [String]

  @Flag(help: "Skip scenarios whose only fault is a trace that is not here.")
  var allowMissingTraces = false

  @Flag(name: .shortAndLong, help: "Do not tell warnings.")
  var quiet = false

  @OptionGroup(title: "Scenario") var reading: ScenarioOptions

  func validate() throws { try ScenarioReader.check(scenarios) }

  func run() throws {
    let console = Session.current.console
    let reader = try reading.reader()
    var isFaulty = false
    for scenario in scenarios {
      do {
        let loaded = try reader.read(argument: scenario).scenario
        let warnings = try loaded.examine()
        if !quiet { for warning in warnings { console.err("\(warning)\n") } }
        let count = loaded.variants.count
        console.out("\(scenario): ok" + (count > 0 ? ", \(count) variants\n" : "\n"))
      } catch let faults as Faults {
        if allowMissingTraces, faults.areMissingTraces {
          console.out("\(scenario): skipped, a trace is not here\n")
          continue
        }
        console.err("\(faults)\n")
        isFaulty = true
      }
    }
    if isFaulty { throw Ending(outcome: .fault) }
  }
}
