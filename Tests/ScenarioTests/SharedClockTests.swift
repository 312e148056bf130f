import Cluster
import Foundation
import Support
import Testing
import Units
import Workload

@testable import Scenario

/// Tenants whose traces were recorded by one clock.
@Suite struct SharedClockTests {
  private let header = "arrival_s,prompt_tokens,output_tokens"

  private func requests(_ files: [String: String], _ workload: String) throws -> [[Int64]] {
    let trace = try withFolder { folder in
      for (name, text) in files { try write(text, to: "\(folder)/\(name)") }
      let text = """
        model: llama-3.1-8b
        cluster: {pools: {all: {device: h100-sxm}}}
        workload: {\(workload)}
        """
      try write(text, to: "\(folder)/s.yaml")
      return try Scenario.read(
        path: "\(folder)/s.yaml", catalogue: Catalogue(root: repository + "/scenarios", dataRoots: [])
      ).resolve().trace()
    }
    return zip(trace.requests, trace.tenants).map { request, tenant in
      [request.arrival.picoseconds / 1_000_000_000, Int64(request.promptTokens), Int64(tenant)]
    }
  }

  @Test(
    "Parts of a trace in files of their own make that trace again",
    arguments: [
      "", ", rate-scale: 2", ", window: {from: 4 s, to: 12 s}",
    ])
  func partsMakeTheWhole(_ taken: String) throws {
    let files = [
      "a.csv": "\(header)\n5,10,1\n7,20,1\n20,30,1\n", "b.csv": "\(header)\n3,11,1\n6.5,21,1\n11,31,1\n",
      "all.csv": "\(header),tenant\n3,11,1,b\n5,10,1,a\n6.5,21,1,b\n7,20,1,a\n11,31,1,b\n20,30,1,a\n",
    ]
    let whole = try requests(files, "trace: all.csv, tenants: {a: {}, b: {}}\(taken)")
    func parts(_ clock: String) throws -> [[Int64]] {
      try requests(
        files,
        "\(clock)tenants: {a: {workload: {trace: a.csv\(taken)}}, b: {workload: {trace: b.csv\(taken)}}}")
    }
    #expect(try parts("clock: shared, ") == whole)
    #expect(try parts("") != whole && parts("clock: own, ") == parts(""))
  }

  @Test("Dates say how far apart the traces of two files are")
  func dates() throws {
    let names = "TIMESTAMP,ContextTokens,GeneratedTokens"
    let files = [
      "a.csv": "\(names)\n2023-11-16 18:17:03.5000000,10,1\n2023-11-16 18:17:05.0000000,20,1\n",
      "b.csv": "\(names)\n2023-11-16 18:17:02.7500000,11,1\n",
    ]
    let workload = "clock: shared, tenants: {a: {workload: {trace: a.csv}}, b: {workload: {trace: b.csv}}}"
    #expect(try requests(files, workload) == [[0, 11, 1], [750, 10, 0], [2250, 20, 0]])
  }

  @Test("A date and a count from a start have no clock in common, nor do single traces")
  func faults() throws {
    let files = [
      "a.csv": "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.5,10,1\n", "b.csv": "\(header)\n3,11,1\n",
      "c.csv": "TIMESTAMP,ContextTokens,GeneratedTokens\n2024-11-16 18:17:03.5,10,1\n",
    ]
    func fault(_ tenants: String) -> String? {
      let faults = #expect(throws: Faults.self) { try requests(files, "clock: shared, tenants: {\(tenants)}") }
      return faults?.diagnostics.first?.why
    }
    #expect(
      fault("a: {workload: {trace: a.csv}}, b: {workload: {trace: b.csv}}")
        == "some have dates, others count from a start of their own")
    #expect(
      fault("a: {workload: {trace: a.csv}}, c: {workload: {trace: c.csv}}") == "they lie more than 53 days apart")
    #expect(fault("b: {workload: {trace: b.csv}}") == "a single trace begins at 0")
  }
}
