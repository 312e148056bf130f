import Models
import Testing

/// Steps whose decoding sequences have several tokens each.
@Suite struct VerifyingTests {
  /// Chunks of as many tokens after what each sequence has cached are the same, through a window that they fill too.
  @Test(arguments: [0, 8]) func isWhatChunksAre(window: Int) {
    var chunks = StepShape(window: window)
    var decodes = StepShape(window: window)
    for context in [40, 9, 123] {
      chunks.addChunk(tokens: 5, cached: context - 1, last: true)
      decodes.decodes += 1
      decodes.decodeContext += context
      decodes.windowedDecodeContext += window > 0 ? min(context, window) : context
    }
    chunks.firstTokens = 15
    #expect(decodes.verifying(5) == chunks)
    #expect(decodes.verifying(1) == decodes)
  }

  @Test func partsCoverAStep() {
    var shape = StepShape(decodes: 7, context: 100)
    shape.addChunk(tokens: 9, cached: 0, last: true)
    let part = shape.part(of: 2)
    #expect(part.decodes == 4 && part.decodeContext == 50 && part.prefillTokens == 5)
    #expect(shape.part(of: 1) == shape)
    // Cut in three they add up, and the largest is the last.
    var sum = StepShape()
    for place in 0..<3 { sum.add(shape.part(from: place, to: place + 1, of: 3)) }
    #expect(sum == shape && shape.part(of: 3) == shape.part(from: 2, to: 3, of: 3))
    #expect(shape.part(of: 3).decodes == 3 && shape.part(of: 3).decodeContext == 34)
  }
}
