import Foundation
import Support
import Testing

@testable import Command

@Suite("trace fit")
struct TraceFitTests {
  /// Arrivals in bursts of ten every five seconds.
  private static let bursts =
    "arrival_s,prompt_tokens,output_tokens\n"
    + (0..<400).map { "\(Double($0 / 10 * 5) + Double($0 % 10) * 0.01),\(100 + $0 * 37 % 300),\(10 + $0 * 53 % 70)\n" }
    .joined()

  @Test("The workload goes to standard output and can be run; how near it is, to standard error")
  func text() throws {
    let small = try SmallScenario()
    try small.write("trace.csv", Self.bursts)
    let path = small.folder.appendingPathComponent("trace.csv").path
    let ran = medley("trace", "fit", path)
    #expect(ran.outcome == .ok && ran.out.hasPrefix("# Fitted by medley trace fit to "))
    #expect(ran.out.contains("\nworkload:\n  generator:") && ran.out.contains("\n  requests: 400\n"))
    #expect(ran.err.contains("arrivals: ") && ran.err.contains("dispersion in 1 s") && ran.err.contains("prompt p90"))
    #expect(medley("trace", "fit", path, "--quiet").err.isEmpty)
    try small.write("fitted.yaml", ran.out)
    try small.write(
      "run.yaml", "extends: fitted.yaml\nmodel: llama-2-7b\ncluster: {pools: {all: {device: h100-sxm}}}\n")
    let served = medley("run", small.folder.appendingPathComponent("run.yaml").path, "--quiet")
    #expect(served.outcome == .ok && served.out.contains("400 of 400 requests"), "\(served.err)")
  }

  @Test("As JSON")
  func json() throws {
    let small = try SmallScenario()
    try small.write("trace.csv", Self.bursts)
    let ran = medley("trace", "fit", small.folder.appendingPathComponent("trace.csv").path, "--json")
    let document = try #require(try JSONSerialization.jsonObject(with: Data(ran.out.utf8)) as? [String: Any])
    #expect(document["format"] as? String == "medley-trace-fit/1" && ran.err.isEmpty)
    #expect((document["yaml"] as? String)?.contains("workload:") == true)
    let comparison = try #require(document["comparison"] as? [String: Any])
    #expect((comparison["statistics"] as? [[String: Any]])?.first?["name"] as? String == "rate")
  }

  @Test("What cannot be fitted is told")
  func faults() throws {
    let small = try SmallScenario()
    try small.write("short.csv", "arrival_s,prompt_tokens,output_tokens\n0,1,1\n1,1,1\n")
    let short = medley("trace", "fit", small.folder.appendingPathComponent("short.csv").path)
    #expect(short.outcome == .fault && short.out.isEmpty && short.err.contains("too few requests"))
  }
}
