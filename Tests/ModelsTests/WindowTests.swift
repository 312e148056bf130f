import Models
import Support
import Testing
import Units

/// What a step's sums are through an attention window.
@Suite struct WindowTests {
  /// Pairs and keys of a chunk, by looking at each query.
  private func counted(tokens: Int, cached: Int, window: Int) -> (pairs: Int, keys: Int) {
    var pairs = 0
    var keys: Set<Int> = []
    for query in cached..<cached + tokens {
      for key in max(0, query - window + 1)...query {
        pairs += 1
        keys.insert(key)
      }
    }
    return (pairs, keys.count)
  }

  @Test func chunksHaveThePairsAndKeysOfEachQuery() {
    for window in 1...6 {
      for cached in 0...9 {
        for tokens in 1...9 {
          var shape = StepShape(window: window)
          shape.addChunk(tokens: tokens, cached: cached, last: true)
          let expected = counted(tokens: tokens, cached: cached, window: window)
          #expect(shape.windowedPrefillPairs == expected.pairs)
          #expect(shape.windowedPrefillContext == expected.keys)
        }
      }
    }
  }

  @Test func withoutAWindowTheWholeContextIsSeen() {
    var shape = StepShape()
    shape.addChunk(tokens: 5, cached: 7, last: false)
    #expect(shape.windowedPrefillPairs == shape.prefillPairs && shape.windowedPrefillContext == 12)
    #expect(StepShape(decodes: 3, context: 30).windowedDecodeContext == 30)
    #expect(StepShape(decodes: 3, context: 30, window: 4).windowedDecodeContext == 12)
  }

  /// Two sequences of 3 and 9 tokens, window 6: they read 4 + 10 tokens, 4 + 6 within the window; one grows, until it
  /// fills the window after two more steps.
  @Test func aRunGrowsByTheSequencesShorterThanTheWindow() throws {
    let run = DecodeRun(batch: 2, context: 14, windowed: 10, growing: 1)
    #expect(run.after(2) == DecodeRun(batch: 2, context: 18, windowed: 12, growing: 1))
    var sum = StepShape(window: 6)
    sum.add(run, steps: 3)
    #expect(sum.decodeContext == 14 + 16 + 18 && sum.windowedDecodeContext == 10 + 11 + 12 && sum.decodes == 6)
    for attentions in 0...1 {
      // 1 ms, and a microsecond for each token read by either kind of layer.
      let cost = try StepCost.linear(step: 1e-3, token: 0, context: 1e-6, attentions: attentions, window: 6)
      var ends = [Int64](repeating: 0, count: 3)
      ends.withUnsafeMutableBufferPointer { buffer in
        buffer.baseAddress.map { cost.tabulateDecode(run, steps: 3, from: .start, into: $0) }
      }
      let read = attentions == 0 ? [10, 11, 12] : [24, 27, 30]
      var now: Int64 = 0
      for step in 0..<3 {
        now += 1_000_000_000 + Int64(read[step]) * 1_000_000
        #expect(ends[step] == now)
      }
    }
  }

  @Test func windowedTermsNeedAWindow() {
    var term = CostTerm(name: "attention.windowed", count: 1, driver: .step)
    term.launch = 1
    term.isWindowed = true
    #expect(throws: StepCost.Fault.invalid(term: "attention.windowed")) {
      try StepCost(stages: [[term]], maxBatch: 1)
    }
  }
}
