import Foundation
import Kernel
import Testing
import Units
@testable import Workload

private let second: Int64 = 1_000_000_000_000

private func profile(_ text: String) throws -> TraceProfile {
  var stream = TraceStream(into: TraceProfile())
  Array(text.utf8).withUnsafeBytes { stream.consume($0) }
  return try stream.finish().sink
}

@Suite struct ProfileTests {
  @Test func countsGapsAndWindowsAreWorkedByHand() {
    // Arrivals at 0, 0, 3, 4, 4.5, 9 s: gaps 0, 3, 1, 0.5, 4.5 with mean 1.8 and variance 13.3 / 4 = 3.325:
    // (3.24 + 1.44 + 0.64 + 1.69 + 7.29) / 4 = 14.3 / 4 = 3.575.
    let moments = [0, 0, 3, 4, 4.5, 9].map { Int64($0 * 1e12) }
    let profile = TraceProfile(Trace(requests: moments.map { request($0, 5, 7) }))
    #expect(profile.requests == 6 && profile.span == .seconds(9) && abs(profile.rate.value - 5 / 9.0) < 1e-15)
    #expect(abs(profile.gaps.variation - 3.575.squareRoot() / 1.8) < 1e-12)
    #expect(profile.gaps.zeros == 1 && profile.gaps.resolution == second / 2)
    // Whole windows of 1 s: 2 0 0 1 2 0 0 0 0; mean 5/9, squares 9: (9 - 25/9) / 8 / (5/9) = 1.4.
    let counts = profile.counts[1]
    #expect(counts.windows == 9 && counts.peak == 2 && abs((counts.dispersion ?? 0) - 1.4) < 1e-12)
    #expect(profile.dispersion(1) == nil, "nine windows are too few")
    #expect(profile.peak(1)?.value == 2 && profile.peak(60) == nil)
    #expect(profile.hours == [6])
  }

  @Test func memorylessArrivalsHaveDispersionOne() throws {
    let trace = try Generator(
      arrivals: .poisson(Rate(20)), lengths: .independent(prompt: .constant(10), output: .constant(20)),
      extent: .requests(100_000)
    ).trace(seed: 5)
    let profile = TraceProfile(trace)
    // 5,000 windows of 1 s: a standard error of sqrt(2 / 5000) = 0.02; 500 of 10 s: 0.063.
    for (window, error) in [(1.0, 0.02), (10, 0.063), (60, 0.155)] {
      #expect(abs(try #require(profile.dispersion(window)) - 1) < 4 * error)
    }
    #expect(abs(profile.gaps.variation - 1) < 0.02 && abs(profile.gaps.neighbourCorrelation) < 0.02)
    // Quantiles of an exponential law of mean 0.05: -0.05 ln(1 - p).
    for share in [0.1, 0.5, 0.9, 0.99] {
      #expect(abs(profile.gaps.quantile(share) / (-0.05 * Foundation.log(1 - share)) - 1) < 0.04)
    }
    #expect(profile.coarseClock == nil)
  }

  @Test func neighbouringGapsAreCorrelatedAsTheyDeviate() {
    // Of 5, 1, 1, 1 the mean is 2: (3 (-1) + (-1)(-1) + (-1)(-1)) / (9 + 1 + 1 + 1).
    var gaps = GapTable()
    for seconds in [5, 1, 1, 1] as [Int64] { gaps.add(seconds * 1_000_000_000_000) }
    #expect(abs(gaps.neighbourCorrelation + 1.0 / 12) < 1e-12)
  }

  @Test func lengthsAreCountedExactly() {
    var table = CountTable()
    for value in [1, 1, 2, 5000, 16_777_216] as [Int32] { table.add(value) }
    #expect(table.count == 5 && table.sum == 16_782_220 && table.maximum == 16_777_216)
    #expect(table.quantiles([0, 0.2, 0.4, 0.6, 0.8, 1]) == [1, 1, 1, 2, 5000, 16_777_216])
    #expect(table.octaves.prefix(2) == [2, 1] && table.octaves[12] == 1 && table.octaves[24] == 1)
    var other = CountTable()
    for value in [2, 5000] as [Int32] { other.add(value) }
    // Up to 1: 2/5 against 0; up to 2: 3/5 against 1/2; up to 5000: 4/5 against 1.
    #expect(table.distance(to: other) == 0.4 && other.distance(to: table) == 0.4 && table.distance(to: table) == 0)
    #expect(CountTable().quantile(0.5) == 0 && CountTable().mean == 0)
  }

  @Test func ranksShareTheirMean() {
    var pairs = PairSample()
    for (x, y) in [(10, 1), (20, 2), (20, 3), (30, 9)] as [(Int32, Int32)] { pairs.add(x, y) }
    // Ranks 0, 1.5, 1.5, 3 and 0, 1, 2, 3: 4.5 / sqrt(4.5 * 5).
    #expect(abs((pairs.rankCorrelation ?? 0) - 4.5 / 22.5.squareRoot()) < 1e-12)
    var constant = PairSample()
    for _ in 0..<5 { constant.add(7, 9) }
    #expect(constant.rankCorrelation == nil && constant.logCorrelation == nil)
  }

  @Test func reuseStopsAtTheFirstBlockThatIsNew() throws {
    let read = try profile(
      """
      {"timestamp": 0, "input_length": 1100, "output_length": 5, "hash_ids": [0, 1, 2]}
      {"timestamp": 3000, "input_length": 1600, "output_length": 5, "hash_ids": [0, 1, 3, 2]}
      {"timestamp": 6000, "input_length": 600, "output_length": 5, "hash_ids": [4]}
      """)
    #expect(read.reuse.lookups == 8 && read.reuse.hits == 2 && read.reuse.hitRequests == 1 && read.reuse.distinct == 5)
  }

  /// The published figure: replayed serially without bounds, 105,710 of 288,500 blocks are found.
  @Test(.enabled(if: mooncake != nil)) func mooncakeConversationReuse() throws {
    var stream = TraceStream(into: TraceProfile())
    try ByteSource.file(try #require(Self.mooncake)).read { bytes in
      stream.consume(bytes)
      return true
    }
    let profile = try stream.finish().sink
    #expect(profile.requests == 12_031 && profile.reuse.lookups == 288_500 && profile.reuse.hits == 105_710)
    // Timestamps are multiples of 3 s, give or take 3 ms.
    #expect(abs((profile.coarseClock?.seconds ?? 0) - 3) < 0.05)
  }

  static let mooncake: String? = {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().path
    return ["\(root)/../shared/data", "\(root)/shared/data"]
      .map { "\($0)/traces/mooncake/conversation_trace.jsonl" }
      .first { FileManager.default.fileExists(atPath: $0) }
  }()

  @Test func curvesKeepTheirSumWhileTheyCoarsen() {
    var curve = RateCurve()
    for second in 0..<100_000 { curve.add(since: Int64(second) * 1_000_000_000_000) }
    #expect(curve.counts.count <= 4096 && curve.counts.reduce(0, +) == 100_000)
    let (seconds, rates) = curve.rates(columns: 60)
    #expect(rates.count <= 60 && abs(rates[0] - 1) < 0.01 && seconds * Double(rates.count) >= 99_999)
  }
}
