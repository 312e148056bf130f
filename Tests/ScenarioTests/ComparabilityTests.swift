import Testing
import Units

@testable import Scenario

/// Warnings of figures that are right each and yet say little beside each other.
@Suite struct ComparabilityTests {
  /// What is doubtful about a comparison of pools, one for each variant.
  private func doubts(_ pools: [String]) throws -> [Diagnostic] {
    try withFolder { folder in
      let variants = pools.enumerated().map { "  v\($0): {cluster: {pools: {all: {\($1)}}}}\n" }.joined()
      try write(
        """
        model: llama-2-7b
        workload: {generator: poisson, rate: 1 /s, requests: 5, lengths: {prompt: 9 tokens, output: 9 tokens}}
        variants:
        \(variants)
        """, to: "\(folder)/s.yaml")
      let read = try Scenario.read(
        path: "\(folder)/s.yaml", catalogue: Catalogue(root: repository + "/scenarios", dataRoots: []))
      return ResolvedScenario.comparisonDoubts(try read.variants.map { try read.resolve(variant: $0) })
    }
  }

  @Test("Devices whose times are of different engines are told, once")
  func engines() throws {
    let told = try doubts(["device: h100-sxm, price: $1/h", "device: l40s", "device: a100-sxm", "device: l4"])
    #expect(told.map(\.what) == ["h100-sxm and l40s have the times of different engines"])
    #expect(told.first?.why.contains("vLLM of late 2023") == true && told.first?.place?.line == 4)
    #expect(try doubts(["device: h100-sxm", "device: a100-sxm", "device: h100-sxm-capped"]).isEmpty)
    #expect(try doubts(["device: h100-sxm-graphs", "device: l40s", "device: a100-sxm-graphs"]).isEmpty)
  }

  @Test("A pool with a host of its own has the times of the scenario's engine")
  func hosts() throws {
    let host = "host: {per-step: 1 ms, decode-dispatch: 0 s}"
    #expect(try doubts(["device: h100-sxm, \(host)", "device: l40s"]).isEmpty)
    #expect(try doubts(["device: a100-sxm", "device: a100-sxm, \(host)"]).isEmpty)
  }

  @Test("A device beside a priced one that nobody lets is told; a host's processor is not")
  func devicesWithoutPrice() throws {
    func told(_ pool: String) throws -> [String] {
      try scenario([
        "s.yaml": """
        model: llama-2-7b
        cluster: {pools: {all: {\(pool)}}}
        workload: {generator: poisson, rate: 1 /s, requests: 5, lengths: {prompt: 9 tokens, output: 9 tokens}}
        """
      ]).resolve().warnings.map(\.what)
    }
    let offload = "place: {attention-offload: {attention: {device: h20, count: 1}, link: roce-400gbe}}"
    #expect(try told("device: h100-sxm, \(offload)") == ["the cost leaves out NVIDIA H20 96GB SXM of pool 'all'"])
    #expect(try told("device: h100-sxm, price: $6/h, \(offload)") == [])
    #expect(try told("device: h800, \(offload)") == [])
    let processor = "place: {hybrid-attention: {processor: xeon-gold-5220r, kv-capacity: 48 GB}}"
    #expect(try told("device: a10, \(processor)") == [])
  }

  @Test("Prices that were asked a year apart are told, unless the scenario gives them")
  func prices() throws {
    let told = try doubts(["device: h200-sxm", "device: h100-sxm-graphs"])
    #expect(told.map(\.what) == ["h100-sxm-graphs and h200-sxm have prices of different years"])
    #expect(told.first?.why == "h100-sxm-graphs is let at its price of 2023-11, h200-sxm at that of 2025-06")
    #expect(try doubts(["device: h200-sxm, price: $4/h", "device: h100-sxm-graphs"]).isEmpty)
    #expect(try doubts(["device: h100-sxm", "device: a100-sxm"]).isEmpty)
  }
}
