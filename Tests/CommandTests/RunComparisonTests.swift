@testable import Calibration
import Foundation
@testable import Scenario
import Study
import Testing

@testable import Command

@Suite("Whole runs of real servers")
struct RunComparisonTests {
  private static let header =
    "source,device,count,parallelism,model,dtype,input_len,output_len,concurrency,metric,value,note,row_id\n"

  /// A data root that holds measured/e2e.csv with these rows.
  private func root(_ rows: String) throws -> String {
    let root = FileManager.default.temporaryDirectory.appending(path: "medley-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: root + "/measured", withIntermediateDirectories: true)
    try (Self.header + rows).write(toFile: root + "/measured/e2e.csv", atomically: true, encoding: .utf8)
    return root
  }

  @Test("Rows of one run are its figures, in base units")
  func figures() throws {
    let root = try root(
      """
      s,d,4.0,agg tp4pp2adp1,m,f,100,10,8,ttft_ms,250,vllm 1; bs=8,a
      s,d,4.0,agg tp4pp2adp1,m,f,100,10,8,tpot_ms,20,vllm 1; bs=8,a
      s,d,4.0,tp4,m,f,100,10,inf(offline),output_tok_s_per_gpu,7,vllm 2,
      s,d,4.0,tp4,m,f,100,10,,tpot_ms,20,vllm 1,
      s,d,4.0,tp4,m,f,100,10,8,peak_power_w,20,vllm 1,
      t,d,4.0,tp4,m,f,100,10,8,tpot_ms,20,vllm 1,

      """)
    defer { try? FileManager.default.removeItem(atPath: root) }
    let path = root + "/measured/e2e.csv"
    let record = try ServerRuns(path, rows: ["source": ["s"], "note": ["vllm 1*", "vllm 2"]])
    #expect(record.runs.map(\.figures) == [[.ttft: 0.25, .tpot: 0.02], [.throughput: 28]])
    #expect(record.runs.map(\.users) == [8, nil])
    #expect(record.runs.map(\.tensorParallel) == [4, 4] && record.runs.map(\.pipelineParallel) == [2, nil])
    #expect(record.unstated == 1)
    #expect(try ServerRuns.sources(path) == ["s": 5, "t": 1])
  }

  @Test("A figure that is none is told with its line and field")
  func fault() throws {
    let root = try root("s,d,1,tp1,m,f,100,10,8,ttft_ms,fast,n,\n")
    defer { try? FileManager.default.removeItem(atPath: root) }
    #expect {
      try ServerRuns(root + "/measured/e2e.csv")
    } throws: {
      "\($0)".contains(":2, field 11:")
    }
  }

  @Test("A load is users who ask again at once, with lengths up to the stated ones")
  func load() {
    let run = ServerRun(
      line: 2, source: "", users: 16, promptTokens: 1000, outputTokens: 1, tensorParallel: 2, pipelineParallel: nil)
    var load = BenchmarkLoad()
    (load.shortest, load.stepMargin) = (0.8, 500)
    let changes = RunComparison.changes(run, load, pools: ["all"], isChunked: true)
    #expect(
      changes.map { "\($0.path)=\($0.value)" } == [
        "workload.generator={closed-loop: {users: 16, think: 1 ms}}", "workload.requests=160",
        "workload.lengths={prompt: {quantiles: {p0: 800 tokens, p100: 1000 tokens}}, output: 1 tokens}",
        "policy.batch.chunked.token-budget=1516", "cluster.pools.all.limits.max-batch-tokens=1516",
        "cluster.pools.all.tensor-parallel=2",
      ])
  }

  /// Rows of ai-dynamo/aiconfigurator (Apache-2.0), systems/silicon_sample.csv: Qwen3-32B on 4 and 8 H100.
  private static let cited = """
    aiconfigurator silicon_sample,h100_sxm,4,agg tp4,Qwen/Qwen3-32B,nan,1024,128,8,tpot_ms,11.7584,vllm 0.12.0; bs=8,a
    aiconfigurator silicon_sample,h100_sxm,4,agg tp4,Qwen/Qwen3-32B,nan,1024,128,8,ttft_ms,126.1004,vllm 0.12.0; bs=8,a
    aiconfigurator silicon_sample,h100_sxm,4,agg tp4,Qwen/Qwen3-32B,nan,1024,512,64,tpot_ms,18.518,vllm 0.12.0; bs=64,b
    aiconfigurator silicon_sample,h100_sxm,4,agg tp4,Qwen/Qwen3-32B,nan,1024,512,64,ttft_ms,266.9201,vllm 0.12.0; bs=64,b
    aiconfigurator silicon_sample,h100_sxm,8,agg tp8,Qwen/Qwen3-32B,nan,1024,128,8,tpot_ms,8.6634,vllm 0.12.0; bs=8,c
    aiconfigurator silicon_sample,h100_sxm,8,agg tp8,Qwen/Qwen3-32B,nan,1024,128,8,ttft_ms,90.7965,vllm 0.12.0; bs=8,c

    """

  @Test("Cited runs of vLLM on H100 are simulated within their bounds, with the record or without")
  func citedRuns() throws {
    let root = try root(Self.cited)
    defer { try? FileManager.default.removeItem(atPath: root) }
    let loaded = try ScenarioReader(dataRoots: [root]).read("\(ServerReplayTests.folder)/runs-qwen3-32b-vllm.yaml")
    let comparisons = try RunComparison.of(loaded)
    #expect(comparisons.map { $0.pairs.count } == [4, 2])
    #expect(comparisons.flatMap(\.unmet) == [])
    // Without the time between steps every token comes too early, and the bound tells it.
    let bare = try ScenarioReader(
      dataRoots: [root],
      changes: [("cluster.pools.all.host.per-step", "0 s"), ("cluster.pools.all.host.per-sequence", "0 s")]
    ).read("\(ServerReplayTests.folder)/runs-qwen3-32b-vllm.yaml")
    #expect(try RunComparison.of(bare).flatMap(\.unmet).contains { $0.contains("TPOT") })
  }
}
