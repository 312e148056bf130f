import Hardware
import Models
import Support
import Testing
import Units
@testable import Policies

/// Layers that are copied ahead of their use, on a toy model without overheads.
@Suite struct StreamingTests {
  /// Seconds of a step when the first are over.
  private func seconds(_ numbers: [String: Double], flags: [String: Bool] = [:], drive: Double? = nil) throws -> Double
  {
    var settings = ToySettings(numbers: numbers, flags: flags)
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
    let layers = StreamedLayers(pieces, prefetch: 1, part: 0.25, section: 1, pinned: .layers(0))
    #expect(layers.held == 1.25 * pieces.kinds[0].allWeights + pieces.ends)
    // Several sections ahead are whole.
    #expect(LayerStreaming.plan(ToySettings(numbers: ["prefetch": 2, "prefetch-part": 0.25])) == nil)
  }

  @Test func endsAreCopiedUnlessTheyArePinned() throws {
    let settings = ToySettings()
    let pieces = try #require(settings.pieces(on: settings.device, tensorParallel: 1))
    let layer = pieces.kinds[0].allWeights
    // Less than both ends pins nothing.
    for pinned in [0, pieces.ends - 1] {
      #expect(near(try seconds(["pinned-weights": pinned]), (4 * layer + pieces.ends) / 10e9, 0.01))
    }
    #expect(near(try seconds(["pinned-weights": pieces.ends]), 4 * layer / 10e9, 0.01))
    #expect(near(try seconds(["pinned-weights": pieces.ends + 1.5 * layer]), 2.5 * layer / 10e9, 0.01))
    func held(_ bytes: Double, landing: Double = 0) -> Double {
      StreamedLayers(pieces, prefetch: 1, part: 1, section: 1, pinned: .bytes(bytes), landing: landing).held
    }
    #expect(held(0) == 2 * layer)
    #expect(held(pieces.ends + 1.5 * layer) == pieces.ends + 3.5 * layer)
    // An end that stands many times over until it has arrived takes more than two slots.
    #expect(held(0, landing: 99) == 100 * max(pieces.last.weights, pieces.first.weights + pieces.embeddingBytes))
    #expect(LayerStreaming.plan(ToySettings(numbers: ["pinned": 1, "pinned-weights": 1])) == nil)
  }

  @Test func oneTableIsCopiedForEitherEnd() throws {
    var settings = ToySettings()
    settings.model.tiedEmbeddings = true
    let pieces = try #require(settings.pieces(on: settings.device, tensorParallel: 1))
    let layers = StreamedLayers(pieces, prefetch: 1, part: 1, section: 1, pinned: .bytes(0))
    #expect(pieces.embeddingBytes == 0)
    #expect(
      layers.sections.filter { $0.parts == [.embedding] || $0.parts == [.head] }.map(\.bytes)
        == [pieces.first.weights + pieces.last.weights, pieces.last.weights])
  }

  @Test func hostThatLaunchesAheadCopiesWhileTheDeviceComputes() throws {
    let pieces = try #require(ToySettings().pieces(on: .toy("own"), tensorParallel: 1))
    let bytes = 4 * pieces.kinds[0].allWeights
    // Computing reads every byte at 1 TB/s, a hundredth of its copy.
    let (waits, ahead) = (
      try seconds(["prefetch": 0]), try seconds(["prefetch": 0], flags: ["launch-ahead": true])
    )
    #expect(near(ahead, bytes / 10e9, 0.003))
    #expect(waits > 1.006 * ahead)
    // Reads still wait for the copy before.
    let drive = try seconds(["prefetch": 0], flags: ["launch-ahead": true], drive: 5e9)
    #expect(near(drive, bytes / 5e9 + bytes / 10e9, 0.003))
  }

  @Test func oneDeviceGathersByACopy() throws {
    let pieces = try #require(ToySettings().pieces(on: .toy("own"), tensorParallel: 1))
    let bytes = 4 * pieces.kinds[0].allWeights
    #expect(near(try seconds([:], flags: ["gather": true]), bytes / 10e9, 0.001))
    #expect(
      near(try seconds([:], flags: ["gather": true, "one-stream": true]), bytes / 10e9 + 2 * bytes / 1e12, 0.001))
  }
}
