import Foundation
import Testing
import Units

@testable import Scenario

/// Every scenario in `scenarios/broken` is refused, or warned of, with exactly the text beside it.
@Suite struct BrokenTests {
  static let folder = repository + "/scenarios/broken"
  static let cases = Paths.names(in: folder).filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }

  @Test(arguments: cases) func isRefused(_ name: String) throws {
    try check(name, "\(Self.folder)/\(name).yaml") { $0.replacingOccurrences(of: repository + "/", with: "") }
  }

  /// Files that are too large, or too odd, to stand in a repository.
  @Test(arguments: BrokenRecipe.all) func isRefused(_ recipe: BrokenRecipe) throws {
    try withFolder { folder in
      try recipe.make(folder)
      try check(recipe.name, "\(folder)/\(recipe.name).yaml") {
        $0.replacingOccurrences(of: folder, with: "scenarios/broken")
      }
    }
  }

  @Test func thereAreCases() {
    #expect(Self.cases.count + BrokenRecipe.all.count >= 64)
    let expected = Paths.names(in: Self.folder).filter { $0.hasSuffix(".expected") }.map { String($0.dropLast(9)) }
    #expect(Set(expected) == Set(Self.cases + BrokenRecipe.all.map(\.name)))
  }

  private func check(_ name: String, _ path: String, _ relative: (String) -> String) throws {
    let expected = "\(Self.folder)/\(name).expected"
    let said = relative(told(path)) + "\n"
    // MEDLEY_RECORD=1 writes what is said now, to be read in the diff.
    if ProcessInfo.processInfo.environment["MEDLEY_RECORD"] != nil { try write(said, to: expected) }
    #expect(said == (try String(contentsOfFile: expected, encoding: .utf8)))
    // Each fault says why, and what to do.
    #expect(said.contains("\n  why: ") && said.contains("\n  fix: "))
  }

  /// What `medley check` says of the scenario at a path.
  private func told(_ path: String) -> String {
    do {
      let scenario = try Scenario.read(
        path: path, catalogue: Catalogue(root: repository + "/scenarios", dataRoots: []))
      return Faults(try scenario.examine()).description
    } catch {
      return error.description
    }
  }
}
