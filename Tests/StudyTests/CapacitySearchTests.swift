import Synchronization
import Testing
import Units

@testable import Study

@Suite("The search for the highest rate that passes")
struct CapacitySearchTests {
  func grid(_ low: Double, _ high: Double, _ step: Double) throws -> RateGrid {
    try #require(RateGrid(lowest: Rate(low), highest: Rate(high), step: Rate(step)))
  }

  /// A search whose answers are `passes`, and how many rates it ran.
  func search(_ plan: SearchPlan, _ passes: @escaping (Double) -> Bool) throws -> (CapacityFinding, runs: Int) {
    var runs = 0
    let finding = try CapacitySearch.run(plan) { rates in
      runs += rates.count
      return rates.map { CapacityProbe(rate: $0, passes: passes($0.value)) }
    }
    return (finding, runs)
  }

  @Test("Splitwise's grid has 23 rates, and decimal steps lose none")
  func grids() throws {
    #expect(try grid(30, 250, 10).rates.map(\.value) == stride(from: 30.0, through: 250, by: 10).map { $0 })
    #expect(try grid(0.1, 0.9, 0.1).rates.count == 9)
    #expect(try grid(1, 1, 5).rates == [Rate(1)])
    #expect(try grid(1, 10.5, 3).rates.map(\.value) == [1, 4, 7, 10])
    for (low, high, step): (Double, Double, Double) in [
      (0, 1, 1), (2, 1, 1), (1, 2, 0), (1, .infinity, 1), (.nan, 1, 1), (1, 1e9, 1),
    ] {
      #expect(RateGrid(lowest: Rate(low), highest: Rate(high), step: Rate(step)) == nil)
    }
  }

  @Test("On a grid, bisection finds what running every rate finds, for every border")
  func bisection() throws {
    let grid = try grid(30, 250, 10)
    for border in stride(from: 25.0, through: 265, by: 10) {
      let (all, allRuns) = try search(.everyRate(grid)) { $0 < border }
      let (some, runs) = try search(.bisection(grid)) { $0 < border }
      #expect(allRuns == 23 && runs <= 11)
      #expect(all.best == some.best && all.border?.rate == some.border?.rate)
      #expect(some.best?.value == (border < 30 ? nil : min(250, border - 5)))
      #expect(some.isMonotone)
    }
  }

  @Test("A contradiction beside the border makes bisection run every rate")
  func contradiction() throws {
    let grid = try grid(10, 200, 10)
    // 100 fails alone: what lies around the border of 110 shows it.
    let (finding, runs) = try search(.bisection(grid)) { $0 < 120 && $0 != 100 }
    #expect(runs == 20 && finding.best == Rate(110) && !finding.isMonotone)
  }

  @Test("Between real rates the answer is within the tolerance", arguments: [0.1, 0.01, 0.001])
  func relative(tolerance: Double) throws {
    for border in [1.0001, 3, 77.7, 1e6] {
      let (finding, _) = try search(.relative(lowest: Rate(1), highest: nil, tolerance: tolerance)) { $0 < border }
      let best = try #require(finding.best).value
      #expect(best < border && border <= best * (1 + tolerance) * (1 + 1e-12))
      #expect(try #require(finding.uncertainty) <= tolerance)
    }
  }

  @Test("Nothing passes, or nothing fails")
  func open() throws {
    let (none, runs) = try search(.relative(lowest: Rate(1), highest: nil, tolerance: 0.1)) { _ in false }
    #expect(none.best == nil && none.uncertainty == nil && runs == 1)
    let (all, _) = try search(.relative(lowest: Rate(1), highest: Rate(9), tolerance: 0.1)) { _ in true }
    #expect(all.best == Rate(9) && all.border == nil && all.uncertainty == nil)
  }

  @Test("An error of a run ends the search")
  func errors() throws {
    struct Broken: Error {}
    #expect(throws: Broken.self) {
      try CapacitySearch.run(.everyRate(try grid(1, 2, 1))) { _ in throw Broken() }
    }
  }
}

@Suite("Work in parallel")
struct ParallelTests {
  @Test("Results keep the order of the items, for any number of workers", arguments: [1, 2, 7, 100])
  func order(workers: Int) throws {
    let calls = Mutex<[Int]>([])
    let squares = try Parallel.map(
      Array(0..<50), workers: workers, finished: { done in calls.withLock { $0.append(done) } }
    ) { $0 * $0 }
    #expect(squares == (0..<50).map { $0 * $0 })
    #expect(calls.withLock { $0 } == Array(1...50))
    #expect(try Parallel.map([Int](), workers: workers) { $0 } == [])
  }

  @Test("The error of one worker is the first in order and stops the rest")
  func errors() {
    struct Bad: Error, Equatable { var item: Int }
    let begun = Atomic(0)
    #expect(throws: Bad(item: 3)) {
      try Parallel.map(Array(0..<1000), workers: 1) { item in
        begun.add(1, ordering: .relaxed)
        if item >= 3 { throw Bad(item: item) }
      }
    }
    #expect(begun.load(ordering: .relaxed) == 4)
  }

  @Test("A search without a highest rate ends at the ceiling")
  func ceiling() throws {
    var rates: [Double] = []
    let finding = try CapacitySearch.run(
      .relative(lowest: Rate(1), highest: nil, tolerance: 0.1), ceiling: Rate(20)
    ) { asked in
      rates += asked.map(\.value)
      return asked.map { CapacityProbe(rate: $0, passes: true) }
    }
    #expect(rates == [1, 2, 4, 8, 16])
    #expect(finding.best == Rate(16) && finding.border == nil)
  }
}
