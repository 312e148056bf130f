import Foundation
import Scenario
import Support
import Testing
import Units

@testable import Study

/// A folder of systems with one system, `toy`, of one scenario.
private struct Toy {
  let small: SmallScenario
  var folder: String { small.folder.appendingPathComponent("systems").path }
  var file: String { "\(folder)/toy/small.yaml" }

  init(claims: String, rest: String = "") throws {
    small = try SmallScenario()
    let text = try String(contentsOfFile: small.path, encoding: .utf8)
    let head = text.components(separatedBy: "claims:")[0]
    let toy = small.folder.appendingPathComponent("systems/toy")
    try FileManager.default.createDirectory(at: toy, withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      at: small.folder.appendingPathComponent("t.csv"), to: toy.appendingPathComponent("t.csv"))
    try small.write("systems/toy/small.yaml", head + "claims:\n" + claims + rest)
    try small.write("systems/toy/without-claims.yaml", head)
  }

  func reproduce(intervals: Bool = true) throws -> ReproducedSystem {
    try Reproducer(reader: ScenarioReader(), workers: 2, findsIntervals: intervals).reproduce("toy", in: folder)
  }
}

@Suite("Reproduction")
struct ReproductionTests {
  private static let within =
    "  - {metric: ttft-p99, of: even, over: even, published: 1, mark: R, within: 1 %, source: s}\n"
  private static let direction =
    "  - {metric: ttft-p50, of: even, at-most: 0, mark: A, source: s, over: uneven, published: 0.5, name: n}\n"

  @Test("Figures are those of runs, scenarios without claims are left out, and nothing runs twice")
  func figures() throws {
    let toy = try Toy(
      claims: Self.within + "  - {metric: mbu, pool: all, of: uneven, published: 1, mark: P, source: s}\n")
    let system = try toy.reproduce()
    #expect(Reproducer.systems(in: toy.folder) == ["toy"] && system.scenarios.map(\.name) == ["small"])
    let loaded = try ScenarioReader().read(toy.file)
    let checks = ClaimCheck.check(loaded.scenario.claims, on: try loaded.experiments().map { try $0.run() })
    let ours = try #require(checks[1].figure)
    let theirs = try #require(system.scenarios[0].claims[1].figure)
    #expect(abs(theirs / ours - 1) < 1e-5 && system.scenarios[0].claims[0].figure == 1)
    #expect(system.scenarios[0].runs == 2)
    #expect(system.verdict == .within && system.counted.count == 1 && !system.isVerified)
  }

  @Test("A highest rate is what medley capacity finds on the scenario's own plan")
  func searched() throws {
    let toy = try Toy(
      claims: "  - {metric: max-rate, of: even, published: 3, mark: A, at-least: 0.1, source: s}\n",
      rest: "capacity: {from: 0.5 /s, to: 8 /s, step: 0.5 /s}\n")
    let loaded = try ScenarioReader().read(toy.file)
    let finding = try Capacity.find(loaded.experiment(variant: "even"), SearchPlan(loaded.scenario.capacity))
    let scenario = try toy.reproduce().scenarios[0]
    #expect(scenario.claims[0].figure == finding.best?.value && finding.best != nil)
    #expect(scenario.runs == finding.probes.count)
  }

  @Test("A system is within only where every claim that counts is; one that something was fitted to does not")
  func verdicts() throws {
    #expect(try Toy(claims: Self.within + Self.direction).reproduce().verdict != .within)
    let fitted = "free: [{path: seed, value: 1, range: [1, 2], source: s, fitted-to: n}]\n"
    let system = try Toy(claims: Self.within + Self.direction, rest: fitted).reproduce(intervals: false)
    #expect(system.verdict == .within && system.scenarios[0].claims[1].fitted == ["seed"])
    #expect(!system.scenarios[0].claims[1].counts && system.scenarios[0].parameters[0].stands == nil)
  }

  @Test("A parameter stands up to the value at which a figure leaves its range")
  func intervals() throws {
    let path = "cluster.pools.all.host.per-step"
    let plain = try Toy(claims: Self.within)
    func figure(_ time: String) throws -> Double {
      let run = try ScenarioReader(changes: [(path, time)]).read(plain.file).experiment(variant: "even").run()
      return try #require(run.summary.ttft).p50
    }
    // Looked at: 0, 4, 8, 12 and 16 ms; then 6, 7 and 7.5 ms between the last that stands and the first that does not.
    let bound = try figure("7 ms")
    #expect(try figure("2 ms") < bound && bound < figure("7.5 ms"))
    let toy = try Toy(
      claims: "  - {metric: ttft-p50, of: even, at-most: \(bound), mark: A, source: s}\n",
      rest: "free: [{path: \(path), value: 2 ms, range: [0 ms, 16 ms], source: s}]\n")
    let scenario = try toy.reproduce().scenarios[0]
    #expect(scenario.parameters[0].stands == ["0 ms", "7 ms"] && scenario.parameters[0].value == "2 ms")
    #expect(scenario.runs == 9)
    // A figure that is only shown is run once, and not looked at for the interval.
    let shown = try Toy(
      claims: "  - {metric: ttft-p50, of: even, at-most: \(bound), mark: A, source: s}\n"
        + "  - {metric: ttft-p50, of: uneven, mark: A, published: 1, source: s}\n",
      rest: "free: [{path: \(path), value: 2 ms, range: [0 ms, 16 ms], source: s}]\n"
    ).reproduce().scenarios[0]
    #expect(shown.runs == 10 && shown.parameters[0].stands == ["0 ms", "7 ms"])
    // Of two parameters of one setting each stands for its own variants.
    let free = ["even", "uneven"].map {
      "{path: \(path), value: 2 ms, range: [0 ms, 16 ms], source: s, variants: [\($0)]}"
    }
    let two = try Toy(
      claims: "  - {metric: ttft-p50, of: even, at-most: \(bound), mark: A, source: s}\n",
      rest: "free: [\(free.joined(separator: ", "))]\n")
    #expect(try two.reproduce().scenarios[0].parameters.map(\.stands) == [["0 ms", "7 ms"], ["0 ms", "16 ms"]])
  }

  @Test("A number of a device is free too, and so is a range that holds values which cannot be served")
  func devices() throws {
    let rest = """
      free:
        - {path: cluster.pools.all.device.efficiency.memory, value: 0.8, range: [0.1, 0.9], source: s}
        - {path: cluster.pools.all.kv-cache.memory-utilization, value: 90 %, range: [30 %, 90 %], source: s}

      """
    let toy = try Toy(claims: Self.within, rest: rest)
    let parameters = try toy.reproduce().scenarios[0].parameters
    #expect(parameters[0].stands == ["0.1", "0.9"] && parameters[1].stands == ["30 %", "90 %"])
    let loaded = try ScenarioReader().read(toy.file)
    let device = try loaded.experiment(variant: "even").scenario.pools[0].device
    #expect(device.efficiency.memory.value == 0.8 && device.efficiency.memory.source == "s")
    let given = try loaded.experiment(
      variant: "even", changes: [("cluster.pools.all.device.efficiency.memory", "{value: 0.3, source: t}")])
    #expect(given.scenario.pools[0].device.efficiency.memory.value == 0.3)
    #expect(given.scenario.pools[0].device.hostLink != nil, "the rest is the device's own")
  }

  @Test("A figure that no result has is a fault; a trace that is not here is said")
  func faults() throws {
    let wrong = try Toy(claims: "  - {metric: mbuu, pool: all, of: even, published: 1, mark: A, source: s}\n")
    #expect(throws: Diagnostic.self) { try wrong.reproduce() }
    let toy = try Toy(claims: Self.within)
    let text = try String(contentsOfFile: toy.file, encoding: .utf8)
    try toy.small.write("systems/toy/small.yaml", text.replacing("trace: t.csv", with: "trace: absent.csv"))
    let system = try toy.reproduce()
    #expect(system.scenarios.map(\.skipped) == ["a trace is not here"] && system.verdict == nil)
  }

  @Test("A verdict that moved is told, and what was not run is not")
  func changes() throws {
    let stored = Reproduction(systems: [try Toy(claims: Self.within).reproduce()])
    #expect(stored.changes(to: stored).isEmpty)
    var now = stored
    now.systems[0].scenarios[0].claims[0].verdict = .outside
    #expect(stored.changes(to: now).count == 1 && stored.changes(to: now)[0].hasSuffix("within before, outside now"))
    now.systems[0].scenarios[0].skipped = "a trace is not here"
    #expect(stored.changes(to: now).isEmpty)
    now = Reproduction(systems: [try Toy(claims: Self.within + Self.direction).reproduce()])
    #expect(stored.changes(to: now).count == 1 && now.changes(to: stored).count == 1)
    let kept = Reproduction(systems: [ReproducedSystem(id: "other", scenarios: [])]).updated(with: now)
    #expect(kept.systems.map(\.id) == ["other", "toy"])
    #expect(try JSONDecoder().decode(Reproduction.self, from: Data(kept.json.utf8)) == kept)
  }
}
