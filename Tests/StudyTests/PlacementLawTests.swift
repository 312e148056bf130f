import Cluster
import Foundation
import Scenario
import Testing
import Units

@testable import Study

/// What holds of every placement policy, on the study that has a variant for each.
@Suite("Laws of placement policies")
struct PlacementLawTests {
  static let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "scenarios/studies/placements-generated.yaml").path

  /// The study on few requests, with other settings changed.
  static func experiments(_ changes: [(path: String, value: String)] = []) throws -> [Experiment] {
    try ScenarioReader(changes: [("workload.requests", "12")] + changes).read(path).experiments()
  }

  @Test("Every policy has a variant")
  func complete() throws {
    let text = try String(contentsOfFile: Self.path.replacing("-generated", with: ""), encoding: .utf8)
    let absent = PolicyCatalogue.standard.places.keys.sorted().filter { !text.contains($0) }
    #expect(absent == [])
  }

  @Test("Requests and tokens are conserved, nothing is over capacity, no stream is busier than the run is long")
  func conservation() throws {
    for experiment in try Self.experiments() {
      let run = try experiment.run()
      let summary = run.summary
      #expect(summary.completed + summary.rejected == 12, "\(experiment.name)")
      #expect(summary.completed > 0, "\(experiment.name)")
      for pool in summary.pools {
        guard let placement = pool.placement else { continue }
        #expect(!placement.streams.isEmpty && placement.tasks > 0, "\(experiment.name)")
        #expect(pool.peakOccupancy <= 1, "\(experiment.name)")
        for holding in placement.holdings {
          #expect(holding.bytes <= holding.capacity * 1.000_001, "\(experiment.name): \(holding)")
        }
        // What is fetched ahead may end after the last request: one step's worth.
        let limit = summary.duration.value * Double(pool.replicas) * 1.05 + 1
        for stream in placement.streams {
          #expect(stream.busy.seconds <= limit, "\(experiment.name): \(stream.name)")
        }
        for figure in placement.figures where figure.unit == "share" {
          if let value = figure.value { #expect((0...1.000_001).contains(value), "\(experiment.name): \(figure)") }
        }
      }
    }
  }

  @Test("The same scenario and seed give the same run")
  func determinism() throws {
    let runs = try (0..<2).map { _ in
      try Self.experiments().map { try $0.run().record(summary: "").header.fingerprints }
    }
    #expect(runs[0] == runs[1])
  }

  @Test("Energy is the integral of the streams' power, between idle and all busy")
  func energy() throws {
    for experiment in try Self.experiments() {
      let run = try experiment.run()
      for (pool, description) in zip(run.summary.pools, experiment.scenario.cluster.pools) {
        let power = description.engine.power
        let time = run.summary.duration.value * Double(pool.replicas)
        #expect(pool.energy.value >= power.idle.value * time * 0.999, "\(experiment.name)")
        #expect(pool.energy.value <= power.decode.value * time * 1.06 + 1, "\(experiment.name)")
      }
    }
  }
}
