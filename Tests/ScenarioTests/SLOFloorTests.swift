import Testing
import Units

@testable import Scenario

/// Warnings of objectives that no request can meet.
@Suite struct SLOFloorTests {
  /// The warnings of a workload on an A10, whose later tokens of Llama-2-7B take 30 ms at least.
  private func warnings(_ workload: String, slo: String, device: String = "a10") throws -> [Diagnostic] {
    try withFolder { folder in
      try write(
        "model: llama-2-7b\ncluster: {pools: {all: {device: \(device)}}}\nworkload: \(workload)\nslo: \(slo)\n",
        to: "\(folder)/s.yaml")
      let read = try Scenario.read(
        path: "\(folder)/s.yaml", catalogue: Catalogue(root: repository + "/scenarios", dataRoots: []))
      return try read.resolve().warnings.filter { $0.what.hasPrefix("no request can meet") }
    }
  }

  private func drawn(_ prompt: Int, _ output: Int, _ more: String = "") -> String {
    "{generator: poisson, rate: 0.1 /s, requests: 5, lengths: {prompt: \(prompt) tokens, output: \(output) tokens}\(more)}"
  }

  @Test("Prompts and outputs count as they are cut")
  func cuts() throws {
    #expect(try warnings(drawn(3900, 9), slo: "{ttft: 500 ms, e2e: 1 s}").count == 2)
    #expect(try warnings(drawn(3900, 9, ", max-prompt: 99 tokens"), slo: "{ttft: 500 ms, e2e: 1 s}").isEmpty)
    #expect(try warnings(drawn(9, 300), slo: "{e2e: 1 s}").count == 1)
    #expect(try warnings(drawn(9, 300, ", max-output: 9 tokens"), slo: "{e2e: 1 s}").isEmpty)
  }

  @Test("Requests of one token have no later token that could be late")
  func oneToken() throws {
    let slo = "{tpot: 1 ms, itl: 1 ms}"
    #expect(try warnings(drawn(9, 2), slo: slo).count == 2)
    #expect(try warnings(drawn(9, 1), slo: slo).isEmpty)
    #expect(try warnings(drawn(9, 2, ", max-output: 1 tokens"), slo: slo).isEmpty)
  }

  @Test("The shortest requests of all tenants count")
  func tenants() throws {
    let tenants = ", tenants: {own: {share: 100 %}, other: {workload: \(drawn(9, 9))}}"
    #expect(try warnings(drawn(3900, 9), slo: "{ttft: 500 ms}").count == 1)
    #expect(try warnings(drawn(3900, 9, tenants), slo: "{ttft: 500 ms}").isEmpty)
  }

  @Test("Where the host takes most of the time, other devices are no remedy")
  func host() throws {
    let slow = try warnings(drawn(9, 9), slo: "{tpot: 1 ms}")
    #expect(slow.map(\.fix) == ["allow more than 30.31 ms, or use faster devices or more of them"], "\(slow)")
    let dispatched = try warnings(drawn(9, 9), slo: "{tpot: 1 ms}", device: "h100-sxm")
    #expect(
      dispatched.map(\.fix) == ["allow more than 30.1 ms, or set the 'host' of pool 'all' to that of your engine"])
  }
}
