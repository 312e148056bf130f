import Foundation
import Testing

@testable import Scenario

/// `scenarios/broken/README.md`: a line for each case with the first fault that it shows.
@Suite struct BrokenIndexTests {
  /// Every kind of fault that a file can have, and the cases that show it first of all.
  private static let kinds = [
    ("syntax", ["08-no-yaml", "28-tab", "34-no-blank-after-colon", "35-open-quote", "41-indentation"]),
    ("an unknown key", ["04-unknown-keys", "61-model-unknown-keys", "83-foreign-letter"]),
    ("a duplicate key", ["05-duplicate-keys", "64-pool-twice"]),
    ("a missing unit, a wrong dimension", ["03-units", "52-fraction-without-percent", "111-device-forms"]),
    ("an unknown model, device or policy", ["09-names", "01-misspelt-policy", "90-parts-of-names", "160-like"]),
    ("a model that does not fit", ["02-does-not-fit", "164-every-request-rejected"]),
    ("a model that is not understood", ["60-model-architecture", "63-model-shapes", "163-beyond-context"]),
    ("impossible parallelism", ["12-layout", "28-expert-parallel", "65-more-stages-than-layers", "67-not-joined"]),
    ("an SLO that nobody can meet", ["68-slo-nobody-meets"]),
    (
      "a missing or malformed trace", ["22-absent-trace", "91-trace-malformed", "97-trace-json", "212-trace-long-line"]
    ),
    ("times that run backwards", ["92-trace-backwards"]),
    ("negative, not finite or absurd numbers", ["46-negative", "47-not-finite", "49-absurd", "26-too-many"]),
    ("integer overflow", ["48-overflow"]),
    ("an alias bomb, deep nesting", ["32-alias-bomb", "23-deep", "33-deep-blocks", "214-config-nested"]),
    ("a huge scalar", ["201-50-megabytes", "202-long-text", "203-long-key"]),
    ("text that is not UTF-8", ["24-not-utf8", "30-utf16", "31-nul"]),
    ("a path that leads outside", ["10-outside", "55-inside-out", "56-home", "211-trace-link-out"]),
  ]

  private static let head = """
    # Faulty files

    Each case stands beside the exact text that refuses it, or warns of it: `NAME.yaml` beside `NAME.expected`. Those from
    201 on are made by `Tests/ScenarioTests/BrokenRecipe.swift`, being too large or too odd for a repository. Written by
    `MEDLEY_RECORD=1 swift test --filter Broken`, twice where a case is new, and checked by the same tests without the
    variable.

    | a fault | cases |
    |---|---|

    """

  private static let names = (BrokenTests.cases + BrokenRecipe.all.map(\.name)).sorted {
    (number($0), $0) < (number($1), $1)
  }

  private static func number(_ name: String) -> Int { Int(name.prefix { $0.isNumber }) ?? 0 }

  /// The first fault of a case, without its place, and how many more there are.
  private static func shown(_ name: String) throws -> String {
    let text = try String(contentsOfFile: "\(BrokenTests.folder)/\(name).expected", encoding: .utf8)
    let faults = text.split(separator: "\n").filter { !$0.hasPrefix(" ") }.compactMap { line -> Substring? in
      for word in ["error: ", "warning: "] {
        if let start = line.range(of: word) { return line[start.upperBound...] }
      }
      return nil
    }
    let more = faults.count > 1 ? ", and \(faults.count - 1) more" : ""
    return "\(faults.first ?? "nothing")\(more)"
  }

  private static func text() throws -> String {
    let kinds = kinds.map { "| \($0) | \($1.map { "`\($0)`" }.joined(separator: ", ")) |\n" }.joined()
    let cases = try names.map { "- `\($0)`: \(try shown($0))\n" }.joined()
    return head + kinds + "\n## Every case and what it is told first\n\n" + cases
  }

  @Test func everyCaseHasItsLine() throws {
    let path = "\(BrokenTests.folder)/README.md"
    let text = try Self.text()
    if ProcessInfo.processInfo.environment["MEDLEY_RECORD"] != nil { try write(text, to: path) }
    #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
  }

  @Test func everyKindOfFaultHasItsCase() {
    for (kind, cases) in Self.kinds {
      #expect(!cases.isEmpty && Set(cases).isSubset(of: Self.names), "\(kind)")
    }
  }
}
