import Foundation
import Testing

@testable import Ledger

/// A directory of its own for one test, removed with it.
final class Scratch {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("ledger-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> String { url.appendingPathComponent(name).path }
}

func sample(seed: UInt64 = 7, scenario: String = "seed: 7\n", variant: String = "") -> RunRecord {
  RunRecord(
    header: RunHeader(
      started: Date(timeIntervalSince1970: 1_800_000_000.125), scenario: "a.yaml",
      scenarioHash: "\(scenario.hashValue)", variant: variant,
      seed: seed, version: "0.1.0", requests: 3, wallSeconds: 0.25,
      fingerprints: StoredFingerprints(trajectory: 1, decisions: .max, metrics: 1 << 63)),
    scenarioText: scenario, summary: "{\"a\":1}",
    metrics: [
      MetricRow(scope: "cluster", name: "ttft-mean", value: 0.1, unit: "s"),
      MetricRow(scope: "decode", name: "ttft-mean", value: -.infinity, unit: "s"),
    ],
    provenance: [ProvenanceRow(key: "file", value: "x")])
}

@Suite("A ledger keeps what it is given")
struct RoundTrip {
  @Test("A run comes back as it went in")
  func roundTrip() throws {
    let scratch = try Scratch()
    let ledger = try Ledger(path: scratch.path("l.sqlite"))
    let id = try ledger.record(sample(seed: .max))
    let reopened = try Ledger(path: scratch.path("l.sqlite"), create: false)
    let stored = try reopened.find(id)
    #expect(stored.number == 1 && stored.id.count == 12)
    #expect(try reopened.load(stored) == sample(seed: .max))
    try reopened.verify()
  }

  @Test("An undefined metric stays undefined")
  func undefined() throws {
    let scratch = try Scratch()
    let ledger = try Ledger(path: scratch.path("l.sqlite"))
    var run = sample()
    run.metrics = [MetricRow(scope: "cluster", name: "x", value: .nan, unit: "")]
    try ledger.record(run)
    #expect(try ledger.load(ledger.find("@last")).metrics.first?.value.isNaN == true)
  }

  @Test("A scenario's text is stored once")
  func textOnce() throws {
    let scratch = try Scratch()
    let ledger = try Ledger(path: scratch.path("l.sqlite"))
    let text = String(repeating: "# a long scenario\n", count: 50_000)
    for _ in 0..<5 { try ledger.record(sample(scenario: text)) }
    let again = try Ledger(path: scratch.path("l.sqlite"))
    #expect(try again.runs().count == 5)
    #expect(try again.load(again.find("@last-4")).scenarioText == text)
    let size = try FileManager.default.attributesOfItem(atPath: scratch.path("l.sqlite"))[.size] as? Int ?? 0
    #expect(size < 2 * text.utf8.count)
  }

  @Test("Runs are found by id, by the beginning of one and from the last")
  func references() throws {
    let scratch = try Scratch()
    let ledger = try Ledger(path: scratch.path("l.sqlite"))
    #expect(throws: LedgerError.noRun(reference: "@last", path: ledger.path)) { try ledger.find("@last") }
    let ids = try (0..<40).map { try ledger.record(sample(variant: "\($0)")) }
    #expect(try ledger.find("@last").id == ids[39])
    #expect(try ledger.find("@last-39").id == ids[0])
    #expect(try ledger.find(ids[5].uppercased()).header.variant == "5")
    #expect(try ledger.find(String(ids[5].prefix(9))).id == ids[5])
    #expect(try ledger.runs(limit: 3).map(\.id) == ids.reversed().prefix(3).map { $0 })
    for bad in ["", "@last-40", "@last--1", "@", "*", "zz", "%", "[0-9]*", ids[0] + "0"] {
      #expect(throws: LedgerError.noRun(reference: bad, path: ledger.path)) { try ledger.find(bad) }
    }
    // 40 ids begin with 16 different digits: some digit begins several.
    let digit = "0123456789abcdef".first { d in ids.filter { $0.first == d }.count > 1 }
    #expect {
      try ledger.find(String(try #require(digit)))
    } throws: {
      if case LedgerError.ambiguous = $0 { true } else { false }
    }
  }

  @Test("A run whose rows clash leaves nothing behind")
  func allOrNothing() throws {
    let scratch = try Scratch()
    let ledger = try Ledger(path: scratch.path("l.sqlite"))
    var run = sample()
    run.provenance.append(run.provenance[0])
    #expect(throws: LedgerError.self) { try ledger.record(run) }
    #expect(try ledger.runs().isEmpty)
    try ledger.record(sample())
    try ledger.verify()
  }

  @Test("Released migrations never change")
  func migrations() {
    func fnv1a(_ text: String) -> UInt64 {
      text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
    #expect(Schema.migrations.map { StoredFingerprints.hex(fnv1a($0)) } == ["7634e56173012ea4"])
  }
}
