import Cluster
import Hardware
import Models
import Support
import Testing
import Timeline
import Units
@testable import Policies

/// Policies that keep attention or its cache beside the device, on a toy model without overheads.
@Suite struct AttentionBesideTests {
  /// 64 sequences of 100 tokens.
  private let shape = StepShape(decodes: 64, context: 6400)

  private func pieces(_ settings: ToySettings) throws -> ModelPieces {
    try #require(settings.pieces(on: settings.device, tensorParallel: 1))
  }

  @Test func offloadedAttentionAddsUpWithoutTurns() throws {
    let settings = ToySettings(numbers: ["batches": 1, "count": 2], flags: ["overlap": false])
    let pieces = try pieces(settings)
    var run = ToyRun(try #require(AttentionOffload.plan(settings)))
    // Queries of 2048 B, keys and values of 4096 B a token; over 10 GB/s after 1 us; two devices share attention.
    let layer = pieces.kinds[0]
    let ways = 2e-6 + Double(64 * (2048 + 4096) + 64 * 2048) / 10e9
    let each =
      layer.input.seconds(shape) + ways + layer.attention.seconds(shape) / 2 + layer.output.seconds(shape)
      + layer.feedForward.seconds(shape)
    #expect(near(run.seconds(shape), pieces.first.seconds(shape) + 4 * each + pieces.last.seconds(shape)))
    #expect(run.bytes("send") == Double(4 * 64 * 6144))
    #expect(run.bytes("return") == Double(4 * 64 * 2048))
  }

  @Test func onePartAttendsWhileTheOtherComputes() throws {
    let settings = ToySettings(numbers: ["batches": 2, "count": 1], flags: ["overlap": false])
    let pieces = try pieces(settings)
    var run = ToyRun(try #require(AttentionOffload.plan(settings)))
    let half = StepShape(decodes: 32, context: 3200)
    let layer = pieces.kinds[0]
    let own = layer.input.seconds(half) + layer.output.seconds(half) + layer.feedForward.seconds(half)
    let away = 2e-6 + Double(32 * 8192) / 10e9 + layer.attention.seconds(half)
    // What is slower sets the pace: the device with both parts, or one part's way around. In turn they would take the sum.
    let pace = max(2 * own, own + away)
    let seconds = run.seconds(shape) - pieces.first.seconds(shape) - pieces.last.seconds(shape)
    #expect(seconds >= 3 * pace && seconds <= 4 * pace + 2 * away)
    #expect(seconds < 0.8 * 4 * 2 * (own + away))
  }

  @Test func partsWaitForTheHostInTurn() throws {
    // 10 us for each sequence: 640 us of a step that one batch waits for. Of two parts one computes while the other waits,
    // and where attention takes next to nothing the device is never idle.
    func seconds(batches: Double, hosted: Double) throws -> Double {
      var settings = ToySettings(numbers: ["batches": batches, "count": 1])
      settings.model.layers = Array(repeating: settings.model.layers[0], count: 32)
      settings.device.memory[0].capacity = given(Memory(8e9))
      settings.other = .toy("other", bandwidth: 1e14, capacity: 8e9)
      settings.way = Link(name: "way", bandwidth: given(Bandwidth(1e13)), latency: given(Seconds(0)))
      settings.device.execution.hostPerSequence = given(Seconds(hosted))
      var run = ToyRun(try #require(AttentionOffload.plan(settings)))
      for _ in 0..<4 { _ = run.seconds(shape) }
      return run.seconds(shape)
    }
    #expect(near(try seconds(batches: 1, hosted: 10e-6) - seconds(batches: 1, hosted: 0), 640e-6, 0.01))
    #expect(try seconds(batches: 2, hosted: 10e-6) - seconds(batches: 2, hosted: 0) < 64e-6)
  }

  @Test func queriesSentFirstSaveTime() throws {
    var settings = ToySettings(numbers: ["batches": 1, "count": 1])
    var first = ToyRun(try #require(AttentionOffload.plan(settings)))
    settings.flags["overlap"] = false
    var together = ToyRun(try #require(AttentionOffload.plan(settings)))
    #expect(first.seconds(shape) < together.seconds(shape))
    #expect(first.bytes("send") == together.bytes("send"))
  }

  @Test func retrievalFetchesTheShareOfTheContext() throws {
    let settings = ToySettings(numbers: ["top-k": 0.03])
    let placed = try #require(KVRetrieval.plan(settings))
    var run = ToyRun(placed)
    _ = run.seconds(shape)
    // 3 % of 6400 tokens of 4096 B in four layers; new tokens are written.
    #expect(run.bytes("fetch") == Double(192 * 4096 * 4))
    #expect(run.bytes("store") == Double(64 * 4096 * 4))
    // The host's 1 GB holds 61,035 tokens of 16,384 B.
    #expect(Int(placed.cacheTokens) == 61_035)
  }

  @Test func aPassTakesAsLongAsItsWeights() throws {
    var settings = ToySettings()
    settings.way = Link(name: "way", bandwidth: given(Bandwidth(1e9)), latency: given(Seconds(0)))
    let pieces = try pieces(settings)
    var run = ToyRun(try #require(HostAttentionStreaming.plan(settings)))
    _ = run.seconds(shape)
    // A layer of 33.6 MB takes 34 ms over 1 GB/s, longer than all that is computed meanwhile. Results of attention, 64 x 2048 B
    // a layer, cross the same link, and queries, keys and values the other direction.
    let bytes = 4 * (pieces.kinds[0].allWeights + 64 * 2048)
    #expect(near(run.seconds(shape), bytes / 1e9, 0.01))
  }

  @Test func lateSequencesCostNoWeights() throws {
    // The device has room for weights and 3200 tokens: half of the sequences are the host's.
    var settings = ToySettings(words: ["schedule": "late"])
    let pieces = try pieces(settings)
    let room = pieces.weights + 3200 * pieces.cacheBytesPerToken
    settings.device = .toy("own", capacity: room)
    let half = StepShape(decodes: 32, context: 3200)
    let layer = pieces.kinds[0]
    let both = layer.input.seconds(shape) + layer.output.seconds(shape) + layer.feedForward.seconds(shape)
    let ends = pieces.first.seconds(shape) + pieces.last.seconds(shape)
    var late = ToyRun(try #require(HybridAttention.plan(settings)))
    #expect(near(late.seconds(shape), ends + 4 * (both + layer.attention.seconds(half))))
    settings.words["schedule"] = "split"
    var split = ToyRun(try #require(HybridAttention.plan(settings)))
    let weights = 4 * layer.weights / 1e12
    #expect(split.seconds(shape) > ends + 4 * layer.attention.seconds(half) + 2 * weights)
    // A processor of a thousandth of the bandwidth holds a pass up by what it attends, from the second pass on.
    settings.words["schedule"] = "late"
    settings.other = .toy("other", bandwidth: 1e9)
    var slow = ToyRun(try #require(HybridAttention.plan(settings)))
    _ = slow.seconds(shape)
    #expect(slow.seconds(shape) > 4 * 3200 * 4096 / 1e9)
  }

  @Test func theProcessorTakesWhatItAttendsForInTime() throws {
    let settings = ToySettings()
    let pieces = try pieces(settings)
    let profile = HybridProfile(pieces: pieces, attending: pieces, rate: 0.1)
    func chosen(_ schedule: HybridProfile.Schedule?, host tokens: Double) -> (HybridProfile.Schedule, Double) {
      let chosen = profile.chosen(schedule, deviceTokens: 6400, hostTokens: tokens, context: 100, sets: 4)
      return (chosen.schedule, chosen.tokens)
    }
    // Attention over 100 tokens of 4096 B takes 0.41 us a layer at 1 TB/s, 4.1 us at a tenth of that. A pass reads 25 MB of
    // weights a layer and 26 MB of the device's keys and values, 51 us, within which the processor attends for a dozen; a set
    // of four that has room for fewer is whole.
    let layer = pieces.kinds[0]
    let pass = layer.weights / 1e12 + 6400 * 4096 / 1e12
    let most = Int(pass / (100 * 4096 / 1e11))
    let late = chosen(.late, host: 1e6)
    #expect(abs(Int(late.1 / 100) - most) <= 1)
    #expect(chosen(.late, host: 1600).1 == 400)
    // Split, weights are read twice, and more fit; but what is alike is done twice, and late makes more tokens a second.
    #expect(chosen(.split, host: 1e6).1 > late.1)
    #expect(chosen(nil, host: 1e6).0 == .late)
    #expect(chosen(nil, host: 0) == (.device, 0))
  }

  @Test func partsAddUp() {
    var mixed = StepShape(decodes: 5, context: 1003)
    mixed.addChunk(tokens: 77, cached: 13, last: true)
    for count in 1...7 {
      var sum = StepShape()
      for part in mixed.parts(count) { sum.add(part) }
      #expect(sum == mixed)
    }
  }
}
