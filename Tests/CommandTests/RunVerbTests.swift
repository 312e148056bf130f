import Foundation
import Support
import Testing

@testable import Command

@Suite("run")
struct RunVerbTests {
  @Test("All variants stand side by side, with how fast each was simulated and what became of the claims")
  func text() throws {
    let small = try SmallScenario()
    let kept = medley("run", small.path)
    #expect(kept.outcome == .ok && kept.err.isEmpty)
    #expect(kept.out.contains("even") && kept.out.contains("uneven") && kept.out.contains("ratio"))
    #expect(kept.out.contains("even: 40 requests simulated in "))
    #expect(kept.out.contains("requests/s (simulation alone)"))
    #expect(kept.out.contains("ttft-p99 of uneven over even") && kept.out.contains("reproduced"))
  }

  @Test("One variant has a page of its own")
  func variant() throws {
    let small = try SmallScenario()
    let ran = medley("run", small.path, "--variant", "uneven")
    #expect(ran.outcome == .ok && ran.out.contains("\n\nsmall/uneven: 40 of 40 requests"))
    let wrong = medley("run", small.path, "--variant", "unevn")
    #expect(wrong.outcome == .fault && wrong.out.isEmpty && wrong.err.contains("did you mean 'uneven'?"))
  }

  @Test("JSON holds every run and nothing else is on standard output; but for wall time it is always the same")
  func json() throws {
    let small = try SmallScenario()
    func lines() -> [Substring] {
      let ran = medley("run", small.path, "--json", "--jobs", "2")
      #expect(ran.outcome == .ok && ran.err.isEmpty)
      return ran.out.split(separator: "\n").filter { !$0.contains("wall_s") }
    }
    let text = medley("run", small.path, "--json").out
    let document = try object(text)
    #expect(document["format"] as? String == "medley-run/1")
    let runs = try #require(document["runs"] as? [[String: Any]])
    #expect(runs.map { $0["variant"] as? String } == ["even", "uneven"])
    let figures = (runs[0]["summary"] as? [String: Any])?["figures"] as? [String: Any]
    #expect(figures?["completed"] as? Double == 40)
    #expect(lines() == lines())
  }

  @Test("A file for Perfetto has the replicas of all variants, the same bytes each time, and changes no figure")
  func perfetto() throws {
    let small = try SmallScenario()
    func events(_ options: String...) throws -> (text: String, events: [[String: Any]]) {
      let path = small.folder.appendingPathComponent("run.json").path
      let ran = medley(["run", small.path, "--perfetto", path] + options)
      #expect(ran.outcome == .ok && ran.err.isEmpty)
      let text = try String(contentsOfFile: path, encoding: .utf8)
      return (text, try #require(try object(text)["traceEvents"] as? [[String: Any]]))
    }
    let whole = try events("--jobs", "2")
    let again = try events()
    #expect(whole.text == again.text)
    let names = whole.events.filter { $0["name"] as? String == "process_name" }
      .compactMap { ($0["args"] as? [String: Any])?["name"] as? String }
    #expect(names.contains { $0.hasPrefix("small/even: ") } && names.contains { $0.hasPrefix("small/uneven: ") })
    #expect(whole.events.count { ($0["name"] as? String)?.hasPrefix("request ") ?? false } >= 2 * 2 * 40)
    let part = try events("--from", "1 s", "--until", "2s")
    #expect(!part.events.isEmpty && part.events.count < whole.events.count)
    for wrong in [
      ["--from", "1s"], ["--perfetto", "x", "--from", "2s", "--until", "1s"], ["--perfetto", "x", "--from", "2"],
    ] {
      #expect(medley(["run", small.path] + wrong).outcome == .usage)
    }
    #expect(
      medley("run", small.path, "--json").out.split(separator: "\n").filter { !$0.contains("wall_s") }
        == medley("run", small.path, "--json", "--perfetto", small.folder.appendingPathComponent("x").path).out
        .split(separator: "\n").filter { !$0.contains("wall_s") })
  }

  @Test("A timeline of the served workload explains what was served, and only that part of it")
  func served() throws {
    let small = try SmallScenario()
    let placed = ["--set", "cluster.pools.all.place=resident"]
    func steps(_ options: String...) throws -> Int {
      let ran = medley(["timeline", small.path, "--served", "--json"] + placed + options)
      #expect(ran.outcome == .ok)
      let streams = try #require(try object(ran.out)["streams"] as? [[String: Any]])
      #expect(streams.contains { ($0["critical_s"] as? Double ?? 0) > 0 })
      return (try object(ran.out)["steps_s"] as? [Any])?.count ?? 0
    }
    let run = medley(["run", small.path, "--variant", "even", "--json"] + placed)
    #expect(run.outcome == .ok)
    let (all, part) = (try steps(), try steps("--from", "1s", "--until", "2s"))
    #expect(all > part && part > 0)
    let text = medley(["timeline", small.path, "--served"] + placed).out
    #expect(text.contains(" in the mean, ") && text.contains("on the critical path"))
    #expect(medley(["timeline", small.path, "--from", "1s"] + placed).outcome == .usage)
  }

  @Test("CSV files stand in a folder for each variant")
  func csv() throws {
    let small = try SmallScenario()
    let out = small.folder.appendingPathComponent("out").path
    #expect(medley("run", small.path, "--csv", out).outcome == .ok)
    let files = try FileManager.default.subpathsOfDirectory(atPath: out).filter { $0.hasSuffix(".csv") }.sorted()
    let each = ["occupancy.csv", "pools.csv", "requests.csv", "transfers.csv"]
    #expect(files == (each.map { "even/" + $0 } + ["summary.csv"] + each.map { "uneven/" + $0 }).sorted())
    let requests = try String(contentsOfFile: "\(out)/even/requests.csv", encoding: .utf8)
    #expect(requests.split(separator: "\n").count == 41)
    #expect(CSVFolder.fileName("../a b") == "_._a_b")
    let folders = CSVFolder.folders(of: ["a/b", "a_b", "a_b-2", "summary.csv"])
    #expect(folders == ["a/b": "a_b", "a_b": "a_b-2", "a_b-2": "a_b-2-2", "summary.csv": "summary.csv-2"])
  }

  @Test("Settings and seed change the run")
  func settings() throws {
    let small = try SmallScenario()
    let ran = medley("run", small.path, "--set", "workload.first=7", "--seed", "5", "--json", "--variant", "even")
    let run = try #require((try object(ran.out)["runs"] as? [[String: Any]])?.first)
    #expect(run["seed"] as? String == "5")
    #expect(((run["summary"] as? [String: Any])?["figures"] as? [String: Any])?["completed"] as? Double == 7)
    #expect(medley("run", small.path, "--set", "workload.first").outcome == .usage)
    let wrong = medley("run", small.path, "--set", "workload.frist=7")
    #expect(wrong.outcome == .fault && wrong.err.contains("--set:1:") && wrong.err.contains("did you mean 'first'?"))
  }

  @Test("Settings are those of the variant that is run, whatever others make of them")
  func settingsOfAVariant() throws {
    let small = try SmallScenario()
    try small.write(
      "own.yaml",
      """
      model: llama-3.1-8b
      workload: {trace: t.csv}
      variants:
        one: {cluster: {pools: {a: {device: a100-sxm}}}}
        two: {cluster: {pools: {b: {device: a100-sxm}}}, policy: {route: power-of-two}}

      """)
    let path = small.folder.appendingPathComponent("own.yaml").path
    let one = ["--variant", "one"]
    for verb in [["run", path] + one, ["explain", path] + one, ["compare", "\(path):one"]] {
      let ran = medley(verb + ["--set", "cluster.pools.a.replicas=3"])
      #expect(ran.outcome == .ok, "\(ran.err)")
    }
    let all = medley("run", path, "--set", "cluster.pools.a.replicas=3")
    #expect(all.outcome == .fault && all.err.contains("no pool is named 'a'"))
    #expect(all.err.contains("  why: the pools of variant 'two' are b\n  fix: name one of them, or another variant\n"))
  }

  @Test("Strict ends with 2 where an SLO is missed")
  func strict() throws {
    let small = try SmallScenario(slo: "{ttft: 1 us, attainment: 99 %}")
    #expect(medley("run", small.path).outcome == .ok)
    let ran = medley("run", small.path, "--strict")
    #expect(ran.outcome == .unmet && ran.err.contains("unmet: small/even misses its SLO") && !ran.out.isEmpty)
  }

  @Test("Faults of the scenario point at the line")
  func faults() throws {
    let small = try SmallScenario()
    try small.write("small.yaml", "model: llama-3.1-8b\nclutser: {}\n")
    let ran = medley("run", small.path)
    #expect(ran.outcome == .fault && ran.out.isEmpty && ran.err.contains("small.yaml:2:1: error: "))
    #expect(medley("run", "/no/such/file").outcome == .fault)
  }

  @Test("Progress goes to standard error, and only where it is asked for")
  func progress() throws {
    let small = try SmallScenario()
    #expect(medley("run", small.path, "--quiet").err.isEmpty)
    #expect(medley("run", small.path, "--quiet", "--progress").outcome == .usage)
    #expect(medley("run", small.path, "--jobs", "0").outcome == .usage)
  }
}
