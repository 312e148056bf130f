import Cluster
import Testing
import Units
import Workload
@testable import Report

/// What a writer hands on, as one text.
private func text(_ write: (([UInt8]) -> Void) -> Void) -> String {
  var bytes: [UInt8] = []
  write { bytes += $0 }
  return String(decoding: bytes, as: UTF8.self)
}

@Suite struct FileTests {
  @Test func requestsToThePicosecond() throws {
    let sample = try Sample()
    let trace = Trace(requests: sample.requests)
    let summary = try sample.summary()
    #expect(
      text { RunCSV.writeRequests(trace, summary, sample.result, to: $0) } == """
        request,arrival_s,prompt_tokens,output_tokens,status,queueing_s,ttft_s,tpot_s,e2e_s,preemptions,\
        prefill_replica,decode_replica,tenant
        0,0,90,5,completed,0.02,0.12,0.07,0.4,1,0,1,
        1,0.1,40,1,completed,0.02,0.07,,0.07,0,0,0,
        2,0.2,5000,7,rejected,,,,,0,0,1,

        """)
  }

  @Test func tenantsBesideTheirRequests() throws {
    let sample = try Sample()
    let (trace, summary) = try sample.tenants()
    let lines = text { RunCSV.writeRequests(trace, summary, sample.result, to: $0) }.split(separator: "\n")
    #expect(lines[2].hasSuffix(",chat") && lines[3].hasSuffix(",batch"))
    #expect(
      text { RunCSV.writeTenants(summary, to: $0) } == """
        tenant,priority,requests,completed,rejected,output_tokens,ttft_mean_s,ttft_p50_s,ttft_p90_s,ttft_p99_s,\
        tpot_mean_s,tpot_p50_s,tpot_p90_s,tpot_p99_s,e2e_mean_s,e2e_p50_s,e2e_p90_s,e2e_p99_s,\
        attainment,goodput_per_s,slo_met
        chat,1,2,2,0,6,0.095,0.07,0.12,0.12,0.07,0.07,0.07,0.07,0.235,0.07,0.4,0.4,0.5,2.5,true
        batch,0,1,0,1,0,,,,,,,,,,,,,,,

        """)
    let json = summary.json(name: "x").text
    #expect(json.contains("\"tenants\"") && json.contains("\"chat\""))
  }

  @Test func occupancyByReplica() throws {
    let sample = try Sample()
    #expect(
      text { RunCSV.writeOccupancy(sample.cluster, sample.result, to: $0) } == """
        replica,pool,time_s,blocks,occupancy
        0,prefill,0.02,90,0.9
        0,prefill,0.2,0,0

        """)
  }

  @Test func poolsAndTransfers() throws {
    let summary = try Sample().summary()
    let lines = text { RunCSV.writePools(summary, to: $0) }.split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false)
    }
    #expect(lines.count == 3 && lines.allSatisfy { $0.count == lines[0].count })
    #expect(lines[1].prefix(7) == ["prefill", "1", "0", "2", "0", "0", "65"])
    #expect(lines[2].prefix(11) == ["decode", "1", "0", "0", "4", "1.5", "0", "0", "0.25", "", ""])
    #expect(
      text { RunCSV.writeTransfers(summary, to: $0) } == """
        from,to,count,bytes,mean_bytes_per_s,busy_s,exposed_s
        prefill,decode,1,90000,225000,0.06,0.06

        """)
  }

  @Test func summariesHaveAColumnForEachFigure() throws {
    let summary = try Sample().summary()
    let lines = text { RunCSV.writeSummaries([("a, \"b\"", summary), ("c", summary)], to: $0) }.split(separator: "\n")
    #expect(lines[0].split(separator: ",").map(String.init) == ["run"] + Figure.all.map(\.key))
    #expect(lines[1].hasPrefix("\"a, \"\"b\"\"\",3,2,1,130,6,0.4,1,5,15,340,2.5,"))
    #expect(lines[2].hasPrefix("c,3,2,1,"))
  }

  @Test func longFilesComeInPieces() {
    var csv = CSV(["n"])
    var pieces: [Int] = []
    for index in 0..<300_000 {
      csv.add(index)
      csv.endLine()
      csv.flush(to: { pieces.append($0.count) })
    }
    csv.flush(ifOver: 0, to: { pieces.append($0.count) })
    // "n\n", then 10 lines of 2 bytes, 90 of 3, 900 of 4, 9,000 of 5, 90,000 of 6 and 200,000 of 7.
    #expect(pieces.count == 2 && pieces.reduce(0, +) == 2 + 20 + 270 + 3_600 + 45_000 + 540_000 + 1_400_000)
  }

  @Test func decimalSecondsAreExact() {
    var csv = CSV(["t"])
    for value in [0, 1, -1, 1_500_000_000_000, 123_456_789_012_345_678, Int64.max] { csv.add(picoseconds: value) }
    csv.add(picoseconds: nil)
    csv.endLine()
    #expect(
      text { csv.flush(ifOver: 0, to: $0) }
        == "t\n0,0.000000000001,-0.000000000001,1.5,123456.789012345678,9223372.036854775807,\n")
  }

  @Test func jsonKeepsOrderAndEscapes() {
    let value = JSON.object([
      .init("z", 1), .init("a", .array([.number(0.1), .number(1e21), .number(.nan), .null, .bool(true)])),
      .init("text", "quote \" back \\ line \n bell \u{7} é"), .init("nested", .array([.object([.init("k", [])])])),
      .init("none", .object([])),
    ])
    #expect(
      value.text == """
        {
          "z": 1,
          "a": [0.1, 1e+21, null, null, true],
          "text": "quote \\" back \\\\ line \\n bell \\u0007 é",
          "nested": [
            {
              "k": []
            }
          ],
          "none": {}
        }

        """)
  }

  @Test func summaryAsJSON() throws {
    let text = try Sample().summary().json(name: "split").text
    #expect(
      text.hasPrefix(
        """
        {
          "format": "medley-summary/1",
          "name": "split",
          "figures": {
            "requests": 3,
            "completed": 2,
            "rejected": 1,
            "prompt_tokens": 130,
            "output_tokens": 6,
            "duration_s": 0.4,
        """))
    #expect(text.contains("\n    \"ttft_p99_s\": 0.12,\n") && text.contains("\n      \"mfu\": null,\n"))
    #expect(
      text.hasSuffix(
        """
          "fingerprints": {
            "trajectory": "0000000000000001",
            "decisions": "0000000000000002",
            "metrics": "0000000000000abc"
          }
        }

        """))
  }
}
