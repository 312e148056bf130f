import Foundation
import Cluster
import Ledger
import Scenario
import Support
import Testing
import Units

@testable import Study

@Suite("Experiments")
struct ExperimentTests {
  @Test("Every variant runs, and the same variant gives the same record twice")
  func run() throws {
    let small = try SmallScenario()
    let experiments = try ScenarioReader().read(small.path).experiments()
    #expect(experiments.map(\.name) == ["small/even", "small/uneven"])
    for experiment in experiments {
      let records = try (0..<2).map { _ in try experiment.run().record(summary: "{}") }
      #expect(records[0].metrics == records[1].metrics)
      #expect(records[0].header.fingerprints == records[1].header.fingerprints)
      #expect(records[0].header.requests == 40 && records[0].header.wallSeconds > 0)
      #expect(records[0].scenarioText.hasPrefix("question: is it small?"))
      #expect(records[0].header.scenarioHash == sha256(records[0].scenarioText.utf8))
      #expect(Set(records[0].metrics.map { [$0.scope, $0.name] }).count == records[0].metrics.count)
      #expect(records[0].metrics.contains { $0.scope == "pool all" && $0.name == "mbu" })
    }
  }

  @Test("A changed setting moves the resolution's hash, a comment does not")
  func resolution() throws {
    let small = try SmallScenario()
    func hash(_ changes: [(path: String, value: String)] = []) throws -> String {
      try ScenarioReader(changes: changes).read(small.path).experiment(variant: nil).scenario.provenance.hash
    }
    let hash1 = try hash()
    #expect(try hash([("cluster.pools.all.replicas", "3")]) != hash1)
    #expect(try hash([("seed", "2")]) != hash1)
    let text = try String(contentsOfFile: small.path, encoding: .utf8)
    try small.write("small.yaml", "# a comment\n" + text)
    #expect(try hash() == hash1)
  }

  @Test("A trace is spread or squeezed to a mean rate", arguments: [0.5, 2.0, 17.0])
  func rate(rate: Double) throws {
    let small = try SmallScenario()
    let experiment = try ScenarioReader().read(small.path).experiment(variant: nil).at(Rate(rate))
    let requests = try experiment.scenario.trace().requests
    let span = (try #require(requests.last).arrival - (try #require(requests.first)).arrival).seconds
    #expect(abs(39 / span / rate - 1) < 1e-9)
  }

  @Test("Claims are compared with our figures; one that takes a search is left out")
  func claims() throws {
    let small = try SmallScenario()
    let loaded = try ScenarioReader().read(small.path)
    let runs = try loaded.experiments().map { try $0.run() }
    let checks = ClaimCheck.check(loaded.scenario.claims, on: runs)
    #expect(checks.count == 1 && checks[0].holds == true)
    let ratio = try #require(runs[1].summary.ttft).p99 / (try #require(runs[0].summary.ttft)).p99
    #expect(checks[0].figure == ratio)
    #expect(ClaimCheck.check(loaded.scenario.claims, on: [runs[0]]).isEmpty)
    let finding = CapacityFinding(probes: [CapacityProbe(rate: Rate(2), passes: true)])
    let searched = ClaimCheck.check(loaded.scenario.claims, on: [("even", finding)])
    #expect(searched.map(\.figure) == [2] && searched[0].holds == nil)
  }

  @Test("Every metric that a claim may name is a figure, but for those of a search and of the cluster as it is bought")
  func claimMetrics() {
    for metric in Claim.metrics where !["max-rate", "provisioned-power"].contains(metric) {
      #expect(VariantFigures.figure(metric) != nil, "\(metric)")
    }
  }

  @Test("A trace that is not here is told from other faults")
  func missing() throws {
    let small = try SmallScenario()
    func faults(_ change: (path: String, value: String)) -> Faults? {
      do { _ = try ScenarioReader(changes: [change]).read(small.path) } catch { return error }
      return nil
    }
    #expect(faults(("workload.trace", "gone.csv"))?.areMissingTraces == true)
    #expect(faults(("workload.trace", "no-such-trace"))?.areMissingTraces == false)
    #expect(faults(("cluster.pools.all.replicas", "-1"))?.areMissingTraces == false)
  }
}

@Suite("Capacity")
struct CapacityTests {
  @Test("The highest rate meets the SLO and the border does not")
  func find() throws {
    let small = try SmallScenario(slo: "{ttft: 1 s, attainment: 90 %}")
    let experiment = try ScenarioReader().read(small.path).experiment(variant: nil)
    let finding = try Capacity.find(.relative(lowest: Rate(0.5), highest: nil, tolerance: 0.05)) {
      experiment.at($0)
    }
    let (best, border) = (try #require(finding.best), try #require(finding.border))
    #expect(try experiment.at(best).run().summary.slo?.isMet == true)
    #expect(try experiment.at(border.rate).run().summary.slo?.isMet == false)
    #expect(border.missed == "ttft <= 1 s" && border.rate.value <= best.value * 1.05)
    let alone = try Capacity.find(
      .relative(lowest: Rate(0.5), highest: nil, tolerance: 0.05), workers: 1, experiment: { experiment.at($0) })
    #expect(alone == finding)
  }
}

@Suite("Accepted results")
struct GuardTests {
  @Test("What was accepted is found again; a moved setting moves named facts")
  func recompute() throws {
    let small = try SmallScenario()
    let folder = small.folder.appendingPathComponent("baselines").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let accepted = BaselineGuard(folder: folder, reader: ScenarioReader())
    #expect(accepted.files.isEmpty)
    let file = "\(folder)/small.txt"
    try accepted.recompute(small.path).text.write(toFile: file, atomically: true, encoding: .utf8)
    #expect(accepted.files == [file])
    #expect(try accepted.read(file).differences(to: accepted.recompute(small.path, workers: 1)).isEmpty)
    let other = BaselineGuard(
      folder: folder, reader: ScenarioReader(changes: [("cluster.pools.all.tensor-parallel", "2")]))
    let moved = try accepted.read(file).differences(to: other.recompute(small.path)).map(\.key)
    #expect(moved.contains("even resolution sha256") && moved.contains("even fingerprint metrics"))
    #expect(moved.contains("uneven pool all energy_j"))
  }

  @Test("Files are named after scenarios, and a file that is none is an error")
  func files() throws {
    let small = try SmallScenario()
    let accepted = BaselineGuard(folder: "b", reader: ScenarioReader())
    #expect(accepted.file(for: "scenarios/quickstart.yaml") == "b/quickstart.txt")
    #expect(accepted.file(for: "scenarios/systems/a/b.yaml") == "b/systems-a-b.txt")
    #expect(throws: BadBaseline.self) { try accepted.read(small.path) }
  }
}
