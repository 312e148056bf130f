import Cluster
import Foundation
import Scenario
import Support
import Testing

@testable import Study

/// What the policy `hybrid-experts` keeps of DeepSeek-V2-Lite on a device: 16 of each layer's 64 experts.
@Suite("Experts on a device and the processor beside it")
struct HybridExpertsTests {
  /// What the policy counted over two requests, one after the other.
  private func figures(
    _ settings: String, ahead: String = "prefetch: 0", prompt: Int, output: Int = 33
  ) throws -> [String: Double] {
    let placement = try placement(settings, ahead: ahead, prompt: prompt, output: output)
    return Dictionary(placement.figures.map { ($0.name, $0.value ?? .nan) }) { first, _ in first }
  }

  private func placement(
    _ settings: String, ahead: String = "prefetch: 0", prompt: Int, output: Int
  ) throws -> PlacementSummary {
    let folder = try SmallScenario()
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
            place: {hybrid-experts: {cpu: xeon-gold-6338, link: pcie3, \(ahead), \(settings)}}
      workload:
        generator: {closed-loop: {users: 1, think: 0 s}}
        requests: 2
        lengths: {prompt: \(prompt) tokens, output: \(output) tokens}

      """)
    let path = folder.folder.appendingPathComponent("hybrid.yaml").path
    let run = try ScenarioReader().read(path).experiment(variant: nil).run()
    return try #require(run.summary.pools[0].placement)
  }

  @Test("Whole layers on the device leave the processor every expert of the others")
  func wholeLayers() throws {
    // Of 26 mixture layers half are 13: with one token a step the processor has 6 experts of each, 0.5 of all.
    let settings = "scheduling: fixed, updates: false, cache: 50 %"
    let whole = try figures(settings + ", spread: whole-layers", prompt: 1)
    #expect(whole["experts-beside"] == 0.5 && whole["expert-hit-rate"] == 0.5)
    // The hottest experts of every layer are asked for more often than others.
    #expect(try #require(try figures(settings, prompt: 1)["experts-beside"]) < 0.45)
    // The first ones are as any.
    let first = try #require(try figures(settings + ", fill: first", prompt: 1)["experts-beside"])
    #expect(abs(first - 0.5) < 0.05, "\(first)")
  }

  @Test("Activations go to the processor once for all of its layers, and those of sampled tokens come back to the head")
  func wholeLayersBeside() throws {
    // Two requests with 5 prompt tokens and 3 out: 2 x (5 + 2) tokens go, 2 x 3 come back, 2048 numbers of 2 B each.
    let streams = try placement("scheduling: layers, cache: 50 %", prompt: 5, output: 3).streams
    func bytes(_ name: String) throws -> Int64 { try #require(streams.first { $0.name == name }).bytes }
    #expect(try bytes("send") == 14 * 2048 * 2)
    #expect(try bytes("result") == 6 * 2048 * 2)
  }

  @Test("A processor that multiplies in int8 computes more of a prompt")
  func products() throws {
    let wide = try #require(try figures("cache: 25 %", prompt: 512, output: 1)["experts-beside"])
    let narrow = try #require(try figures("cache: 25 %, cpu-products: int8", prompt: 512, output: 1)["experts-beside"])
    #expect(narrow > wide)
  }

  @Test("Recent scores say what is fetched for the next layer, but not of a prompt")
  func scores() throws {
    let settings = "scheduling: fixed, updates: false, cache: 25 %"
    func run(_ count: Int, output: Int) throws -> [String: Double] {
      try figures(settings, ahead: "ahead: scores, prefetch-experts: \(count)", prompt: 8, output: output)
    }
    #expect(try run(0, output: 33)["prefetches"] == 0)
    #expect(try run(6, output: 1)["prefetches"] == 0)
    // The cache follows what is asked for, where nothing else brings experts in.
    let (none, six) = (try run(0, output: 33), try run(6, output: 33))
    #expect((six["prefetches"] ?? 0) > 0)
    #expect((six["expert-hit-rate"] ?? .nan) > (none["expert-hit-rate"] ?? .nan))
  }

  @Test("Belady bounds the evictions of a served cache, the closer the further it looks ahead")
  func belady() throws {
    func hits(_ evict: String) throws -> Double {
      try #require(try figures("scheduling: gpu, evict: \(evict)", prompt: 8)["expert-hit-rate"])
    }
    // Told the step alone it knows nothing of what comes, and goes by recency.
    let (recent, step, far) = (try hits("lru"), try hits("belady"), try hits("belady, lookahead: 32"))
    #expect(abs(step - recent) < 0.02, "\(step) and \(recent)")
    #expect(try hits("belady, lookahead: 4") > step + 0.05)
    #expect(far >= (try hits("belady, lookahead: 4")))
    for other in ["mrs", "lfu", "arc", "fifo"] { #expect(try hits(other) < far, "\(other)") }
  }
}
