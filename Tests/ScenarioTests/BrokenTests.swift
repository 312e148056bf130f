import Foundation
import Testing
import Units

@testable import Scenario

/// Every scenario in `scenarios/broken` is refused with exactly the text beside it.
@Suite struct BrokenTests {
  static let folder = repository + "/scenarios/broken"
  static let cases = Paths.names(in: folder).filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }

  @Test(arguments: cases) func isRefused(_ name: String) throws {
    let faults = #expect(throws: Faults.self) {
      try Scenario.read(
        path: "\(Self.folder)/\(name).yaml", catalogue: Catalogue(root: repository + "/scenarios", dataRoots: []))
    }
    let said = try #require(faults).description.replacingOccurrences(of: repository + "/", with: "") + "\n"
    let path = "\(Self.folder)/\(name).expected"
    // MEDLEY_RECORD=1 writes what is said now, to be read in the diff.
    if ProcessInfo.processInfo.environment["MEDLEY_RECORD"] != nil { try write(said, to: path) }
    let expected = try String(contentsOfFile: path, encoding: .utf8)
    #expect(said == expected)
  }

  @Test func thereAreCases() { #expect(Self.cases.count >= 20) }
}
