import Support
import Testing

/// The comparison is worth its name: it reports each deliberate fault of the reference.
@Suite struct ComparisonMutantTests {
  @Test(arguments: ReferenceMutant.allCases)
  func aDeliberateFaultIsReported(_ mutant: ReferenceMutant) throws {
    let limit: UInt64 = 200
    for seed in 0..<limit {
      for router in RandomScenario.Router.allCases {
        let scenario = try RandomScenario(seed: seed, router: router)
        guard let difference = Comparison(scenario, mutant: mutant).difference,
          Comparison(scenario).difference == nil
        else { continue }
        print("\(mutant): seed \(seed), \(router.rawValue): \(difference)")
        return
      }
    }
    Issue.record("\(mutant) is not noticed in \(limit) scenarios of each router")
  }
}
