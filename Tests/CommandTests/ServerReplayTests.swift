import Calibration
import Foundation
import Scenario
import Study
import Testing

@testable import Command

@Suite("Replays of real servers")
struct ServerReplayTests {
  static let scenarios = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "scenarios").path
  static let folder = scenarios + "/studies/servers"
  /// Where the records are; nil in a clone without data beside it.
  static let record: String? = Catalogue.standard(for: folder + "/x.yaml").dataRoots
    .map { "\($0)/measured/e2e_requests.csv" }.first { FileManager.default.fileExists(atPath: $0) }

  /// A server of one request a second, each of which takes as long as its tokens say.
  private func file(_ rows: String) throws -> String {
    let path = FileManager.default.temporaryDirectory.appending(path: "medley-\(UUID().uuidString).csv").path
    try ("device,model,input_len,output_len,arrival_s,first_token_s,last_token_s\n" + rows)
      .write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  @Test("A record is read in order of arrival, of the rows asked for")
  func records() throws {
    let path = try file("a,m,10,3,2.0,2.5,3.5\nb,m,11,3,0,1,2\na,m,12,1,1.0,1.25,1.25\n")
    defer { try? FileManager.default.removeItem(atPath: path) }
    let requests = try ServedRecord.read(path, rows: ["device": ["a"], "model": ["m"]])
    #expect(requests.map(\.promptTokens) == [12, 10])
    #expect(requests.map(\.ttft) == [0.25, 0.5])
    #expect(requests.map(\.e2e) == [0.25, 1.5])
    // One token has no gap; three have two of half a second.
    #expect(requests.map(\.tpot) == [nil, 0.5])
  }

  @Test("A faulty row is told with its line and field")
  func faults() throws {
    for (row, place) in [
      ("a,m,0,3,0,1,2", ":2, field 3:"), ("a,m,1,3,nan,1,2", ":2, field 5:"), ("a,m,1,3,5,1,2", ":2, field 6:"),
      ("a,m,1,3,0,5,2", ":2, field 7:"),
    ] {
      let path = try file(row + "\n")
      defer { try? FileManager.default.removeItem(atPath: path) }
      #expect {
        try ServedRecord.read(path)
      } throws: {
        "\($0)".contains(place)
      }
    }
  }

  @Test("Errors are those of means, of the 99th percentile and of single requests")
  func accuracy() throws {
    func request(_ first: Double, _ last: Double) -> ServedRequest {
      ServedRequest(promptTokens: 1, outputTokens: 11, arrival: 0, firstToken: first, lastToken: last)
    }
    // TTFT 1 and 3 against 2 and 3: means 2 and 2.5, single errors 1 and 0.
    let accuracy = ReplayAccuracy(
      served: [request(1, 11), request(3, 13)], predicted: [request(2, 12), request(3, 23)])
    let ttft = accuracy.rows[0]
    #expect(ttft.mean == (2, 2.5) && ttft.tail == (3, 3) && ttft.error == 0.5)
    // TPOT 1 and 1 against 1 and 2.
    #expect(accuracy.rows[1].mean == (1, 1.5) && accuracy.rows[1].error == 0.5)
  }

  @Test("A scenario without a record is nothing to compare")
  func nothing() {
    let ran = medley("validate", "\(Self.scenarios)/quickstart.yaml")
    #expect(ran.outcome == .fault && ran.err.contains("nothing was compared"))
  }

  /// The targets of a replay with nothing fitted to it are 2 % of each mean, 4 % of each 99th percentile and 5 % of a
  /// request's E2E.
  @Test(
    "vLLM 0.19 on two workstations is simulated as it ran, request by request",
    .enabled(if: record != nil, "measured/e2e_requests.csv is under no data root (MEDLEY_DATA)"),
    arguments: ["rtx-4090-llama-3.1-8b", "rtx-pro-6000-qwen3-32b"])
  func servers(_ name: String) throws {
    let replays = try ServerReplay.of(try ScenarioReader().read("\(Self.folder)/\(name).yaml"))
    let rows = try #require(replays.first).accuracy.rows
    for row in rows {
      #expect(row.requests == 300)
      #expect(abs(row.mean.predicted / row.mean.served - 1) <= 0.02, "\(row.name) mean")
      #expect(abs(row.tail.predicted / row.tail.served - 1) <= 0.04, "\(row.name) p99")
    }
    #expect(rows[2].error <= 0.05)
  }
}
