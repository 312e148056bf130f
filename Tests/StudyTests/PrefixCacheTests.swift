import Cluster
import Foundation
import Kernel
import Scenario
import Support
import Testing

@testable import Study

/// Prompts as lists of ids of blocks, and what a cache without end finds of them one after another: counted here from
/// the file's own text, by nothing that Medley reads traces with.
private struct Prompts {
  var ids: [[Int]] = []

  /// Blocks looked up.
  var blocks: Int { ids.reduce(0) { $0 + $1.count } }

  /// Blocks found: of each prompt the first ones that an earlier prompt had.
  var found: Int {
    var known: Set<Int> = []
    var found = 0
    for prompt in ids {
      found += prompt.prefix { known.contains($0) }.count
      known.formUnion(prompt)
    }
    return found
  }
}

@Suite("Prefix caches of scenarios")
struct PrefixCacheTests {
  /// What a run of `workload` on pools with these settings did with prefixes.
  private func run(_ pool: String, workload: String, folder: SmallScenario) throws -> PrefixTotals {
    try folder.write(
      "prefixes.yaml",
      """
      model: llama-3.1-8b
      cluster: {pools: {all: {device: h100-sxm, \(pool)}}}
      policy: {batch: {chunked: {token-budget: 8192}}}
      workload: \(workload)

      """)
    let path = folder.folder.appendingPathComponent("prefixes.yaml").path
    let run = try ScenarioReader().read(path).experiment(variant: nil).run()
    #expect(run.summary.rejected == 0)
    return try #require(run.summary.prefixes)
  }

  /// 300 prompts of 1 to 12 blocks of 16 tokens, each the beginning of one of 20 tales and an end of its own, written
  /// to `prompts.csv` one a second.
  private func tales(_ folder: SmallScenario) throws -> Prompts {
    let family = RandomFamily(seed: 7, consumer: .resampling)
    var prompts = Prompts()
    var next = 1000
    var lines = ["arrival_s,prompt_tokens,output_tokens,blocks,block_tokens"]
    for index in 0..<300 {
      var stream = family.stream(UInt64(index))
      let tale = Int(stream.below(20))
      let common = Int(stream.below(9))
      let own = 1 + Int(stream.below(4))
      let ids = (0..<common).map { tale * 10 + $0 } + (0..<own).map { next + $0 }
      next += own
      prompts.ids.append(ids)
      lines.append("\(index),\(ids.count * 16),3,\(ids.map(String.init).joined(separator: " ")),16")
    }
    try folder.write("prompts.csv", lines.joined(separator: "\n") + "\n")
    return prompts
  }

  @Test("One after another in a cache without end finds what the file says can be found; together no more")
  func synthetic() throws {
    let folder = try SmallScenario()
    let prompts = try tales(folder)
    let endless = "limits: {max-sequences: 1}, kv-cache: {prefix-cache: lru, capacity: 1000000 tokens}"
    let serial = try run(endless, workload: "{trace: prompts.csv}", folder: folder)
    #expect(serial.lookedUpBlocks == prompts.blocks && serial.foundBlocks == prompts.found && prompts.found > 300)
    #expect(serial.evictedBlocks == 0 && serial.savedTokens <= serial.foundBlocks * 16)
    // All at once, a step's prompts do not find each other's blocks.
    let together = try run(
      "kv-cache: {prefix-cache: lru, capacity: 1000000 tokens}", workload: "{trace: prompts.csv, rate-scale: 10000}",
      folder: folder)
    #expect(together.lookedUpBlocks == prompts.blocks && together.foundBlocks < serial.foundBlocks)
    // Two replicas know half each.
    let apart = try run(
      "replicas: 2, \(endless)", workload: "{trace: prompts.csv, rate-scale: 10000}", folder: folder)
    #expect(apart.foundBlocks < serial.foundBlocks)
  }

  @Test("A larger cache never finds less where the least recently used block leaves; every policy stays below no end")
  func monotone() throws {
    let folder = try SmallScenario()
    let prompts = try tales(folder)
    var last = 0
    for tokens in [256, 320, 400, 512, 768, 1024, 1536, 2048, 4096, 16384] {
      let kept = try run(
        "limits: {max-sequences: 1}, kv-cache: {prefix-cache: lru, watermark: 0 %, capacity: \(tokens) tokens}",
        workload: "{trace: prompts.csv}", folder: folder)
      #expect(kept.foundBlocks >= last, "\(tokens)")
      last = kept.foundBlocks
    }
    #expect(last == prompts.found)
    for policy in ["fifo", "lfu", "arc", "random", "marker"] {
      let kept = try run(
        "limits: {max-sequences: 1}, kv-cache: {prefix-cache: \(policy), capacity: 768 tokens}",
        workload: "{trace: prompts.csv}", folder: folder)
      #expect(kept.foundBlocks < prompts.found && kept.foundBlocks > 0 && kept.evictedBlocks > 0, "\(policy)")
    }
  }

  /// The recorded conversations under a data root; nil where they are not on this machine.
  private static let mooncake = NamedTrace.all.first { $0.name == "mooncake-conversation" }?
    .path(in: Catalogue.standard(for: ".").dataRoots)

  @Test(
    "Mooncake's conversations find 105,710 of 288,500 blocks one after another, and no more together",
    .enabled(if: mooncake != nil, "mooncake-conversation is under no data root (MEDLEY_DATA)"))
  func recorded() throws {
    struct Line: Decodable { var hash_ids: [Int] }
    let text = try String(contentsOfFile: try #require(Self.mooncake), encoding: .utf8)
    let decoder = JSONDecoder()
    let prompts = Prompts(
      ids: try text.split(separator: "\n").map { try decoder.decode(Line.self, from: Data($0.utf8)).hash_ids })
    #expect(prompts.blocks == 288_500 && prompts.found == 105_710)
    let folder = try SmallScenario()
    // In KV blocks of one token every block of the trace counts, however short the last of a prompt is.
    let serial = try run(
      "limits: {max-sequences: 1}, kv-cache: {block: 1, prefix-cache: lru, capacity: 1000000000 tokens}",
      workload: "{trace: mooncake-conversation}", folder: folder)
    #expect(serial.lookedUpBlocks == prompts.blocks && serial.foundBlocks == prompts.found)
    // Blocks at the end of a prompt are not full, and its last token is computed again.
    #expect(serial.savedTokens < serial.foundBlocks * 512 && serial.savedTokens > serial.foundBlocks * 511)
    let together = try run(
      "replicas: 4, kv-cache: {prefix-cache: lru}", workload: "{trace: mooncake-conversation, first: 600}",
      folder: folder)
    var first = prompts
    first.ids = Array(prompts.ids.prefix(600))
    #expect(together.lookedUpBlocks == first.blocks && together.foundBlocks <= first.found && together.foundBlocks > 0)
  }
}
