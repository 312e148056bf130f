import Foundation
import Ledger
import Testing

@testable import Study

@Suite("Baselines are text that says what moved")
struct BaselineTests {
  func run(ttft: Double = 0.1, trajectory: UInt64 = 0xab, variant: String = "split") -> RunRecord {
    RunRecord(
      header: RunHeader(
        started: .now, scenario: "s.yaml", scenarioHash: "cafe", variant: variant, seed: 1, version: "1", requests: 10,
        wallSeconds: 1, fingerprints: StoredFingerprints(trajectory: trajectory, decisions: 2, metrics: 3)),
      scenarioText: "abc", summary: "{}",
      metrics: [
        MetricRow(scope: "cluster", name: "ttft-mean", value: ttft, unit: "s"),
        MetricRow(scope: "cluster", name: "attainment", value: .nan, unit: "share"),
      ], provenance: [ProvenanceRow(key: Run.resolutionHash, value: "cafe")])
  }

  @Test("A baseline is read as it was written, numbers to 12 digits")
  func roundTrip() throws {
    let baseline = Baseline(scenario: "s.yaml", runs: [run(ttft: 1 / 3), run(variant: "")])
    #expect(try #require(Baseline(text: baseline.text)) == baseline)
    #expect(baseline.scenario == "s.yaml")
    #expect(baseline.text.contains("\nsplit cluster ttft-mean = 0.333333333333 s\n"))
    #expect(baseline.text.contains("\nsplit fingerprint trajectory = 00000000000000ab\n"))
    #expect(baseline.text.contains("\n- cluster attainment = nan\n"))
    #expect(baseline.text.contains("\nsplit resolution sha256 = cafe\n"))
    #expect(baseline.differences(to: baseline).isEmpty)
  }

  @Test("A sum that is added up in another order moves nothing")
  func order() {
    let (one, other) = (
      Baseline(scenario: "s", runs: [run(ttft: 0.3)]), Baseline(scenario: "s", runs: [run(ttft: 0.1 + 0.2)])
    )
    #expect(one == other)
  }

  @Test("Wall time and the moment of the run are no part of it")
  func independent() {
    var later = run()
    later.header.started = .distantFuture
    later.header.wallSeconds = 9
    #expect(Baseline(scenario: "s", runs: [run()]) == Baseline(scenario: "s", runs: [later]))
  }

  @Test("Each fact that moved is named, with by how much")
  func differences() {
    let old = Baseline(scenario: "s", runs: [run()])
    let new = Baseline(scenario: "s", runs: [run(ttft: 0.15, trajectory: 0xac)])
    #expect(
      old.differences(to: new).map(\.description) == [
        "split fingerprint trajectory: 00000000000000ab -> 00000000000000ac",
        "split cluster ttft-mean: 0.1 s -> 0.15 s (+50 %)",
      ])
    let other = Baseline(scenario: "s", runs: [])
    #expect(old.differences(to: other).count == 8 && other.differences(to: old).count == 8)
    #expect(old.differences(to: other)[1].description == "split seed: gone, was 1")
    #expect(other.differences(to: old)[1].description == "split seed: new, 1")
  }

  @Test("A text that is no baseline", arguments: ["a", "a = 1\na = 2", "= 1"])
  func bad(text: String) { #expect(Baseline(text: text) == nil) }
}
