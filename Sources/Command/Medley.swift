import ArgumentParser
import Cluster
import Foundation
import Ledger
import Scenario
import Study
import Units

/// The command line: `Medley.main()` is all that an executable needs.
public enum Medley {
  /// Runs the verb that the process's arguments name, on scenarios that may name `policies`, and ends the process with
  /// its exit code.
  ///
  /// A package with policies of its own is a medley with `Medley.main(policies:)` as its executable.
  public static func main(policies: PolicyCatalogue = PolicyCatalogue.standard) -> Never {
    Interruption.watch()
    exit(run(Array(CommandLine.arguments.dropFirst()), policies: policies).rawValue)
  }

  /// Runs a verb with `arguments` (without the executable's name), writing to `console`.
  public static func run(
    _ arguments: [String], policies: PolicyCatalogue = PolicyCatalogue.standard, console: Console = .standard
  ) -> Outcome {
    Session.$current.withValue(Session(console: console, policies: policies)) {
      do {
        var verb = try Root.parseAsRoot(arguments)
        do {
          try verb.run()
          return .ok
        } catch let error as ValidationError {
          console.err(misuse(of: type(of: verb), error.message))
          return .usage
        } catch {
          return try ending(of: error, console)
        }
      } catch {
        // What the parser throws: faults of the command line, and requests for help or the version.
        let text = Root.fullMessage(for: error)
        guard Root.exitCode(for: error).isSuccess else {
          console.err(text + "\n")
          return .usage
        }
        console.out(text + "\n")
        return .ok
      }
    }
  }

  /// What the parser says of a verb's arguments, of what the verb finds in them as it runs.
  private static func misuse(of verb: ParsableCommand.Type, _ message: String) -> String {
    let usage = Root.usageString(for: verb)
    let name = usage.split(separator: " ").prefix { $0.first?.isLetter == true }
    return "Error: \(message)\nUsage: \(usage)\n  See '\(name.joined(separator: " ")) --help' for more information.\n"
  }

  /// Says what a verb threw.
  /// - Throws: the error, where it is the parser's.
  private static func ending(of error: any Error, _ console: Console) throws -> Outcome {
    switch error {
    case let ending as Ending: return ending.outcome
    case is Faults, is Diagnostic, is LedgerError, is BadBaseline:
      console.err("\(error)\n")
      return .fault
    case is PolicyError, is SimulationError, is SLO.Fault:
      console.err("error: \(error)\n")
      return .fault
    case let error as CocoaError:
      console.err("\(Diagnostic(error))\n")
      return .fault
    default:
      // The parser calls every error that is not its own a failure.
      guard Root.exitCode(for: error) == .failure else { throw error }
      console.err("internal error: \(error)\n")
      return .internalFault
    }
  }
}

/// The command `medley`.
struct Root: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "medley",
    abstract: "Simulates clusters of mixed devices that serve language models.",
    discussion: """
      A scenario is a YAML file: devices, model, policies, workload, SLOs. Start with one:

        medley run scenarios/quickstart.yaml       all variants, side by side
        medley explain scenarios/quickstart.yaml   its settings and its costs
        medley capacity scenarios/quickstart.yaml  the highest rate within SLOs

      Results go to standard output, everything else to standard error. Exit codes:

      \(Outcome.table)
      """,
    version: Version.current,
    subcommands: [
      RunVerb.self, Compare.self, Check.self, Explain.self, TimelineVerb.self, RooflineVerb.self, ExpertsVerb.self,
      CapacityVerb.self, ReproduceVerb.self, LawsVerb.self,
      TraceVerb.self, List.self,
      BaselineVerb.self, MeasureVerb.self, Calibrate.self, ValidateVerb.self, SchemaVerb.self, CompletionsVerb.self,
    ])
}
