import Testing
import Units
@testable import Cluster

@Suite struct OrderStatisticsTests {
  @Test func selectionEqualsSorting() {
    var state: UInt64 = 7
    func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state >> 33
    }
    for count in [1, 2, 31, 32, 33, 100, 1000, 5000] {
      for spread in [1, 2, 10, 1_000_000] as [UInt64] {
        for shape in 0..<3 {
          var values = (0..<count).map { _ in next() % spread }
          if shape > 0 { values.sort() }
          if shape > 1 { values.reverse() }
          let sorted = values.sorted()
          let ranks = [0.0, 0.5, 0.5, 0.9, 0.99, 0.999, 1].map { OrderStatistics.rank($0, of: count) }
          OrderStatistics.select(&values, at: ranks)
          #expect(ranks.map { values[$0] } == ranks.map { sorted[$0] })
          #expect(values.sorted() == sorted)
        }
      }
    }
  }

  @Test func nearestRanks() {
    #expect(OrderStatistics.rank(0.5, of: 2) == 0 && OrderStatistics.rank(0.5, of: 3) == 1)
    #expect(OrderStatistics.rank(0.07, of: 100) == 6 && OrderStatistics.rank(0.99, of: 100) == 98)
    #expect(OrderStatistics.rank(0.991, of: 100) == 99 && OrderStatistics.rank(1, of: 100) == 99)
    #expect(OrderStatistics.rank(0, of: 5) == 0)
  }

  @Test func longSumsDoNotOverflow() {
    var sum = LongSum()
    for _ in 0..<4 { sum += Int64.max }
    #expect(sum.value == 0x1p65)
  }
}
