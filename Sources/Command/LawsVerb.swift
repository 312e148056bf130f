import ArgumentParser
import Foundation
import Scenario
import Study
import Units

/// `medley laws`: whether policies keep the laws that hold of all.
struct LawsVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "laws", abstract: "Holds policies to the laws that every policy keeps.",
    discussion: """
      A policy is tried with its default settings on small workloads: requests,
      tokens and time are accounted for, nothing holds more than it can, energy
      lies between idling and full load, and the same seed gives the same run. An
      eviction policy gives up only what may leave, and never hits more often
      than Belady. A scenario is tried as it is, each variant. Examples:

        medley laws
        medley laws lru least-loaded
        medley laws scenarios/studies/placements-generated.yaml

      Ends with code 2 where a law is broken.
      """)

  @Argument(
    help: ArgumentHelp("Policies by name, or scenarios; all policies without any.", valueName: "policy|file"),
    completion: Completion.scenario)
  var subjects: [String] = []

  @OptionGroup(title: "Scenario") var reading: ScenarioOptions

  func run() throws {
    let console = Session.current.console
    let laws = PolicyLaws(Session.current.policies)
    let all = PolicyFamily.allCases.flatMap { family in laws.names(family).map { (family: family, name: $0) } }
    var broken = 0
    func tell(_ title: String, _ violations: [Violation]) {
      broken += violations.count
      console.out("\(title): \(violations.isEmpty ? "keeps every law" : "breaks laws")\n")
      for violation in violations { console.out("  \(violation)\n") }
    }
    func tell(_ trial: PolicyTrial) {
      let title = "\(trial.family.rawValue) \(trial.name)"
      guard let hindrance = trial.hindrance else { return tell(title, trial.violations) }
      console.out("\(title): not tried with defaults, for which a scenario is needed: \(hindrance)\n")
    }
    let isPolicy = { (subject: String) in all.contains { $0.name == subject } }
    if reading.isGiven, subjects.isEmpty || subjects.contains(where: isPolicy) {
      throw ValidationError("--set, --seed and --data-root are of scenarios; a policy is tried on workloads of its own")
    }
    if subjects.isEmpty { for policy in all { tell(try laws.trial(policy.family, policy.name)) } }
    for subject in subjects {
      let named = all.filter { $0.name == subject }
      for policy in named { tell(try laws.trial(policy.family, policy.name)) }
      guard named.isEmpty else { continue }
      guard subject == "-" || FileManager.default.fileExists(atPath: subject) else {
        let names = all.map(\.name)
        throw Diagnostic(
          at: nil, "neither a policy nor a file is named '\(subject)'",
          why: "the policies are \(wordList(names, or: "and"))",
          fix: didYouMean(subject, among: names, else: "name one of them, or a scenario"))
      }
      for experiment in try reading.reader().read(argument: subject).experiments() {
        tell(experiment.name, try RunLaws.violations(of: experiment))
      }
    }
    if broken > 0 { throw Ending(outcome: .unmet) }
  }
}
