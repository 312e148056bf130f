import Cluster
import Foundation
import Ledger
import Scenario
import Support
import Testing

@testable import Study

/// A scenario on devices whose times are round: no launches, no host, all of the peak.
final class RoundScenario {
  private let small: SmallScenario

  init() throws {
    small = try SmallScenario()
    for folder in ["devices", "links", "tiers"] {
      try FileManager.default.createDirectory(
        at: small.folder.appendingPathComponent(folder), withIntermediateDirectories: true)
    }
    func sourced(_ value: String) -> String { "{value: \(value), source: made up}" }
    let execution = ["launch", "host-per-step", "host-per-sequence", "prefill-dispatch", "decode-dispatch"]
      .map { "\($0): \(sourced("0 s"))" }.joined(separator: ", ")
    let efficiency = ["compute", "memory", "attention-compute", "attention-memory", "link"]
      .map { "\($0): \(sourced("1"))" }.joined(separator: ", ")
    try small.write(
      "devices/round.yaml",
      """
      like: v100-sxm2
      name: round
      memory: [{name: hbm, capacity: \(sourced("10 GB")), bandwidth: \(sourced("1 TB/s"))}]
      host-link: slow
      execution: {\(execution)}
      efficiency: {\(efficiency)}
      collective: {latency: \(sourced("0 s"))}

      """)
    try small.write(
      "links/slow.yaml", "name: slow\nbandwidth: \(sourced("1 GB/s"))\nlatency: \(sourced("0 s"))\n")
    try small.write(
      "tiers/fast.yaml",
      """
      name: fast
      kind: memory
      capacity: \(sourced("100 GB"))
      bandwidth: \(sourced("100 GB/s"))
      write-bandwidth: \(sourced("100 GB/s"))
      latency: \(sourced("0 s"))
      request: \(sourced("64 B"))

      """)
    try small.write(
      "tiers/drive.yaml",
      """
      name: drive
      kind: storage
      capacity: \(sourced("100 GB"))
      bandwidth: \(sourced("500 MB/s"))
      write-bandwidth: \(sourced("500 MB/s"))
      latency: \(sourced("0 s"))
      request: \(sourced("512 B"))
      request-rate: \(sourced("1000000000 /s"))
      idle: \(sourced("1 W"))
      peak: \(sourced("1 W"))

      """)
  }

  /// The figures of one sequence on a pool that is placed so.
  func run(_ place: String, settings: String = "", prompt: Int = 2, output: Int = 9, model: String = "opt-125m") throws
    -> (tpot: Double, pool: (String) -> Double)
  {
    try small.write(
      "round.yaml",
      """
      question: is it round?
      model: \(model)
      cluster: {pools: {all: {device: round, place: \(place)\(settings)}}}
      workload: {generator: constant, rate: 1 /s, requests: 1, lengths: {prompt: \(prompt) tokens, output: \(output) tokens}}

      """)
    let loaded = try ScenarioReader().read(small.folder.appendingPathComponent("round.yaml").path)
    let run = try Experiment(loaded.scenario.resolve(), text: "").run()
    let rows = run.summary.rows
    func value(_ scope: String, _ name: String) -> Double {
      rows.first { $0.scope == scope && $0.name == name }?.value ?? .nan
    }
    return (value("cluster", "tpot_mean_s"), { value("pool all", $0) })
  }
}

/// Layers that pass through a device: OPT-125M has 12 of 12 x 768^2 parameters in fp16, 14,155,776 bytes, which cross a link
/// of 1 GB/s in 14.155776 ms and are read in 28.311552 ms at half of that. Computing takes microseconds.
@Suite("Layer streaming") struct StreamingTests {
  private let layer = 0.014155776
  private func near(_ a: Double, _ b: Double, within share: Double = 1e-4) -> Bool { abs(a - b) <= share * b }

  @Test("A step takes its copies where they outlast computing, whatever the ring and the sections")
  func copyBound() throws {
    let scenario = try RoundScenario()
    for settings in ["", ", prefetch: 4", ", section: 3", ", section: 5, prefetch: 1", ", prefetch: 10"] {
      let run = try scenario.run("{layer-streaming: {from: fast\(settings)}}")
      #expect(near(run.tpot, 12 * layer), "\(settings): \(run.tpot)")
    }
    let pinned = try scenario.run("{layer-streaming: {from: fast, pinned: 3}}")
    #expect(near(pinned.tpot, 9 * layer))
  }

  @Test("Where every section has a slot of its own nothing is copied")
  func slots() throws {
    let scenario = try RoundScenario()
    let computing = try scenario.run("resident").tpot
    for settings in [
      "prefetch: 200", "prefetch: 11", "section: 5, prefetch: 2", "pinned: 11", "pinned-weights: 0 B, prefetch: 13",
    ] {
      let run = try scenario.run("{layer-streaming: {from: fast, \(settings)}}")
      #expect(near(run.tpot, computing, within: 1e-6), "\(settings): \(run.tpot)")
      #expect(run.pool("device-weights") == run.pool("weights"))
    }
  }

  @Test("The ring takes its slots of the device's memory")
  func memory() throws {
    let scenario = try RoundScenario()
    // The head is the embedding: 50272 x 768 x 2 bytes. Three slots of two layers, and two that stay.
    let run = try scenario.run("{layer-streaming: {from: fast, section: 2, prefetch: 2, pinned: 2}}")
    let (head, layer) = (77_217_792.0, 14_155_776.0)
    #expect(run.pool("device-weights") == head + 8 * layer)
    #expect(run.pool("weights") == head + 12 * layer)
  }

  @Test("On demand a layer is read, copied and computed one after another; ahead the longest of them hides the others")
  func demand() throws {
    let scenario = try RoundScenario()
    let computing = try scenario.run("resident").tpot
    #expect(
      near(try scenario.run("{layer-streaming: {from: fast, prefetch: 0}}").tpot, 12 * layer + computing, within: 1e-5))
    let slow = try scenario.run("{layer-streaming: {from: drive, prefetch: 0}}").tpot
    #expect(near(slow, 12 * 3 * layer + computing, within: 1e-6), "\(slow)")
    let ahead = try scenario.run("{layer-streaming: {from: drive}}").tpot
    #expect(near(ahead, 12 * 2 * layer, within: 1e-6), "\(ahead)")
  }

  @Test("Two devices copy a half each, and gather the other")
  func gathering() throws {
    let scenario = try RoundScenario()
    let two = try scenario.run("{layer-streaming: {from: fast}}", settings: ", tensor-parallel: 2")
    #expect(near(two.tpot, 6 * layer), "\(two.tpot)")
    // NVLink 2 passes half a layer at 150 GB/s, in 9 steps; the layer ahead of the last has not come when the run ends.
    #expect(near(two.pool("busy-seconds-peers"), 9 * 12 * layer / 2 / 150))
    let parts = try scenario.run("{layer-streaming: {from: fast, gather: false}}", settings: ", tensor-parallel: 2")
    #expect(near(parts.tpot, 6 * layer), "\(parts.tpot)")
  }
}
