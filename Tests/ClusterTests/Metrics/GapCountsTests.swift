import Testing

@testable import Cluster

/// Gaps between tokens as they are counted.
@Suite struct GapCountsTests {
  @Test func tokensOfOneStepAreNothingApart() {
    var gaps = GapCounts()
    gaps.record(0, count: 3)
    gaps.record(5_000_000, count: 1)
    let histogram = gaps.histogram()
    #expect(histogram.valueAtPercentile(50) == 0 && histogram.max >= 5000)
    #expect(gaps.sum == 5000 && histogram.totalCount == 4)
  }
}
