import Foundation
import Scenario
import Support
import Testing

@testable import Command

/// The object that a verb wrote as JSON; empty where it wrote none.
private func object(_ ran: Ran) -> [String: Any] {
  (try? JSONSerialization.jsonObject(with: Data(ran.out.utf8)) as? [String: Any]) ?? [:]
}

@Suite("trace describe")
struct TraceDescribeTests {
  /// Two requests a second for 100 s in bursts of two, of tenants by turns, every second with the blocks of the first.
  private static let native =
    "arrival_s,prompt_tokens,output_tokens,tenant,session,think_s,blocks,block_tokens\n"
    + (0..<200).map { index in
      let tenant = index % 2 == 0 ? "chat" : "code"
      return "\(index / 2),\(index % 2 == 0 ? 100 : 300),\(10 + index % 10),\(tenant),,,0 \(index + 1),16\n"
    }.joined()

  @Test("A trace's rates, bursts, lengths, prefixes and tenants, in text and in JSON")
  func native() throws {
    let small = try SmallScenario()
    try small.write("trace.csv", Self.native)
    let path = small.folder.appendingPathComponent("trace.csv").path
    let text = medley("trace", "describe", path)
    #expect(text.outcome == .ok && text.err.isEmpty)
    for line in text.out.split(separator: "\n").dropFirst() {
      #expect(line.count <= 100 && line.last != " ", "\(line)")
    }
    #expect(text.out.contains("200 requests in 99.0 s, 2.01 a second; format native"))
    #expect(text.out.contains("50.3 % of the gaps are 0: arrivals come in steps of 1.00 s"))
    #expect(text.out.contains("199 of 400 blocks of 16 tokens found (49.8 %), by 199 requests"))
    #expect(text.out.contains("chat: 100 requests, 50.0 %") && text.out.contains("rate over time"))
    #expect(!text.out.contains("\u{1b}"), "no escapes where nobody watches")

    let json = object(medley("trace", "describe", path, "--json"))
    #expect(json["format"] as? String == "medley-trace/1" && json["requests"] as? Int == 200)
    let arrivals = try #require(json["arrivals"] as? [String: Any])
    // 199 gaps, 99 of 1 s: mean 99/199; squares 99 - 99^2/199 over 198.
    let mean = 99.0 / 199
    #expect(abs(try #require(arrivals["gap_mean_s"] as? Double) - mean) < 1e-12)
    let variation = ((99 - 99 * mean) / 198).squareRoot() / mean
    #expect(abs(try #require(arrivals["gap_cv"] as? Double) - variation) < 1e-12)
    // Every whole window of a second has two arrivals.
    let windows = try #require(arrivals["windows"] as? [[String: Any]])
    #expect(windows[1]["mean_per_s"] as? Double == 2 && windows[1]["dispersion"] as? Double == 0)
    let prompt = try #require((json["prompt_tokens"] as? [String: Any])?["quantiles"] as? [String: Int])
    #expect(prompt["p0"] == 100 && prompt["p50"] == 100 && prompt["p75"] == 300)
    #expect((json["tenants"] as? [[String: Any]])?.map { $0["requests"] as? Int } == [100, 100])
  }

  @Test("A seed of every format is described")
  func formats() throws {
    let seeds = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Fuzz/Seeds")
    var described = 0
    for folder in try FileManager.default.contentsOfDirectory(atPath: seeds.path) where folder.hasPrefix("trace-") {
      for file in try FileManager.default.contentsOfDirectory(atPath: seeds.appending(path: folder).path)
      where !file.hasPrefix("fault") {
        let ran = medley("trace", "describe", seeds.appending(path: "\(folder)/\(file)").path)
        #expect(ran.outcome == .ok && ran.out.contains("; format \(folder.dropFirst(6))"), "\(folder)/\(file)")
        described += 1
      }
    }
    #expect(described >= 12)
  }

  @Test("What holds no requests is told, and how to go on")
  func without() throws {
    let small = try SmallScenario()
    func describe(_ text: String) throws -> Ran {
      try small.write("trace.csv", text)
      return medley("trace", "describe", small.folder.appendingPathComponent("trace.csv").path)
    }
    let stages = try describe("timestamp,instance_id,stage,phase,step,attempt,max_concurrency\n1,a,b,enter,0,1,1\n")
    #expect(stages.outcome == .fault && stages.err.contains("the stages of agents and no tokens"))
    #expect(try describe("a,b\n1,2\n").err.contains("is no header of a known trace format"))
    #expect(try describe("num_prefill_tokens,num_decode_tokens\n3,4\n").out.contains("1 request without arrivals"))
    #expect(medley("trace", "describe", "no/such/file").err.contains("no/such/file: the trace cannot be opened"))
    #expect(medley("trace", "describe", "azure-2023-cov").err.contains("medley list traces"))
    #expect(medley("trace", "describe", "x.csv", "--format", "nonsense").outcome == .usage)
  }

  @Test("The published traces that are here: Mooncake's conversations find 105,710 of 288,500 blocks")
  func published() throws {
    let ran = medley("trace", "describe", "mooncake-conversation", "--json")
    guard ran.outcome == .ok else {
      #expect(ran.err.contains("the trace 'mooncake-conversation' is not here"))
      return
    }
    let prefixes = try #require(object(ran)["prefixes"] as? [String: Any])
    #expect(prefixes["looked_up"] as? Int == 288_500 && prefixes["found"] as? Int == 105_710)
  }

  private static let rates =
    "client,window_start_s,rate,cv,pattern,param1,param2\n"
    + (0..<12).flatMap { window in
      ["7,\(window * 600),0.5,2,Gamma,0.25,1\n", "3,\(window * 600),0.25,1.5,Weibull,0.7,1\n"]
    }.joined()
  private static let lengths =
    #"{"7": {"0": {"input_tokens": "{10: 0.25, 20: 0.75}", "output_tokens": "{1: 1.0}"}}}"#

  @Test("Rates and lengths of clients are described as what they are, and requests are drawn from them")
  func clients() throws {
    let small = try SmallScenario()
    try small.write("rates.csv", Self.rates)
    try small.write("lengths.json", Self.lengths)
    let (rates, lengths) = (small.folder.path + "/rates.csv", small.folder.path + "/lengths.json")
    let described = medley("trace", "describe", rates)
    #expect(described.outcome == .ok && described.out.contains("rates of 2 clients over 2 h 0 min; format servegen"))
    #expect(described.out.contains("5,400, 0.750 a second") && described.out.contains("busiest sends 66.7 %"))
    #expect(object(medley("trace", "describe", rates, "--json"))["requests"] as? Int == 5400)
    let text = medley("trace", "describe", lengths)
    #expect(text.out.contains("lengths of 1 clients in 1 windows") && text.out.contains("input_tokens           17.5"))
    let fields = try #require(object(medley("trace", "describe", lengths, "--json"))["fields"] as? [String: Any])
    #expect((fields["input_tokens"] as? [String: Any])?["mean"] as? Double == 17.5)

    let drawn = medley("trace", "servegen", rates, lengths, "--to", "3600")
    #expect(drawn.outcome == .ok && drawn.err == "note: 900 requests of clients without lengths are left out\n")
    #expect(drawn.out == medley("trace", "servegen", rates, lengths, "--to", "3600", "--seed", "1").out)
    try small.write("drawn.csv", drawn.out)
    let again = medley("trace", "describe", small.folder.path + "/drawn.csv")
    #expect(again.out.contains("1,800 requests") && again.out.contains("client 7: 1,800 requests"))
    let late = medley("trace", "servegen", rates, lengths, "--from", "7200", "--to", "7800")
    #expect(late.outcome == .fault && late.err.contains("no client whose lengths are known asks there"))
    #expect(medley("trace", "servegen", rates, lengths, "--to", "0").outcome == .usage)
  }

  @Test("Every published file that is here is described, or told to hold no requests")
  func everyFile() throws {
    let roots = Catalogue.standard(for: ".").dataRoots.map { $0 + "/traces" }
    for root in roots {
      let files = FileManager.default.enumerator(atPath: root)
      while let file = files?.nextObject() as? String {
        guard [".csv", ".jsonl", ".gz"].contains(where: file.hasSuffix) else { continue }
        let size = try FileManager.default.attributesOfItem(atPath: "\(root)/\(file)")[.size] as? Int ?? 0
        // The larger ones are of the same kinds and take long in a debug build.
        guard size < 1_200_000 else { continue }
        let small = try SmallScenario()
        var path = "\(root)/\(file)"
        if file.hasSuffix(".gz") {
          path = small.folder.path + "/unpacked"
          let unpack = Process()
          unpack.executableURL = URL(filePath: "/bin/sh")
          unpack.arguments = ["-c", "gunzip -c '\(root)/\(file)' > '\(path)'"]
          try unpack.run()
          unpack.waitUntilExit()
        }
        let ran = medley("trace", "describe", path)
        if file.hasSuffix("stage_timings.csv.gz") {
          #expect(ran.outcome == .fault && ran.err.contains("the stages of agents and no tokens"))
        } else {
          #expect(ran.outcome == .ok && !ran.out.isEmpty && ran.err.isEmpty, "\(file): \(ran.err)")
        }
      }
    }
  }
}
