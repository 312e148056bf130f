import Testing

@testable import Statistics

@Suite struct SummaryTests {
  @Test func knownSample() throws {
    let summary = try #require(Summary([2, 4, 4, 4, 5, 5, 7, 9]))
    #expect(summary.mean == 5)
    #expect(abs(summary.variance - 32 / 7.0) < 1e-15)
    #expect(summary.minimum == 2 && summary.maximum == 9 && summary.count == 8)
    #expect([0, 0.5, 0.9, 1, 2].map(summary.quantile) == [2, 4.5, 7.6, 9, 9])
    // 5 +- 2.3646 * sqrt(32 / 7 / 8).
    let interval = summary.meanInterval(confidence: 0.95)
    #expect(abs(interval.lowerBound - 3.212511) < 1e-5)
    #expect(abs(interval.upperBound - 6.787489) < 1e-5)
  }

  @Test func aLargeOffsetDoesNotSpoilTheVariance() throws {
    let summary = try #require(Summary([4, 7, 13, 16].map { $0 + 1e9 }))
    #expect(summary.variance == 30)
  }

  @Test func samplesTooSmall() throws {
    #expect(Summary([]) == nil)
    #expect(Summary([1, .nan]) == nil)
    let one = try #require(Summary([3]))
    #expect(one.variance == 0 && one.quantile(0.3) == 3)
    #expect(one.meanInterval() == -Double.infinity...Double.infinity)
  }
}
