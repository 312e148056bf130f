import Testing
import Units
@testable import Workload

/// Each published format, with the columns and keys that its owner publishes, and the rules for rows that are no request.
@Suite struct FormatTests {
  static let second: Int64 = 1_000_000_000_000

  @Test func azure2024HasZones() throws {
    let read = try trace(
      "TIMESTAMP,ContextTokens,GeneratedTokens\n2024-05-10 00:00:00.009930+00:00,2162,5\n"
        + "2024-05-10 00:00:00.017335+00:00,2399,6\n")
    #expect(read.requests == [request(0, 2162, 5), request(7_405_000_000, 2399, 6)])
  }

  @Test func burstGPTLeavesOutFailedRequestsAndCountsThem() throws {
    let read = try trace(
      "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n5,ChatGPT,472,18,490,Conversation log\n"
        + "45,ChatGPT,1087,0,1087,Conversation log\n118,GPT-4,417,276,693,API log\n")
    #expect(read.requests == [request(5 * Self.second, 472, 18), request(118 * Self.second, 417, 276)])
    #expect(
      read.tally.leftOut == 1 && read.tally.notes == ["1 rows left out: failed requests (0 request or response tokens)"]
    )
  }

  @Test func mooncakeHashesBecomeDenseBlocks() throws {
    let read = try trace(
      """
      {"timestamp": 0, "input_length": 1100, "output_length": 5, "hash_ids": [0, 1, 2]}
      {"timestamp": 3000, "input_length": 600, "output_length": 5, "hash_ids": [0, 77]}
      {"timestamp": 3000, "input_length": 600, "output_length": 5, "hash_ids": [0, 18446744073709551615]}
      {"timestamp": 3000, "input_length": 600, "output_length": 5, "hash_ids": [0, 77]}
      {"timestamp": 6000, "input_length": 60, "output_length": 5, "hash_ids": []}
      """)
    let blocks = try #require(read.blocks)
    #expect(blocks.unit == 512 && blocks.blockCount == 5)
    #expect(blocks.ids == [0, 1, 2, 0, 3, 0, 4, 0, 3] && blocks.starts == [0, 3, 5, 7, 9, 9])
    // Request 1 and 3 alone: their ids are dense again.
    #expect(blocks.selecting([1, 3]).ids == [0, 1, 0, 1])
    let bad = "{\"timestamp\": 0, \"input_length\": 1, \"output_length\": 5, \"hash_ids\": [0, -1]}"
    #expect(firstFault(bad) == "1:73: '-1' is not a block's id")
    let large = bad.replacing("-1", with: "18446744073709551616")
    #expect(firstFault(large) == "1:92: '18446744073709551616' is not a block's id")
  }

  @Test func vidurLengthsHaveNoArrivals() throws {
    let text = "num_prefill_tokens,num_decode_tokens,num_total_tokens,pd_ratio\n3772,54,3826,69.8\n2015,156,2171,12.9\n"
    #expect(faults(text).map(\.what) == ["the trace has lengths and no arrivals"])
    var reader = TraceReader()
    Array(text.utf8).withUnsafeBytes { reader.consume($0) }
    #expect(try reader.finishLengths().requests == [request(0, 3772, 54), request(0, 2015, 156)])
  }

  @Test func conversationsGrowTurnByTurn() throws {
    // 8 characters are 2 tokens, 9 are 3; \\u00e9 is one character, a pair of surrogates too.
    let text =
      """
      {"id": "a", "conversations": [{"from": "human", "value": "12345678"}, {"from": "gpt", "value": "123456789"}, {"from": "human", "value": "\\u00e9\\ud83d\\ude00x"}, {"from": "gpt", "value": "", "tokens": 7}]}
      {"id": "b", "conversations": [{"from": "gpt", "value": "nobody asked"}]}
      """
    var reader = TraceReader()
    Array(text.utf8).withUnsafeBytes { reader.consume($0) }
    let read = try reader.finishLengths()
    // Turn 1: 2 -> 3. Turn 2: 2 + 3 + 1 = 6 -> 7.
    #expect(read.requests == [request(0, 2, 3), request(0, 6, 7)])
    #expect(read.tally.leftOut == 1 && read.tally.estimated == 4)
    #expect(firstFault("[{\"id\": 1}]") == "1:1: the file is one JSON array")
  }

  @Test func promptsOfVLLMCountCharactersUnlessTokensAreGiven() throws {
    var reader = TraceReader()
    let text =
      """
      {"prompt": "caf\\u00e9!", "output_tokens": 10}
      {"prompt": "x", "prompt_tokens": 99}
      """
    Array(text.utf8).withUnsafeBytes { reader.consume($0) }
    // 5 characters are 2 tokens; 256 is vLLM's default.
    #expect(try reader.finishLengths().requests == [request(0, 2, 10), request(0, 99, 256)])
  }

  @Test func agentsStepsAreSortedAndFollowEachOther() throws {
    // Two agents: b's only step arrives at 102 - 2 = 100 s, a's at 105 - 1 = 104 s and 110.5 - 0.5 = 110 s.
    // a's first step ends at 105 + 3 = 108 s, so its second begins 2 s after it.
    let read = try trace(
      "step,first_chunk_timestamp,llm_reasoning_time,prefill_time,decode_time,input_tokens,output_tokens,"
        + "max_concurrency,instance_id\n2,1760000110.5,1,0.5,1,300,3,4,a\n1,1760000105.0,4,1,3,200,2,4,a\n"
        + "1,1760000102,3,2,1,100,1,4,b\n3,1760000102,3,2,1,0,0,4,b\n")
    #expect(
      read.requests == [
        request(0, 100, 1), request(4 * Self.second, 200, 2), request(4 * Self.second, 300, 3),
      ])
    #expect(
      read.followers == Followers(independent: 2, predecessors: [1], delays: [.seconds(2)])
        && read.followers?.isValid(count: 3) == true)
    #expect(read.tally.leftOut == 1)
  }

  @Test func nativeRowsHaveTenantsSessionsAndBlocks() throws {
    let csv = try trace(
      "arrival_s,prompt_tokens,output_tokens,tenant,session,think_s,blocks,block_tokens\n0,32,4,chat,s1,,0 1,16\n"
        + "1,40,4,batch,,,9 10,16\n2,64,4,chat,s1,1.5,0 1 2 3,16\n3,64,4,chat,s1,,0 1,16\n")
    // The third row follows the first and stands last; the fourth of its session arrives at its own moment.
    #expect(csv.requests.map(\.promptTokens) == [32, 40, 64, 64])
    #expect(csv.requests.map(\.arrival.seconds) == [0, 1, 3, 0])
    #expect(
      csv.followers == Followers(independent: 3, predecessors: [0], delays: [Interval(picoseconds: 1_500_000_000_000)]))
    #expect(csv.tenants == [0, 1, 0, 0] && csv.tenantNames == ["chat", "batch"])
    #expect(csv.blocks?.unit == 16 && csv.blocks?.ids == [0, 1, 2, 3, 0, 1, 0, 1, 4, 5])
    let json = try trace(
      """
      {"arrival_s": 0, "prompt_tokens": 32, "output_tokens": 4, "tenant": "chat", "session": "s1", "think_s": null, "blocks": [0, 1], "block_tokens": 16}
      {"arrival_s": 1, "prompt_tokens": 40, "output_tokens": 4, "tenant": "batch", "blocks": [9, 10]}
      {"arrival_s": 2, "prompt_tokens": 64, "output_tokens": 4, "tenant": "chat", "session": "s1", "think_s": 1.5, "blocks":[0,1,2,3]}
      {"arrival_s": 3, "prompt_tokens": 64, "output_tokens": 4, "tenant": "chat", "session": "s1", "blocks": [0, 1]}
      """)
    #expect(json == csv)
  }

  @Test(arguments: [
    ("0,1,1,,1.5,", "2:8: the row has a think_s and no session"),
    ("0,1,1,a,1.5,", "2:9: the first turn of a session has a think_s"),
    ("0,1,1,a,,0 x", "2:12: 'x' is not a block's id"),
  ])
  func malformedLabels(row: String, message: String) {
    #expect(firstFault("arrival_s,prompt_tokens,output_tokens,session,think_s,blocks\n\(row)\n") == message)
  }

  @Test func compressedFilesSayHowToReadThem() {
    #expect(throws: TraceFaults.self) { try Trace(bytes: [0x1f, 0x8b, 8, 0]) }
  }
}

@Suite struct SelectionTests {
  static func text(_ rows: Int) -> [UInt8] {
    Array(("arrival_s,prompt_tokens,output_tokens\n" + (0..<rows).map { "\($0),\($0 + 1),1\n" }.joined()).utf8)
  }

  static func read(_ rows: Int, _ change: (inout TraceSelection) -> Void) throws -> Trace {
    var selection = TraceSelection()
    change(&selection)
    var reader = TraceReader(selection: selection)
    text(rows).withUnsafeBytes { reader.consume($0) }
    return try reader.finish()
  }

  @Test func windowsAreCutWhileReading() throws {
    let part = try Self.read(100) { $0.window = (.start + .seconds(10))..<(.start + .seconds(13)) }
    #expect(part.requests.map(\.promptTokens) == [11, 12, 13] && part.requests[0].arrival == .start)
    let first = try Self.read(100) {
      $0.window = (.start + .seconds(10))..<(.start + .seconds(90))
      $0.first = 2
    }
    #expect(first.requests.map(\.promptTokens) == [11, 12])
  }

  @Test func samplesKeepTheirShareByIndexAlone() throws {
    let sample = try Self.read(20_000) { ($0.share, $0.seed) = (0.25, 3) }
    // 20,000 draws of 0.25: 5,000 with a deviation of 61.
    #expect(abs(sample.requests.count - 5000) < 300)
    #expect(sample.tally.notSampled + sample.requests.count == 20_000)
    let window = try Self.read(20_000) {
      ($0.share, $0.seed) = (0.25, 3)
      $0.window = (.start + .seconds(100))..<(.start + .seconds(200))
    }
    let same = sample.requests.map(\.promptTokens).filter { 101...200 ~= $0 }
    #expect(!same.isEmpty)
    #expect(try Self.read(20_000) { ($0.share, $0.seed) = (0.25, 4) } != sample)
    #expect(window.requests.allSatisfy { 101...200 ~= $0.promptTokens })
  }

  @Test func clippingCutsCountsAndKeepsFullBlocks() throws {
    let long = try trace(
      """
      {"timestamp": 0, "input_length": 1300, "output_length": 50, "hash_ids": [0, 1, 2]}
      {"timestamp": 3000, "input_length": 600, "output_length": 500, "hash_ids": [0, 3]}
      """)
    let cut = long.clipped(maxPrompt: 1100, maxOutput: 100)
    #expect(cut.requests.map(\.promptTokens) == [1100, 600] && cut.requests.map(\.outputTokens) == [50, 100])
    // 1,100 tokens fill two blocks of 512.
    #expect(cut.blocks?.ids == [0, 1, 0, 2])
    #expect(cut.tally.clippedPrompts == 1 && cut.tally.clippedOutputs == 1)
    #expect(cut.tally.notes == ["1 prompts cut to max-prompt", "1 outputs cut to max-output"])
    #expect(long.clipped(maxPrompt: nil, maxOutput: nil) == long)
  }

  @Test func partsOfATraceTakeTheFollowersWithThem() throws {
    let whole = Trace(
      requests: [request(0, 1, 1), request(5, 2, 1), request(9, 3, 1), request(5, 4, 1), request(5, 5, 1)],
      followers: Followers(independent: 3, predecessors: [1, 3], delays: [.seconds(1), .seconds(2)]))
    let part = whole.window(Instant(picoseconds: 5)..<Instant(picoseconds: 6))
    #expect(part.requests.map(\.promptTokens) == [2, 4, 5])
    #expect(part.followers == Followers(independent: 1, predecessors: [0, 1], delays: [.seconds(1), .seconds(2)]))
    #expect(whole.first(1).followers == nil)
    // The span is that of the independent requests.
    #expect(TraceStatistics(whole).span == Interval(picoseconds: 9))
  }
}
