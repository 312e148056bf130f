import Support
import Testing

/// The comparison is worth its name: it reports each deliberate fault of the reference.
@Suite struct ComparisonMutantTests {
  /// A scenario that shows each fault, found by the search below, which goes on where one does not show it any more.
  private static let witnesses: [ReferenceMutant: (seed: UInt64, router: RandomScenario.Router)] = [
    .arrivalMissesBoundary: (1, .roundRobin),
    .arrivalsBeforeEnds: (1, .roundRobin),
    .budgetIgnoresDecodes: (9, .roundRobin),
    .forgetsDelay: (0, .phaseSplit),
    .forgetsLastLayer: (1, .phaseSplit),
    .forgetsOutPort: (0, .phaseSplit),
    .forgetsPriority: (0, .roundRobin),
    .forgetsWatermark: (0, .phaseSplit),
    .forgetsWindow: (1, .phaseSplit),
    .growsEarly: (1, .roundRobin),
    .landingCutsNothing: (4, .roundRobin),
    .landingFreesLate: (0, .roundRobin),
    .lastTokenIsFound: (0, .roundRobin),
    .preemptsFirst: (0, .phaseSplit),
    .preemptsUrgent: (13, .roundRobin),
    .promptsOvertakeSwapped: (4, .joinShortestQueue),
    .seesNextStep: (11, .leastLoaded),
    .stagesOverlap: (2, .roundRobin),
    .startsLeaveFirst: (0, .roundRobin),
    .swapsForFree: (0, .phaseSplit),
    .transfersOvertakeVictims: (3, .roundRobin),
    .victimKeepsProgress: (7, .roundRobin),
    .victimToTail: (5, .phaseSplit),
  ]

  @Test(arguments: ReferenceMutant.allCases)
  func aDeliberateFaultIsReported(_ mutant: ReferenceMutant) throws {
    if let witness = Self.witnesses[mutant], try shows(mutant, witness.seed, witness.router) { return }
    let limit: UInt64 = 200
    for seed in 0..<limit {
      for router in RandomScenario.Router.allCases where try shows(mutant, seed, router) { return }
    }
    Issue.record("\(mutant) is not noticed in \(limit) scenarios of each router")
  }

  /// Whether the comparison reports the fault on a scenario on which it reports nothing without it.
  private func shows(_ mutant: ReferenceMutant, _ seed: UInt64, _ router: RandomScenario.Router) throws -> Bool {
    let scenario = try RandomScenario(seed: seed, router: router)
    guard let difference = Comparison(scenario, mutant: mutant).difference, Comparison(scenario).difference == nil
    else { return false }
    print("\(mutant): seed \(seed), \(router.rawValue): \(difference)")
    return true
  }
}
