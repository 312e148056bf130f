import Kernel
import Testing
import Units
@testable import Workload

/// The published statistics of a trace and what the preset named after it must reproduce.
private struct Published {
  var preset: Generator.Preset
  var rate: Double
  var gapVariation: Double
  var meanPrompt: Double
  var meanOutput: Double
  var prompts: [(Double, Int)]
  var outputs: [(Double, Int)]

  /// Sums over requests, and quantiles at 0.01 ... 0.99, of the Azure LLM inference trace 2023 (CC-BY-4.0).
  static let all = [
    Published(
      preset: .azure2023ConversationLike, rate: 5.53, gapVariation: 1.09, meanPrompt: 22_361_870 / 19_366,
      meanOutput: 4_088_665 / 19_366,
      prompts: [
        (0.01, 29), (0.1, 207), (0.25, 396), (0.5, 1020), (0.75, 1189), (0.9, 2735), (0.95, 4083), (0.99, 4142),
      ],
      outputs: [(0.01, 16), (0.1, 54), (0.25, 85), (0.5, 129), (0.75, 395), (0.9, 424), (0.95, 451), (0.99, 601)]),
    Published(
      preset: .azure2023CodeLike, rate: 2.57, gapVariation: 13.15, meanPrompt: 18_059_974 / 8_819,
      meanOutput: 245_896 / 8_819,
      prompts: [
        (0.01, 17), (0.1, 147), (0.25, 578), (0.5, 1469), (0.75, 2745), (0.9, 5194), (0.95, 7315), (0.99, 7436),
      ],
      outputs: [(0.1, 7), (0.25, 9), (0.5, 13), (0.75, 24), (0.9, 55), (0.95, 90), (0.99, 252)]),
  ]
}

@Suite struct PresetTests {
  private func near(_ a: Double, _ b: Double, within share: Double) -> Bool { abs(a - b) <= share * abs(b) }

  /// Means within 2 %, quantiles within 3 % or 3 tokens, rate and variation of gaps within 3 % (10 % for code, whose
  /// variation hangs on a few pauses of minutes), at 200,000 requests.
  @Test(arguments: [0, 1])
  func statisticsMatchThePublishedOnes(index: Int) throws {
    let published = Published.all[index]
    let trace = try Generator(published.preset, extent: .requests(200_000)).trace(seed: 42)
    let statistics = TraceStatistics(trace)
    let gapTolerance = index == 0 ? 0.03 : 0.1
    #expect(near(statistics.rate.value, published.rate, within: gapTolerance))
    #expect(near(statistics.gapVariation, published.gapVariation, within: gapTolerance))
    #expect(near(statistics.meanPrompt, published.meanPrompt, within: 0.02))
    #expect(near(statistics.meanOutput, published.meanOutput, within: 0.02))
    for (fraction, tokens) in published.prompts {
      let drawn = try #require(statistics.promptQuantile(fraction))
      #expect(abs(drawn - tokens) <= max(3, tokens * 3 / 100), "prompt quantile \(fraction): \(drawn), \(tokens)")
    }
    for (fraction, tokens) in published.outputs {
      let drawn = try #require(statistics.outputQuantile(fraction))
      #expect(abs(drawn - tokens) <= max(3, tokens * 3 / 100), "output quantile \(fraction): \(drawn), \(tokens)")
    }
  }

  @Test func theUserGivesTheRate() throws {
    let trace = try Generator(.azure2023ConversationLike, rate: Rate(70), extent: .duration(.seconds(600))).trace(
      seed: 1)
    #expect(near(Double(trace.requests.count), 42_000, within: 0.03))
    #expect(Generator.Preset(rawValue: "azure-2023-conv-like") == .azure2023ConversationLike)
  }

  /// What seed 1 gives on every machine; the statistics above say that it is right, this that it stays.
  @Test func theFirstRequestsOfASeed() throws {
    let trace = try Generator(.azure2023ConversationLike, extent: .requests(3)).trace(seed: 1)
    #expect(
      trace.requests == [
        request(63_916_149_983, 1633, 436), request(82_095_826_654, 400, 101), request(143_270_787_536, 2421, 77),
      ])
  }
}
