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

  @Test("Lengths that are not stated are assumed where the scenario says so, and layers split over devices are stages")
  func assumed() throws {
    let root = try root(
      """
      s,d,4.0,llama.cpp layer split x4,m,f,1,1024,1,decode_tok_s,20,,
      s,d,1.0,GPU,m,f,,,1,decode_tok_s,30,,

      """)
    defer { try? FileManager.default.removeItem(atPath: root) }
    let path = root + "/measured/e2e.csv"
    #expect(try ServerRuns(path).unstated == 1)
    let runs = try ServerRuns(path, promptTokens: 32, outputTokens: 256).runs
    #expect(runs.map(\.promptTokens) == [1, 32] && runs.map(\.outputTokens) == [1024, 256])
    #expect(runs.map(\.pipelineParallel) == [4, nil])
  }

  @Test("What rows say of the server is set for the runs that say it")
  func stated() {
    var run = ServerRun(line: 2, source: "", users: 1, promptTokens: 1, outputTokens: 8)
    run.columns = ["dtype": "Q4_K_M", "model": "Llama-3-8B"]
    var load = BenchmarkLoad()
    func set(_ rows: [String: [String]], _ path: String) {
      load.settings.append(.init(rows: rows, values: [.init(path: path, text: "x")]))
    }
    set(["dtype": ["F16", "Q4*"]], "first")
    set(["dtype": ["F16"]], "second")
    set(["dtype": ["Q4*"], "model": ["Llama-3-70B"]], "third")
    let changes = RunComparison.changes(run, load, pools: [], isChunked: false)
    #expect(changes.dropFirst(3).map(\.path) == ["first"])
  }

  @Test("A target that is missed must say what bounds it, and one that is met must not")
  func verdicts() {
    let run = ServerRun(line: 2, source: "", users: 1, promptTokens: 1, outputTokens: 8)
    func comparison(_ predicted: Double, bounded: Bool) -> RunComparison {
      var load = BenchmarkLoad()
      load.targets = ["tpot": 0.1]
      if bounded { load.bounds = ["tpot": "the spread of repetitions"] }
      return RunComparison(
        name: "a", record: ("", ""),
        pairs: [RunComparison.Pair(run: run, figure: .tpot, measured: 1, predicted: predicted)], unserved: [],
        unstated: 0, load: load)
    }
    let row = comparison(1.2, bounded: true).rows[0]
    #expect(comparison(1.2, bounded: true).verdict(row) == ["10.0 %", "missed: the spread of repetitions"])
    #expect(comparison(1.2, bounded: true).unmet == [])
    #expect(comparison(1.2, bounded: false).unmet.contains { $0.contains("nothing says what bounds it") })
    #expect(comparison(1.05, bounded: false).unmet == [])
    #expect(comparison(1.05, bounded: true).unmet.contains { $0.contains("nothing bounds it") })
  }

  @Test("A row that several scenarios compare counts once")
  func rows() {
    func pair(_ line: Int, _ figure: ServerRun.Figure, _ source: String) -> RunComparison.Pair {
      let run = ServerRun(line: line, source: source, users: 1, promptTokens: 1, outputTokens: 8)
      return RunComparison.Pair(run: run, figure: figure, measured: 1, predicted: 1)
    }
    let once = [pair(2, .tpot, "a"), pair(2, .ttft, "a"), pair(4, .tpot, "b")]
    #expect(RunComparison.rowsBySource(once) == ["a": 2, "b": 1])
    #expect(RunComparison.rowsBySource(once + [pair(4, .tpot, "b"), pair(2, .ttft, "a")]) == ["a": 2, "b": 1])
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
      line: 2, source: "", users: 16, promptTokens: 1000, outputTokens: 1, tensorParallel: 2)
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

  /// Rows of ai-dynamo/aiconfigurator (Apache-2.0), systems/silicon_sample.csv: Qwen3-32B in fp8 under TensorRT-LLM.
  private static let overlapped = """
    aiconfigurator silicon_sample,h100_sxm,1,agg tp1,Qwen/Qwen3-32B,fp8,2048,512,8,ttft_ms,501.8,trtllm 1.0.0rc3; bs=8,a
    aiconfigurator silicon_sample,h100_sxm,1,agg tp1,Qwen/Qwen3-32B,fp8,2048,512,8,tpot_ms,17.43,trtllm 1.0.0rc3; bs=8,a
    aiconfigurator silicon_sample,h100_sxm,2,agg tp2,Qwen/Qwen3-32B,fp8,4096,128,32,ttft_ms,905.9,trtllm 1.0.0rc3; bs=32,b
    aiconfigurator silicon_sample,h100_sxm,2,agg tp2,Qwen/Qwen3-32B,fp8,4096,128,32,tpot_ms,54.88,trtllm 1.0.0rc3; bs=32,b

    """

  @Test("Cited runs of TensorRT-LLM need steps that are composed ahead")
  func overlappedRuns() throws {
    try hold(Self.overlapped, "runs-qwen3-32b-trtllm", unless: ("cluster.pools.all.scheduling", "between"))
  }

  /// Rates of XiongjieDai/GPU-Benchmarks-on-LLM-Inference@aa72e0e.
  private static let unfused = """
    llama.cpp (XiongjieDai/GPU-Benchmarks),3090 24GB,1,x1,Llama-3-8B,F16,1,1024,1,decode_tok_s,46.51,,
    llama.cpp (XiongjieDai/GPU-Benchmarks),3080 10GB,1,x1,Llama-3-8B,Q4_K_M,1,1024,1,decode_tok_s,106.4,,
    llama.cpp (XiongjieDai/GPU-Benchmarks),RTX A6000 48GB,1,x1,Llama-3-70B,Q4_K_M,1,1024,1,decode_tok_s,14.58,,
    llama.cpp (XiongjieDai/GPU-Benchmarks),A40 48GB,1,x1,Llama-3-8B,F16,1,1024,1,decode_tok_s,33.95,,
    llama.cpp (XiongjieDai/GPU-Benchmarks),A100 PCIe 80GB,1,x1,Llama-3-8B,Q4_K_M,1,1024,1,decode_tok_s,138.31,,
    llama.cpp (XiongjieDai/GPU-Benchmarks),A100 PCIe 80GB,4,llama.cpp layer split x4,Llama-3-70B,F16,1,1024,1,decode_tok_s,7.38,,
    llama.cpp (XiongjieDai/GPU-Benchmarks),A100 SXM 80GB,1,x1,Llama-3-70B,Q4_K_M,1,1024,1,decode_tok_s,24.33,,
    llama.cpp (XiongjieDai/GPU-Benchmarks),H100 PCIe 80GB,1,x1,Llama-3-8B,F16,1,1024,1,decode_tok_s,67.79,,
    llama.cpp (XiongjieDai/GPU-Benchmarks),4080 16GB,1,x1,Llama-3-8B,F16,1,1024,1,decode_tok_s,40.29,,
    llama.cpp (XiongjieDai/GPU-Benchmarks),4090 24GB,1,x1,Llama-3-8B,Q4_K_M,1,1024,1,decode_tok_s,127.74,,
    llama.cpp (XiongjieDai/GPU-Benchmarks),RTX 4000 Ada 20GB,1,x1,Llama-3-8B,F16,1,1024,1,decode_tok_s,20.85,,
    llama.cpp (XiongjieDai/GPU-Benchmarks),RTX 5000 Ada 32GB,4,llama.cpp layer split x4,Llama-3-8B,F16,1,1024,1,decode_tok_s,31.94,,
    llama.cpp (XiongjieDai/GPU-Benchmarks),RTX 6000 Ada 48GB,1,x1,Llama-3-70B,Q4_K_M,1,1024,1,decode_tok_s,18.36,,
    llama.cpp (XiongjieDai/GPU-Benchmarks),L40S 48GB,1,x1,Llama-3-8B,Q4_K_M,1,1024,1,decode_tok_s,113.6,,

    """

  @Test("Cited rates of llama.cpp need the bytes that a multiprocessor asks for at a time")
  func unfusedRates() throws {
    try hold(Self.unfused, "runs-llama-cpp", unless: ("cluster.pools.all.device.efficiency.memory.value", "0.862"))
    // Without the time of two or three kernels an operator every token comes too early.
    try hold(Self.unfused, "runs-llama-cpp", unless: ("cluster.pools.all.device.execution.launch.value", "1 us"))
  }

  /// A scenario keeps its bounds on cited rows, and exceeds them with another setting.
  private func hold(_ rows: String, _ name: String, unless change: (String, String)) throws {
    let root = try root(rows)
    defer { try? FileManager.default.removeItem(atPath: root) }
    let path = "\(ServerReplayTests.folder)/\(name).yaml"
    let comparisons = try RunComparison.of(try ScenarioReader(dataRoots: [root]).read(path))
    #expect(comparisons.flatMap(\.pairs).count == rows.split(separator: "\n").count)
    #expect(comparisons.flatMap(\.unmet) == [])
    let changed = try ScenarioReader(dataRoots: [root], changes: [change]).read(path)
    #expect(try RunComparison.of(changed).flatMap(\.unmet).contains { $0.contains("more than") })
  }
}
