/// How a verb ended, as the process's exit code says it.
public enum Outcome: Int32, Sendable, CaseIterable {
  /// All went well.
  case ok = 0
  /// The scenario, a file it names, a policy's decision or the ledger is at fault; standard error says where.
  case fault = 1
  /// What was asked for does not hold: an SLO or a claim with --strict, a law of policies, a result that is guarded (a
  /// baseline, a published system, a stated error), a capacity that no rate reaches.
  case unmet = 2
  /// The command line is wrong.
  case usage = 64
  /// A fault of medley itself.
  case internalFault = 70
  /// Interrupted from the keyboard: what shells report for a process that SIGINT ended.
  case interrupted = 130

  /// What `--help` says of the code.
  var help: String {
    switch self {
    case .ok: "all went well"
    case .fault: "a scenario, a file it names, a policy or the ledger is at fault"
    case .unmet: "an SLO, claim (--strict), law, guarded result or capacity was not met"
    case .usage: "the command line is wrong"
    case .internalFault: "a fault of medley itself"
    case .interrupted: "interrupted; nothing is left half-written"
    }
  }

  /// The table of codes that `--help` prints.
  static var table: String {
    allCases.map { outcome in
      let code = String(outcome.rawValue)
      return "  " + String(repeating: " ", count: 3 - code.count) + code + "  " + outcome.help
    }.joined(separator: "\n")
  }
}

/// Ends a verb with an outcome other than ``Outcome/ok``, after it has said why.
struct Ending: Error {
  var outcome: Outcome
}
