import Cluster
import Models
import Support
import Testing
import Units
import Workload

/// Small clusters whose timelines are worked out by hand; all times in microseconds. A step takes 1000 us and 1 us
/// per token, so that every sum below can be read.
@Suite struct ReferenceTimelineTests {
  @Test func twoRequestsPrefillFirst() throws {
    let result = try serve(
      pools: [pool(try engine())], router: .whole(.roundRobin),
      [request(at: 0, prompt: 10, output: 3), request(at: 500, prompt: 20, output: 2)])
    // 0     prefill of request 0, 1000 + 10
    // 1010  its first token; request 1 came at 500: prefill, 1000 + 20; request 0 stalls
    // 2030  first token of request 1; decode of both, 1000 + 2
    // 3032  request 1 done; decode of request 0, 1000 + 1
    // 4033  request 0 done
    #expect(result.scheduled == [0, 1010])
    #expect(result.firstToken == [1010, 2030])
    #expect(result.done == [4033, 3032])
    #expect(result.gaps == [2022: 1, 1001: 1, 1002: 1])
  }

  @Test func anArrivalAtTheEndOfAStepJoinsTheNext() throws {
    let result = try serve(
      pools: [pool(try engine())], router: .whole(.roundRobin),
      [request(at: 0, prompt: 10, output: 4), request(at: 2011, prompt: 20, output: 1)])
    // 1010  decode; 2011 the step ends, then request 1 arrives, then it is prefilled: 1000 + 20
    // 3031  request 1 done; two more decodes
    #expect(result.scheduled == [0, 2011])
    #expect(result.done == [5033, 3031])
    #expect(result.gaps == [1001: 2, 2021: 1])
    #expect(result.counts.arrivalTies == 1)
  }

  @Test func aStepComposedAheadMissesWhatArrivesDuringTheOneBefore() throws {
    var ahead = try engine()
    ahead.schedulesAhead = true
    let result = try serve(
      pools: [pool(ahead)], router: .whole(.roundRobin),
      [
        request(at: 0, prompt: 10, output: 4), request(at: 500, prompt: 20, output: 1),
        request(at: 9000, prompt: 30, output: 1),
      ])
    // 0     prefill of request 0: 1010; request 1 came at 500, when the next step was composed: one decode, 2011
    // 2011  prefill of request 1: 3031 done; two more decodes: 4032, 5033 done
    // 9000  nothing is under way: request 2 waits for nothing
    #expect(result.scheduled == [0, 2011, 9000])
    #expect(result.done == [5033, 3031, 10030])
    #expect(result.counts.late == 1)
  }

  @Test func whatIsLateNeedNotWaitForAnEmptyStep() throws {
    var ahead = try engine()
    ahead.schedulesAhead = true
    let result = try serve(
      pools: [pool(ahead)], router: .whole(.roundRobin),
      [request(at: 0, prompt: 10, output: 1), request(at: 500, prompt: 20, output: 1)])
    // 1010  request 0 is done and nothing runs: request 1 is prefilled at once
    #expect(result.scheduled == [0, 1010])
  }

  @Test func decodeFirstHoldsPromptsBack() throws {
    let result = try serve(
      pools: [pool(try engine(), .decodeFirst(decodeSteps: 2))], router: .whole(.roundRobin),
      [request(at: 0, prompt: 10, output: 5), request(at: 500, prompt: 20, output: 2)])
    // 1010  two decodes before the next prefill: 2011, 3012
    // 3012  prefill of request 1: 4032; decode of both: 5034, request 1 done; 6035 request 0 done
    #expect(result.scheduled == [0, 3012])
    #expect(result.done == [6035, 5034])
  }

  @Test func aFixedBatchRunsToItsEnd() throws {
    let result = try serve(
      pools: [pool(try engine(maxSequences: 2), .fixed)], router: .whole(.roundRobin),
      [
        request(at: 0, prompt: 10, output: 2), request(at: 0, prompt: 10, output: 3),
        request(at: 0, prompt: 10, output: 1),
      ])
    // 0     prefill of two, 1020; decodes 2022, 3023; then the third, 4033
    #expect(result.scheduled == [0, 0, 3023])
    #expect(result.done == [2022, 3023, 4033])
  }

  @Test func aFullCachePreemptsTheLastToBeComputedAgain() throws {
    let result = try serve(
      pools: [pool(try engine(blockTokens: 4, blocks: 4))], router: .whole(.roundRobin),
      [request(at: 0, prompt: 8, output: 8), request(at: 0, prompt: 7, output: 4)])
    // 0     prefill of both, 15 tokens in 2 + 2 blocks: 1015, no block is free
    // 1015  request 0 (context 8) needs a block: request 1 goes, its 2 blocks become free, one is taken
    // 2016  the head of the queue, 7 + 1 tokens, needs 2 blocks, 1 is free: request 0 decodes on, one block more
    //       at context 12: 3017, 4018, 5019, 6020, 7021, 8022 done
    // 8022  prefill of 8 tokens: 9030 is the second token of request 1; then 10031, 11032
    #expect(result.firstToken == [1015, 1015])
    #expect(result.done == [8022, 11032])
    #expect(result.preemptions == [0, 1])
    #expect(result.gaps == [1001: 9, 8015: 1])
  }

  @Test func aFullCacheSwapsTheLastToHostMemory() throws {
    let result = try serve(
      pools: [
        pool(
          try engine(blockTokens: 4, blocks: 4, preemption: .swap(bandwidth: Bandwidth(1e9), latency: Seconds(5e-6))))
      ], router: .whole(.roundRobin),
      [request(at: 0, prompt: 8, output: 8), request(at: 0, prompt: 7, output: 4)])
    // 1000 B per token at 1e9 B/s: 1 us per token, and 5 us.
    // 1015  request 1 goes out with 7 tokens: 12 us before the step: 2028; then 3029 ... 8034 done
    // 8034  request 1 comes back with 7 tokens, 12 us: 9047; then 10048, 11049
    #expect(result.done == [8034, 11049])
    #expect(result.preemptions == [0, 1])
    #expect(result.gaps == [1013: 1, 1001: 8, 8032: 1])
  }

  @Test func theWatermarkKeepsPromptsOut() throws {
    let result = try serve(
      pools: [pool(try engine(blockTokens: 4, blocks: 4, watermark: 1))], router: .whole(.roundRobin),
      [request(at: 0, prompt: 8, output: 2), request(at: 0, prompt: 5, output: 1)])
    // Request 0 takes 2 of 4 blocks although the cache is empty; request 1 would leave none: it waits for its end.
    // 0     1008; decode 2009 done; 2009 prefill of 5: 3014
    #expect(result.scheduled == [0, 2009])
    #expect(result.done == [2009, 3014])
  }

  @Test func layersLeaveWhileTheNextAreComputed() throws {
    let result = try serve(
      pools: [pool(try engine()), pool(try engine())],
      router: .disaggregated(.roundRobin, prefill: 0, decode: 1), path: path(.layerwise),
      [request(at: 0, prompt: 100, output: 3), request(at: 0, prompt: 50, output: 2)])
    // 0     prefill of 150 tokens until 1150, 4 layers of 287.5
    // Request 0: 100,000 B take 100; begins 287.5; last layer 1150 + 25; lands 1175 + 5 = 1180
    // Request 1: 50,000 B take 50; the ports are free at 387.5; last layer 1150 + 12.5; lands 1167.5
    // 1167.5  decode of request 1 alone: 2168.5 done
    // 2168.5  decode of request 0: 3169.5, 4170.5 done
    #expect(result.firstToken == [1150, 1150])
    #expect(result.done == [4170.5, 2168.5])
    #expect(result.gaps == [1018.5: 1, 2019.5: 1, 1001: 1])
  }

  @Test func aSerializedTransferLeavesAfterThePrompt() throws {
    let result = try serve(
      pools: [pool(try engine()), pool(try engine())],
      router: .disaggregated(.roundRobin, prefill: 0, decode: 1), path: path(.serialized),
      [request(at: 0, prompt: 100, output: 3), request(at: 0, prompt: 50, output: 2)])
    // 1150  both leave, one after the other: 1250 + 5 = 1255, 1300 + 5 = 1305
    // 1255  decode of request 0: 2256; decode of both: 3258 both done
    #expect(result.done == [3258, 3258])
  }

  @Test func aTransferWaitsForRoom() throws {
    let result = try serve(
      pools: [pool(try engine()), pool(try engine(blockTokens: 4, blocks: 4))],
      router: .disaggregated(.roundRobin, prefill: 0, decode: 1), path: path(.serialized),
      [request(at: 0, prompt: 10, output: 3), request(at: 0, prompt: 10, output: 2)])
    // 1020  request 0 takes 3 of 4 blocks over there, 10 + 5: 1035; request 1 waits
    // 1035  decodes 2036, 3037 done; request 1 begins, 3037 + 10 + 5 = 3052; decode 4053 done
    #expect(result.done == [3037, 4053])
    #expect(result.counts.destinationWaits == 1)
  }

  @Test func aRequestOfOneTokenIsNeverMoved() throws {
    let result = try serve(
      pools: [pool(try engine()), pool(try engine())],
      router: .disaggregated(.roundRobin, prefill: 0, decode: 1), path: path(.serialized),
      [request(at: 0, prompt: 10, output: 1)])
    #expect(result.done == [1010])
    #expect(result.counts.transfers == 0)
  }

  @Test func aLongPromptIsCutIntoChunks() throws {
    let result = try serve(
      pools: [pool(try engine(), .chunked(tokenBudget: 8))], router: .whole(.roundRobin),
      [request(at: 0, prompt: 20, output: 2), request(at: 1500, prompt: 3, output: 1)])
    // 0     chunk of 8: 1008; chunk of 8: 2016; chunk of 4 beside the whole of request 1: 1000 + 7
    // 3023  first tokens of both; decode of request 0: 4024
    #expect(result.scheduled == [0, 2016])
    #expect(result.firstToken == [3023, 3023])
    #expect(result.done == [4024, 3023])
    #expect(result.counts.chunkedPrompts == 1)
  }

  @Test func twoStagesWorkOnTwoBatches() throws {
    let result = try serve(
      pools: [pool(try engine(maxBatchTokens: 10, stages: 2))], router: .whole(.roundRobin),
      [request(at: 0, prompt: 10, output: 2), request(at: 0, prompt: 10, output: 2)])
    // stage 0:  0 request 0 1010, 1010 request 1 2020, 2020 decode 0 3021, 3030 decode 1 4031
    // stage 1:  1010 request 0 2020, 2020 request 1 3030, 3030 decode 0 4031, 4031 decode 1 5032
    #expect(result.scheduled == [0, 0])
    #expect(result.firstToken == [2020, 3030])
    #expect(result.done == [4031, 5032])
  }

  @Test func whatCanNeverFitIsRejected() throws {
    let result = try serve(
      pools: [pool(try engine(blockTokens: 4, blocks: 4))], router: .whole(.roundRobin),
      [request(at: 0, prompt: 16, output: 2), request(at: 0, prompt: 16, output: 1)])
    // 16 + 2 - 1 tokens need 5 blocks of 4, 16 + 1 - 1 exactly 4.
    #expect(result.done == [-1e-6, 1016])
    #expect(result.counts.rejected == 1)
  }

  @Test func readySequencesRunWhereThePreemptedOneCannot() throws {
    let result = try serve(
      pools: [pool(try engine()), pool(try engine(blockTokens: 4, blocks: 4, maxSequences: 1))],
      router: .disaggregated(.roundRobin, prefill: 0, decode: 1), path: path(.serialized),
      [request(at: 0, prompt: 8, output: 6), request(at: 0, prompt: 4, output: 2)])
    // 1012  request 0 takes 2 blocks, lands 1012 + 8 + 5 = 1025; request 1 takes 1, lands 1020 + 4 + 5 = 1029
    // 1025  decode of request 0 with a third block: all 4 are in use, and one sequence may run; 2026, 3027, 4028
    // 5029  context 12: request 0 needs a fourth and goes; request 1 is ready and runs in its place: 6030 done
    // 6030  13 tokens of request 0 again: 7043 its last token
    #expect(result.done == [7043, 6030])
    #expect(result.counts.emptiedStarts == 1)
    let crowded = try serve(
      pools: [pool(try engine()), pool(try engine(blockTokens: 4, blocks: 4, maxSequences: 1))],
      router: .disaggregated(.roundRobin, prefill: 0, decode: 1), path: path(.serialized),
      [request(at: 0, prompt: 8, output: 4), request(at: 0, prompt: 8, output: 2)])
    // 1016  both take 2 blocks: land 1029 and 1032 + 5 = 1037
    // 1029  request 0 needs a third block, none is free: it goes, and nothing runs until request 1 has landed
    // 1037  request 1 decodes with the third block: 2038 done
    // 2038  9 tokens of request 0 again: 3047 its second token; 4048, 5049 done
    #expect(crowded.done == [5049, 2038])
    #expect(crowded.preemptions == [1, 0])
  }
}

extension ReferenceTimelineTests {
  /// The stamps of a run in microseconds.
  struct Timeline {
    let scheduled: [Double]
    let firstToken: [Double]
    let done: [Double]
    let preemptions: [Int32]
    let gaps: [Double: Int]
    let counts: ReferenceCounts
  }

  private func request(at microseconds: Int64, prompt: Int32, output: Int32) -> Request {
    Request(
      arrival: Instant.start + .microseconds(microseconds), promptTokens: prompt, outputTokens: output)
  }

  private func engine(
    blockTokens: Int = 16, blocks: Int = 1000, watermark: Int = 0, maxSequences: Int = 64, maxBatchTokens: Int = 1000,
    stages: Int = 1, preemption: Preemption = .recompute
  ) throws -> EngineDescription {
    EngineDescription(
      cost: try .linear(step: 1e-3, token: 1e-6, stages: stages),
      cache: KVCacheDescription(
        blockTokens: blockTokens, blocks: blocks, watermark: watermark, bytesPerToken: 1000),
      maxSequences: maxSequences, maxBatchTokens: maxBatchTokens, preemption: preemption)
  }

  private func pool(_ engine: EngineDescription, _ batch: ReferenceBatch = .prefillFirst) -> ReferenceCluster.Pool {
    ReferenceCluster.Pool(replicas: 1, engine: engine, batch: batch)
  }

  /// 1 us per token of 1000 B, 5 us of latency, 4 layers.
  private func path(_ mode: TransferDescription.Mode) -> TransferDescription {
    TransferDescription(bandwidth: Bandwidth(1e9), latency: Seconds(5e-6), mode: mode, layers: 4)
  }

  private func serve(
    pools: [ReferenceCluster.Pool], router: ReferenceRouter, path: TransferDescription? = nil, _ requests: [Request]
  ) throws -> Timeline {
    let transfers = path.map { [PoolPair(from: 0, to: 1): $0] } ?? [:]
    let result = try ReferenceSimulation.run(
      ReferenceCluster(pools: pools, transfers: transfers), router: router, requests: requests, checked: true)
    func microseconds(_ picoseconds: Int64) -> Double { Double(picoseconds) / 1e6 }
    func stamps(_ instants: [Instant]) -> [Double] { instants.map { microseconds($0.picoseconds) } }
    return Timeline(
      scheduled: stamps(result.outcomes.scheduled), firstToken: stamps(result.outcomes.firstToken),
      done: stamps(result.outcomes.done), preemptions: result.outcomes.preemptions,
      gaps: Dictionary(uniqueKeysWithValues: result.gaps.map { (microseconds($0.key), $0.value) }),
      counts: result.counts)
  }
}
