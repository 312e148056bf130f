import Foundation
import Ledger
import Support
import Testing

@testable import Command

/// The object that a verb wrote as JSON.
private func object(_ text: String) throws -> [String: Any] {
  try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
}

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

@Suite("compare and list runs")
struct StoredRunTests {
  @Test("Stored runs are listed and compared like fresh ones")
  func stored() throws {
    let small = try SmallScenario()
    let ledger = small.folder.appendingPathComponent("l.sqlite").path
    let ran = medley("run", small.path, "--ledger", ledger)
    #expect(ran.outcome == .ok && ran.out.contains("stored small/even as "))
    let listed = medley("list", "runs", "--ledger", ledger)
    #expect(listed.outcome == .ok && listed.out.split(separator: "\n").count == 3)
    let id = try #require(listed.out.split(separator: "\n").last?.split(separator: " ").first)
    let stored = medley("compare", "@last-1", "@last", "--ledger", ledger, "--json")
    let fresh = medley("compare", small.path, "--json")
    func figures(_ ran: Ran) throws -> [NSDictionary] {
      try #require(try object(ran.out)["runs"] as? [[String: Any]]).map { try #require($0["figures"] as? NSDictionary) }
    }
    #expect(try figures(stored) == figures(fresh))
    let mixed = medley("compare", "\(small.path):uneven", String(id.prefix(8)), "--ledger", ledger)
    #expect(mixed.outcome == .ok && mixed.out.contains("small/uneven") && mixed.out.contains("1.00x"))
    let reopened = try Ledger(path: ledger, create: false)
    let record = try reopened.load(reopened.find("@last"))
    #expect(record.summary.contains("medley-summary/1") && record.provenance.count == 2)
  }

  @Test("What is neither file nor stored run")
  func unknown() throws {
    let small = try SmallScenario()
    let ledger = small.folder.appendingPathComponent("l.sqlite").path
    _ = medley("run", small.path, "--ledger", ledger)
    for subject in ["nosuch.yaml", "a/b", "zzz", "@last-9"] {
      let ran = medley("compare", small.path, subject, "--ledger", ledger)
      #expect(ran.outcome == .fault && ran.out.isEmpty && ran.err.contains(subject) && ran.err.contains("fix: "))
    }
    try small.write("l.sqlite", "not a ledger at all")
    let ran = medley("run", small.path, "--ledger", ledger)
    #expect(ran.outcome == .fault && ran.out.isEmpty && ran.err.contains("is not a ledger"))
  }
}

@Suite("check, explain, capacity, list and baseline")
struct OtherVerbTests {
  @Test("check tells the faults of every file and skips what lacks only a trace where allowed")
  func check() throws {
    let small = try SmallScenario()
    #expect(medley("check", small.path).out == "\(small.path): ok, 2 variants\n")
    let bad = medley("check", small.path, "/no/such.yaml", "/nor/this.yaml")
    #expect(bad.outcome == .fault && bad.out.contains("ok") && bad.err.contains("such") && bad.err.contains("nor"))
    let missing = ["--set", "workload.trace=gone.csv"]
    #expect(medley("check", small.path, missing[0], missing[1]).outcome == .fault)
    let skipped = medley("check", small.path, missing[0], missing[1], "--allow-missing-traces")
    #expect(skipped.outcome == .ok && skipped.out.hasSuffix("skipped, a trace is not here\n"))
  }

  @Test("explain shows settings with their origins, memory and what bounds each operator")
  func explain() throws {
    let small = try SmallScenario()
    let ran = medley("explain", small.path, "--variant", "uneven", "--batch", "8")
    #expect(ran.outcome == .ok && ran.err.isEmpty && ran.out.hasPrefix("small/uneven: is it small?"))
    for part in ["small.yaml:", "default: ", "KV cache", "decode of 8 sequences", "ridge point", "bound by", "FLOP/B"] {
      #expect(ran.out.contains(part), "\(part)")
    }
    #expect(medley("explain", small.path, "--batch", "0").outcome == .usage)
  }

  @Test("explain says of a placed pool what its memories hold, and nothing of steps that it does not take")
  func explainPlaced() throws {
    let small = try SmallScenario()
    let place = "cluster.pools.all.place={attention-offload: {attention: {device: h20, count: 1}, link: roce-400gbe}}"
    let ran = medley("explain", small.path, "--variant", "even", "--set", place)
    #expect(ran.outcome == .ok, "\(ran.err)")
    for part in ["memory of a replica of pool 'all'", "attention", "KV blocks of 16 tokens", "medley timeline shows"] {
      #expect(ran.out.contains(part), "\(part)")
    }
    // Its cost stands beside a memory without end, which is no part of it.
    for part in ["PB/s", "kv-cache.write", "bound by"] { #expect(!ran.out.contains(part), "\(part)") }
    let states = medley(
      "explain", small.path, "--set", "model=mamba-codestral-7b", "--set", "workload.max-prompt=64 tokens")
    #expect(states.out.contains("no token is kept"), "\(states.err)")
  }

  @Test("capacity states rate, border and tolerance; a grid bisected equals the grid in full")
  func capacity() throws {
    let small = try SmallScenario(slo: "{ttft: 1 s, attainment: 90 %}")
    let ran = medley("capacity", small.path, "--variant", "even", "--min", "0.5", "--tolerance", "5%")
    #expect(ran.outcome == .ok && ran.out.contains("requests/s; ") && ran.out.contains("ttft <= 1 s"))
    func best(_ extra: String...) throws -> Double? {
      let arguments = [
        "capacity", small.path, "--variant", "even", "--min", "4", "--max", "96", "--step", "4", "--json",
      ]
      let runs = try object(medley(arguments + extra).out)["runs"] as? [[String: Any]]
      return runs?.first?["best_per_s"] as? Double
    }
    #expect(try best() == best("--every-rate"))
    let none = medley("capacity", small.path, "--set", "slo.ttft=1 us", "--min", "1")
    #expect(none.outcome == .unmet && none.out.contains("no rate passes"))
    for wrong in [["--step", "1"], ["--every-rate"], ["--min", "5", "--max", "2"], ["--tolerance", "2"]] {
      #expect(medley(["capacity", small.path] + wrong).outcome == .usage)
    }
  }

  @Test("list names what scenarios may name")
  func list() {
    #expect(medley("list", "devices").out.contains("h100-sxm"))
    #expect(medley("list", "links").out.contains("pcie4"))
    #expect(medley("list", "models").out.contains("llama-3.1-70b"))
    #expect(medley("list", "policies").out.contains("route: least-loaded"))
    #expect(medley("list", "traces").out.contains("azure-2023-conv"))
  }

  @Test("What nobody lets has no price and no cost, in text, JSON and beside what has one")
  func unpriced() throws {
    let small = try SmallScenario()
    let scenario = try String(contentsOfFile: small.path, encoding: .utf8)
    try small.write("other.yaml", scenario.replacing("a100-sxm", with: "a100-pcie"))
    let other = small.folder.appendingPathComponent("other.yaml").path
    let alone = medley("run", other, "--variant", "even", "--json")
    #expect(alone.out.contains("\"cost_usd_per_mtok_output\": null") && alone.out.contains("\"price_usd_per_h\": null"))
    #expect(!medley("compare", other, "--quiet").out.contains("price"))
    let beside = medley("compare", "\(small.path):even", "\(other):even", "--quiet").out.split(separator: "\n")
    for (row, words) in [("price", 3), ("cost of output", 5)] {
      let line = beside.first { $0.hasPrefix(row) }?.split(separator: " ") ?? []
      #expect(line.count == words + 1 && line.suffix(2) == ["-", "-"] && line[words - 2].hasPrefix("$"), "\(line)")
    }
  }

  @Test("baseline accepts results, finds them again, and names what moved")
  func baseline() throws {
    let small = try SmallScenario()
    let folder = small.folder.appendingPathComponent("b").path
    let empty = medley("baseline", "check", "--folder", folder)
    #expect(empty.outcome == .fault && empty.err.contains("there is nothing to check"))
    let nothing = medley("baseline", "update", "--folder", folder)
    #expect(nothing.outcome == .fault && nothing.err.contains("there is nothing to update"))
    #expect(medley("baseline", "update", small.path, "--folder", folder).outcome == .ok)
    let same = medley("baseline", "check", "--folder", folder)
    #expect(same.outcome == .ok && same.out == "\(small.path): as accepted\n")
    let scenario = try String(contentsOfFile: small.path, encoding: .utf8)
    try small.write("small.yaml", scenario.replacing("replicas: 2", with: "replicas: 2, tensor-parallel: 2"))
    let moved = medley("baseline", "check", "--folder", folder)
    #expect(
      moved.outcome == .unmet && moved.out.contains("even fingerprint metrics: ") && moved.err.contains("unmet: "))
    #expect(medley("baseline", "update", "--folder", folder).outcome == .ok)
    #expect(medley("baseline", "check", "--folder", folder).outcome == .ok)
    try FileManager.default.removeItem(at: small.folder.appendingPathComponent("t.csv"))
    let skipped = medley("baseline", "check", "--folder", folder)
    #expect(skipped.outcome == .ok && skipped.out.hasSuffix("skipped, a trace is not here\n"))
  }
}
