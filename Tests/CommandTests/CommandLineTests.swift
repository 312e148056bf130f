import Foundation
import Support
import Synchronization
import Testing

@testable import Command

/// What a verb wrote and how it ended.
struct Ran {
  var outcome: Outcome
  var out: String
  var err: String
}

/// Runs a verb in this process.
func medley(_ arguments: String...) -> Ran { medley(arguments) }

/// Runs a verb in this process.
func medley(_ arguments: [String]) -> Ran {
  let out = Mutex("")
  let err = Mutex("")
  let outcome = Medley.run(
    arguments,
    console: Console(out: { text in out.withLock { $0 += text } }, err: { text in err.withLock { $0 += text } }))
  return Ran(outcome: outcome, out: out.withLock { $0 }, err: err.withLock { $0 })
}

/// The object that a verb wrote as JSON.
func object(_ text: String) throws -> [String: Any] {
  try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
}

@Suite("The command line")
struct CommandLineTests {
  @Test("Colours are for terminals that have them and users who want them")
  func colours() {
    for (environment, has) in [
      ([:], true), (["NO_COLOR": ""], true), (["NO_COLOR": "1"], false), (["TERM": "dumb"], false),
      (["TERM": "xterm"], true),
    ] as [([String: String], Bool)] { #expect(Console.hasColour(environment) == has) }
  }

  @Test("Help and version are results; help names every exit code")
  func help() {
    for arguments in [[], ["--help"], ["help"]] {
      let ran = medley(arguments)
      #expect(ran.outcome == .ok && ran.err.isEmpty)
      for code in Outcome.allCases { #expect(ran.out.contains(" \(code.rawValue)  ")) }
    }
    #expect(medley("--version").out == "0.1.0\n")
  }

  @Test("A wrong command line is told on standard error with code 64")
  func usage() {
    for ran in [medley("frobnicate"), medley("list"), medley("list", "nonsense"), medley("--nonsense")] {
      #expect(ran.outcome == .usage && ran.out.isEmpty && ran.err.contains("Usage: medley"))
    }
  }

  @Test("What a verb finds wrong with its arguments as it runs is told with its own usage")
  func lateUsage() {
    for arguments in [
      ["capacity", "\(ServerReplayTests.scenarios)/quickstart.yaml", "--step", "10"], ["laws", "lru", "--seed", "3"],
    ] {
      let ran = medley(arguments)
      #expect(ran.outcome == .usage && ran.out.isEmpty)
      #expect(ran.err.contains("Usage: medley \(arguments[0]) ["), "\(ran.err)")
      #expect(ran.err.contains("See 'medley \(arguments[0]) --help'"), "\(ran.err)")
    }
  }

  @Test("Standard input is read once")
  func standardInputTwice() {
    for arguments in [["check", "-", "-"], ["compare", "-", "a.yaml", "-"]] {
      let ran = medley(arguments)
      #expect(ran.outcome == .usage && ran.err.contains("standard input, '-', can be read once"))
    }
  }

  @Test("A misspelt variant is told with those there are")
  func unknownVariant() throws {
    let small = try SmallScenario()
    for verb in ["run", "explain"] {
      let ran = medley(verb, small.path, "--variant", "evn")
      #expect(ran.outcome == .fault && ran.out.isEmpty)
      #expect(
        ran.err == """
          command line:1:1: error: no variant is named 'evn'
            evn
            ^
            why: those of '\(small.path)' are even and uneven
            fix: did you mean 'even'?

          """)
    }
  }

  @Test("Stored runs of a ledger that is not there")
  func noLedger() {
    let ran = medley("list", "runs", "--ledger", "/no/such/ledger")
    #expect(ran.outcome == .fault && ran.out.isEmpty && ran.err.hasPrefix("error: there is no ledger at"))
  }
}
