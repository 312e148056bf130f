import Foundation
import Support
import Testing

@testable import Command

@Suite("Tenants in results")
struct TenantVerbTests {
  private static let text = """
    model: llama-2-7b
    cluster: {pools: {all: {device: h100-sxm, kv-cache: {prefix-cache: lru}}}}
    workload:
      tenants:
        chat:
          priority: 1
          slo: {ttft: 2 s}
          workload:
            generator: poisson
            rate: 2 /s
            requests: 20
            lengths: {prompt: 100 tokens, output: 20 tokens}
            sessions: {turns: 4, think: 1 s}
        batch:
          slo: {ttft: 1 us}
          workload: {generator: {weibull: {cv: 2}}, rate: 2 /s, requests: 10, max-prompt: 600 tokens,
                     lengths: {prompt: 800 tokens, output: 30 tokens}}
    variants:
      priorities: {}
      first-come: {workload: {tenants: {chat: {priority: 0}}}}

    """

  @Test("Each tenant has a line of its own, in text, JSON and CSV, and what was cut is told")
  func results() throws {
    let small = try SmallScenario()
    try small.write("mix.yaml", Self.text)
    let path = small.folder.appendingPathComponent("mix.yaml").path
    let ran = medley("run", path, "--variant", "priorities")
    #expect(ran.outcome == .ok && ran.out.contains("tenant  priority") && ran.out.contains("missed"))
    #expect(ran.err.contains("note: 10 prompts cut to max-prompt"))
    let both = medley("run", path, "--quiet", "--strict")
    #expect(both.outcome == .unmet && both.err.contains("mix/priorities misses its SLO"))
    #expect(both.out.contains("chat: TTFT p99") && both.out.contains("chat: SLO clauses met"))

    let out = small.folder.appendingPathComponent("out").path
    let json = medley("run", path, "--variant", "priorities", "--json", "--csv", out)
    let document = try #require(try JSONSerialization.jsonObject(with: Data(json.out.utf8)) as? [String: Any])
    let run = try #require((document["runs"] as? [[String: Any]])?.first)
    #expect(run["notes"] as? [String] == ["10 prompts cut to max-prompt"])
    let tenants = try #require((run["summary"] as? [String: Any])?["tenants"] as? [[String: Any]])
    #expect(tenants.map { $0["name"] as? String } == ["batch", "chat"])
    #expect(tenants.map { $0["requests"] as? Int } == [10, 20])
    let lines = try String(contentsOfFile: "\(out)/tenants.csv", encoding: .utf8).split(separator: "\n")
    #expect(lines.count == 3 && lines[1].hasPrefix("batch,0,10,10,0,300,") && lines[2].hasPrefix("chat,1,20,20,0,400,"))
  }
}
