import Foundation
import Scenario
import Testing

@testable import Study

/// What holds of every placement policy, on the study that has a variant for each.
@Suite("Laws of placement policies")
struct PlacementLawTests {
  static let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "scenarios/studies/placements-generated.yaml").path

  @Test("Every policy has a variant")
  func complete() throws {
    let text = try String(contentsOfFile: Self.path.replacing("-generated", with: ""), encoding: .utf8)
    let absent = PolicyCatalogue.standard.places.keys.sorted().filter { !text.contains($0) }
    #expect(absent == [])
  }

  @Test("The laws of runs hold, on few requests")
  func laws() throws {
    let experiments = try ScenarioReader(changes: [("workload.requests", "12")]).read(Self.path).experiments()
    #expect(try experiments.flatMap { try RunLaws.violations(of: $0) } == [])
  }
}
