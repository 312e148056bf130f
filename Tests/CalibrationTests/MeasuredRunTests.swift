@testable import Calibration
import Testing

@Suite struct MeasuredRunTests {
  static let header =
    "source,device,count,parallelism,model,dtype,input_len,output_len,concurrency,metric,value,note,row_id"

  func read(_ rows: String...) throws -> [MeasuredRun] {
    try MeasuredRun.read(csv: ([Self.header] + rows).joined(separator: "\n") + "\n", source: "splitwise-sim")
  }

  @Test func threeRowsAreARun() throws {
    let runs = try read(
      "splitwise-sim x,a100-80gb,8.0,tp8,bloom-176b,fp16,512,128,1,ttft_ms,173.81,batch size,",
      "other,a100-80gb,nonsense",
      "splitwise-sim x,a100-80gb,8.0,tp8,bloom-176b,fp16,512,128,1,tpot_ms,48.7642,\"batch, \"\"size\"\"\",",
      "splitwise-sim x,a100-80gb,8.0,tp8,bloom-176b,fp16,512,128,1,e2e_ms,6369.8955,batch size,",
      "splitwise-sim x,a100-80gb,8.0,tp8,bloom-176b,fp16,512,128,2,ttft_ms,1,alone,")
    let run = try #require(runs.first)
    #expect(runs.count == 1)
    #expect(run.key.tensorParallel == 8)
    #expect(run.timeToFirstToken == 173.81 * 1e-3)
    #expect(run.generated == 128)
    #expect(run.ranTogether)
  }

  @Test func earlyEndsAndQueuesShow() {
    let key = MeasuredRun.Key(device: "d", model: "m", tensorParallel: 1, prompt: 512, batch: 1, output: 1000)
    // 10 s at 50 ms a token are 200 tokens and the first, not 1000.
    let early = MeasuredRun(key: key, timeToFirstToken: 0.1, timePerOutputToken: 0.05, endToEnd: 10.1)
    #expect(early.generated == 201)
    #expect(early.ranTogether)
    let queued = MeasuredRun(key: key, timeToFirstToken: 0.1, timePerOutputToken: 0.05, endToEnd: 100)
    #expect(!queued.ranTogether)
  }

  @Test func faultsNameTheirLine() {
    #expect(throws: MeasuredRun.ReadError(line: 1, why: "there is no column 'source'")) {
      try MeasuredRun.read(csv: "a,b\n", source: "x")
    }
    #expect(throws: MeasuredRun.ReadError(line: 2, why: "has 2 fields, the header 13")) { try read("splitwise-sim,1") }
    #expect(throws: MeasuredRun.ReadError(line: 2, why: "parallelism is 'pp8', not a count")) {
      try read("splitwise-sim,d,8,pp8,m,fp16,512,128,1,ttft_ms,1,,")
    }
    #expect(throws: MeasuredRun.ReadError(line: 2, why: "value is '-1', not a time")) {
      try read("splitwise-sim,d,8,tp8,m,fp16,512,128,1,ttft_ms,-1,,")
    }
  }
}
