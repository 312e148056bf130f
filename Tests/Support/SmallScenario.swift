import Foundation

/// A folder of its own for one test with a scenario of 40 requests in two variants and its trace.
public final class SmallScenario {
  /// The folder.
  public let folder: URL

  /// Writes the scenario `small.yaml` with an SLO.
  public init(slo: String = "{ttft: 2 s, tpot: 200 ms, attainment: 99 %}") throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("study-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let lines = (0..<40).map { "\(Double($0) * 0.5),\(2000 + 50 * $0),\(5 + $0 % 7)" }
    try write("t.csv", "arrived_at,num_prefill_tokens,num_decode_tokens\n" + lines.joined(separator: "\n") + "\n")
    try write(
      "small.yaml",
      """
      question: is it small?
      model: llama-3.1-8b
      cluster: {pools: {all: {device: a100-sxm, replicas: 2}}}
      workload: {trace: t.csv}
      slo: \(slo)
      variants:
        even: {}
        uneven: {policy: {route: power-of-two}}
      claims:
        - {metric: ttft-p99, of: uneven, over: even, published: 1.0, mark: R, within: [0.1, 10], source: nowhere}
        - {metric: max-rate, of: even, published: 3, mark: R, source: nowhere}

      """)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// The scenario's file.
  public var path: String { folder.appendingPathComponent("small.yaml").path }

  /// Writes another file into the folder.
  public func write(_ name: String, _ text: String) throws {
    try text.write(to: folder.appendingPathComponent(name), atomically: true, encoding: .utf8)
  }
}
