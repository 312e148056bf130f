import Cluster
import Foundation
import Models
import Support
import Testing
import Units
import Workload

/// Where the traces are.
private enum Traces {
  /// The folder of the traces.
  static let folder: String? = {
    let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().path
    let named = (ProcessInfo.processInfo.environment["MEDLEY_DATA"] ?? "").split(separator: ":").map(String.init)
    return (named + [package + "/data", package + "/../shared/data"]).map { $0 + "/traces" }
      .first { FileManager.default.fileExists(atPath: $0 + "/peers/W1_poisson1000.csv") }
  }()
}

/// The fast core and the reference on the workloads by which simulators are compared: W1 and W2, Poisson arrivals at
/// 4/s of 1000 + 200 tokens, and W3, the Azure 2023 conversation trace.
@Suite(.enabled(if: Traces.folder != nil, "the traces are found under MEDLEY_DATA or ../shared/data"))
struct ComparisonTraceTests {
  @Test func w1() throws {
    try compare("peers/W1_poisson1000.csv", pools: [try pool(2)], router: .whole(.leastLoaded))
  }

  @Test(.enabled(if: Comparison.full)) func w2() throws {
    try compare("peers/W2_poisson10000.csv", pools: [try pool(2)], router: .whole(.leastLoaded))
  }

  @Test(.enabled(if: Comparison.full)) func w3() throws {
    let conversation = "azure2023/AzureLLMInferenceTrace_conv.csv"
    try compare(conversation, pools: [try pool(4)], router: .whole(.joinShortestQueue))
    try compare(conversation, pools: [try pool(4, .chunked(tokenBudget: 512))], router: .whole(.powerOfTwo(seed: 1)))
  }

  @Test(.enabled(if: Comparison.full)) func w3PhaseSplit() throws {
    let split = ReferencePhaseSplit(prefill: 0, decode: 1, mixed: nil, overflowTokens: 8192, borrow: true)
    try compare(
      "azure2023/AzureLLMInferenceTrace_conv.csv", pools: [try pool(2), try pool(2)], router: .phaseSplit(split))
  }

  /// Replicas that are about as fast as a dense 70B model on four H100 GPUs, with caches small enough to fill up.
  private func pool(_ replicas: Int, _ batch: ReferenceBatch = .prefillFirst) throws -> ReferenceCluster.Pool {
    ReferenceCluster.Pool(
      replicas: replicas,
      engine: EngineDescription(
        cost: try .linear(step: 13.7e-3, token: 87.3e-6, context: 23.9e-9, pair: 1.3e-9, maxBatch: 256),
        cache: KVCacheDescription(blockTokens: 16, blocks: 4000, watermark: 40, bytesPerToken: 327_680),
        maxSequences: 256, maxBatchTokens: 4096),
      batch: batch)
  }

  private func compare(_ file: String, pools: [ReferenceCluster.Pool], router: ReferenceRouter) throws {
    let folder = try #require(Traces.folder)
    let trace = try Trace(path: folder + "/" + file).startingAtZero
    let path = TransferDescription(
      bandwidth: Bandwidth(25e9), latency: Seconds(5e-6), mode: .layerwise, layers: 80)
    var transfers: [PoolPair: TransferDescription] = [:]
    for from in pools.indices {
      for to in pools.indices { transfers[PoolPair(from: from, to: to)] = path }
    }
    let comparison = Comparison(
      cluster: ReferenceCluster(pools: pools, transfers: transfers), router: router, trace: trace)
    #expect(comparison.difference == nil)
    print(file, comparison.counts.words)
  }
}
