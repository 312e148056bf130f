import Foundation
import Support
import Testing

@testable import Command

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
