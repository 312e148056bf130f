import Support
import Testing

/// The fast core gives every request the reference's picoseconds.
@Suite struct ComparisonTests {
  /// Scenarios per router; 5 routers.
  static let scenarios: UInt64 = Comparison.full ? 1_200 : 100

  @Test(arguments: RandomScenario.Router.allCases)
  func randomScenariosAgree(_ router: RandomScenario.Router) throws {
    var counts = ReferenceCounts()
    var stalled = 0
    var differing = 0
    for seed in 0..<Self.scenarios {
      let scenario = try RandomScenario(seed: seed, router: router)
      let comparison = Comparison(scenario)
      counts.add(comparison.counts)
      if comparison.counts.steps == 0 { stalled += 1 }
      if comparison.difference != nil {
        differing += 1
        // Three explanations say more than a hundred.
        if differing <= 3 { Issue.record("\(router.rawValue): \(scenario.explained())") }
      }
    }
    #expect(differing == 0)
    print("\(router.rawValue): \(Self.scenarios) scenarios, \(stalled) of them stall, \(counts.words)")
    let least = Comparison.full ? 1_000 : 50
    #expect(counts.ties >= least)
    #expect(counts.arrivalTies >= least)
    #expect(counts.earlyCuts >= least)
    #expect(counts.preemptions >= least)
    #expect(counts.swaps >= least)
    #expect(counts.transfers >= least)
    #expect(counts.prefixesFound >= least)
    #expect(counts.prefixCopies >= least)
  }
}
