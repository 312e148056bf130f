import ArgumentParser
import Foundation
import Ledger
import Study

/// `medley list`: what there is to name.
struct List: ParsableCommand {
  /// What can be listed.
  enum Subject: String, ExpressibleByArgument, CaseIterable {
    case runs
  }

  static let configuration = CommandConfiguration(
    abstract: "Lists devices, links, models, policies, traces or stored runs.",
    discussion: """
      Examples:

        medley list policies
        medley list runs --ledger medley.sqlite
      """)

  @Argument(help: "What to list.")
  var subject: Subject

  @Option(help: ArgumentHelp("The ledger that holds the runs.", valueName: "file"))
  var ledger = Defaults.ledger

  @Option(help: ArgumentHelp("List at most this many runs, the newest first.", valueName: "n"))
  var limit = 50

  func run() throws {
    let console = Session.current.console
    switch subject {
    case .runs:
      for run in try Ledger(path: ledger, create: false).runs(limit: limit) { console.out("\(run.id)\n") }
    }
  }
}
