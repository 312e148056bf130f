import Calibration
import Hardware
import Models
import Testing

@Suite struct PublishedTests {
  /// Rows of splitwise-sim@8f99e7d data/perf_model.csv: milliseconds to the first token and per later token of one
  /// prompt on 8 devices. Values of the artifact's documentation and of the published table of medians.
  static let cited: [(device: String, model: String, prompt: Int, first: Double, later: Double)] = [
    ("a100-80gb", "bloom-176b", 512, 173.8, 48.8), ("h100-80gb", "bloom-176b", 512, 75.5, 36.1),
    ("a100-80gb", "bloom-176b", 1024, 287.5, 49.4), ("h100-80gb", "bloom-176b", 2048, 252.0, 36.7),
    ("a100-80gb", "llama2-70b", 1024, 160.9, 44.6), ("h100-80gb", "llama2-70b", 1024, 77.7, 30.0),
    ("h100-80gb", "llama2-70b", 512, 53.9, 30.6), ("h100-80gb", "llama2-70b", 8192, 831.5, 32.6),
  ]

  @Test(arguments: cited) func citedRowsAreMet(
    row: (device: String, model: String, prompt: Int, first: Double, later: Double)
  ) throws {
    let run = MeasuredRun(
      key: MeasuredRun.Key(
        device: row.device, model: row.model, tensorParallel: 8, prompt: row.prompt, batch: 1, output: 128),
      timeToFirstToken: row.first * 1e-3, timePerOutputToken: row.later * 1e-3,
      endToEnd: (row.first + 127 * row.later) * 1e-3)
    let predictor = try Predictor(Bench.device(row.device), models: Bench.models(), for: [run])
    let times = try #require(predictor.times(of: run))
    #expect(abs(times.timeToFirstToken / run.timeToFirstToken - 1) < 0.12)
    #expect(abs(times.timePerOutputToken / run.timePerOutputToken - 1) < 0.08)
  }

  /// Mean errors of the shipped values on the rows they were fitted to; the A100's prompts contradict themselves:
  /// 2048 tokens over 4 devices took 403 ms as one prompt and 571 ms as four.
  static let limits: [(device: String, first: Double, later: Double)] = [
    ("a100-80gb", 0.08, 0.03), ("h100-80gb", 0.04, 0.03), ("h100-80gb-pcap", 0.05, 0.03),
  ]

  @Test(arguments: limits) func shippedDevicesMeetThePublishedRuns(
    limit: (device: String, first: Double, later: Double)
  ) throws {
    guard let text = try Bench.publishedRuns() else {
      print("shared/data/measured/e2e.csv is absent: the published runs of \(limit.device) were not checked")
      return
    }
    let runs = try MeasuredRun.read(csv: text, source: "splitwise-sim")
      .filter { $0.key.device == limit.device && $0.ranTogether }
    let predictor = try Predictor(Bench.device(limit.device), models: Bench.models(), for: runs)
    let table = Accuracy.table(runs.compactMap { run in predictor.times(of: run).map { (run, $0) } })
    print(Accuracy.text(table))
    #expect(runs.count >= 40)
    #expect(try #require(Accuracy.meanError(table, .timeToFirstToken)) < limit.first)
    #expect(try #require(Accuracy.meanError(table, .timePerOutputToken)) < limit.later)
  }
}
