import Cluster
import Foundation
import Scenario
import Support
import Testing

@testable import Study

/// What the policy `hybrid-experts` keeps of DeepSeek-V2-Lite on a device: 16 of each layer's 64 experts.
@Suite("Experts on a device and the processor beside it")
struct HybridExpertsTests {
  @Test("Belady bounds the evictions of a served cache, the closer the further it looks ahead")
  func belady() throws {
    let folder = try SmallScenario()
    func hits(_ evict: String) throws -> Double {
      try folder.write(
        "hybrid.yaml",
        """
        model: deepseek-v2-lite
        cluster:
          pools:
            all:
              device: rtx-a6000
              precision: {weights: int4-g128}
              limits: {max-sequences: 1, max-batch-tokens: 512}
              place: {hybrid-experts: {cpu: xeon-gold-6338, link: pcie3, scheduling: gpu, prefetch: 0, evict: \(evict)}}
        workload:
          generator: {closed-loop: {users: 1, think: 0 s}}
          requests: 2
          lengths: {prompt: 8 tokens, output: 33 tokens}

        """)
      let path = folder.folder.appendingPathComponent("hybrid.yaml").path
      let run = try ScenarioReader().read(path).experiment(variant: nil).run()
      let placement = try #require(run.summary.pools[0].placement)
      return try #require(placement.figures.first { $0.name == "expert-hit-rate" }?.value)
    }
    // Told the step alone it knows nothing of what comes, and goes by recency.
    let (recent, step, far) = (try hits("lru"), try hits("belady"), try hits("belady, lookahead: 32"))
    #expect(abs(step - recent) < 0.02, "\(step) and \(recent)")
    #expect(try hits("belady, lookahead: 4") > step + 0.05)
    #expect(far >= (try hits("belady, lookahead: 4")))
    for other in ["mrs", "lfu", "arc", "fifo"] { #expect(try hits(other) < far, "\(other)") }
  }
}
