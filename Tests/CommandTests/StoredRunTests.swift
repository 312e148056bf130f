import Foundation
import Ledger
import Support
import Testing

@testable import Command

@Suite("compare and list runs")
struct StoredRunTests {
  @Test("Stored runs are listed and compared like fresh ones")
  func stored() throws {
    let small = try SmallScenario()
    let ledger = small.folder.appendingPathComponent("l.sqlite").path
    let ran = medley("run", small.path, "--ledger", ledger)
    #expect(ran.outcome == .ok && ran.out.contains("stored small/even as "))
    let listed = medley("list", "runs", "--ledger", ledger)
    #expect(listed.outcome == .ok && listed.out.split(separator: "\n").count == 3)
    let id = try #require(listed.out.split(separator: "\n").last?.split(separator: " ").first)
    let stored = medley("compare", "@last-1", "@last", "--ledger", ledger, "--json")
    let fresh = medley("compare", small.path, "--json")
    func figures(_ ran: Ran) throws -> [NSDictionary] {
      try #require(try object(ran.out)["runs"] as? [[String: Any]]).map { try #require($0["figures"] as? NSDictionary) }
    }
    #expect(try figures(stored) == figures(fresh))
    let mixed = medley("compare", "\(small.path):uneven", String(id.prefix(8)), "--ledger", ledger)
    #expect(mixed.outcome == .ok && mixed.out.contains("small/uneven") && mixed.out.contains("1.00x"))
    let reopened = try Ledger(path: ledger, create: false)
    let record = try reopened.load(reopened.find("@last"))
    #expect(record.summary.contains("medley-summary/1") && record.provenance.count == 2)
  }

  @Test("What is neither file nor stored run")
  func unknown() throws {
    let small = try SmallScenario()
    let ledger = small.folder.appendingPathComponent("l.sqlite").path
    _ = medley("run", small.path, "--ledger", ledger)
    for subject in ["nosuch.yaml", "a/b", "zzz", "@last-9"] {
      let ran = medley("compare", small.path, subject, "--ledger", ledger)
      #expect(ran.outcome == .fault && ran.out.isEmpty && ran.err.contains(subject) && ran.err.contains("fix: "))
    }
    try small.write("l.sqlite", "not a ledger at all")
    let ran = medley("run", small.path, "--ledger", ledger)
    #expect(ran.outcome == .fault && ran.out.isEmpty && ran.err.contains("is not a ledger"))
  }
}
