import Hardware
import Models
import Testing
import Units
@testable import Policies

/// Layers that are copied ahead of their use, on a toy model without overheads.
@Suite struct StreamingTests {
  /// Seconds of a step when the first are over.
  private func seconds(_ numbers: [String: Double], drive: Double? = nil) throws -> Double {
    var settings = ToySettings(numbers: numbers)
    if let drive { (settings.tierKind, settings.tierRate) = (.storage, drive) }
    settings.way = Link(name: "way", bandwidth: given(Bandwidth(10e9)), latency: given(Seconds(0)))
    var run = ToyRun(try #require(LayerStreaming.plan(settings)))
    let shape = StepShape(decodes: 1, context: 1)
    for _ in 0..<3 { _ = run.seconds(shape) }
    return run.seconds(shape)
  }

  @Test func partOfALayerAheadHidesThatPart() throws {
    let pieces = try #require(ToySettings().pieces(on: .toy("own"), tensorParallel: 1))
    let bytes = 4 * pieces.kinds[0].allWeights
    // From a drive of 5 GB/s over a link of 10 GB/s: one after the other when it is needed, the slower alone where a whole
    // layer is ahead. Of a sixth ahead five sixths remain: the read of each is beside the other's copy.
    let (needed, whole) = (bytes / 5e9 + bytes / 10e9, bytes / 5e9)
    #expect(near(try seconds(["prefetch": 0], drive: 5e9), needed, 0.02))
    #expect(near(try seconds(["prefetch": 1], drive: 5e9), whole, 0.02))
    #expect(near(try seconds(["prefetch": 1, "prefetch-part": 1.0 / 6], drive: 5e9), needed * 5 / 6, 0.02))
    // From memory there is nothing but computing to hide.
    #expect(near(try seconds(["prefetch": 1, "prefetch-part": 1.0 / 6]), bytes / 10e9, 0.02))
  }

  @Test func partOfALayerAheadTakesThatRoom() throws {
    let settings = ToySettings(numbers: ["prefetch": 1, "prefetch-part": 0.25])
    let pieces = try #require(settings.pieces(on: settings.device, tensorParallel: 1))
    let layers = StreamedLayers(pieces, prefetch: 1, part: 0.25, section: 1, pinned: 0)
    #expect(layers.held == 1.25 * pieces.kinds[0].allWeights)
    // Several sections ahead are whole.
    #expect(LayerStreaming.plan(ToySettings(numbers: ["prefetch": 2, "prefetch-part": 0.25])) == nil)
  }

  private func near(_ a: Double, _ b: Double, _ tolerance: Double) -> Bool { abs(a - b) <= tolerance * b }
}
