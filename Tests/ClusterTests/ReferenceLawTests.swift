import Cluster
import Support
import Testing
import Units

/// What must hold of the reference whatever the scenario, before anything is compared with it.
@Suite struct ReferenceLawTests {
  @Test(arguments: RandomScenario.Router.allCases)
  func nothingIsLostAndNothingPrecedesItsCause(_ router: RandomScenario.Router) throws {
    var counts = ReferenceCounts()
    for seed in 0..<UInt64(20) {
      let scenario = try RandomScenario(seed: seed, router: router)
      let result: ReferenceResult
      do {
        result = try ReferenceSimulation.run(
          scenario.cluster, router: scenario.router, trace: scenario.trace, priorities: scenario.priorities,
          checked: true)
      } catch SimulationError.stalled {
        continue
      }
      counts.add(result.counts)
      check(scenario, result)
    }
    #expect(counts.ties > 0 && counts.steps > 0)
  }

  private func check(_ scenario: RandomScenario, _ result: ReferenceResult) {
    let outcomes = result.outcomes
    var gaps = 0
    var rejected = 0
    var telescoped: Int64 = 0
    for (index, request) in scenario.trace.requests.enumerated() {
      if outcomes.done[index] == Outcomes.never {
        rejected += 1
        #expect(outcomes.scheduled[index] == Outcomes.never, "\(scenario)")
        continue
      }
      let arrival = result.arrivals.isEmpty ? request.arrival : result.arrivals[index]
      #expect(arrival <= outcomes.scheduled[index], "\(scenario)")
      #expect(outcomes.scheduled[index] < outcomes.firstToken[index], "\(scenario)")
      #expect(outcomes.firstToken[index] <= outcomes.done[index], "\(scenario)")
      gaps += Int(request.outputTokens) - 1
      telescoped += (outcomes.done[index] - outcomes.firstToken[index]).picoseconds
    }
    #expect(rejected == result.counts.rejected, "\(scenario)")
    // Each token but a request's first closes one gap, and a request's gaps add up to its decode time.
    #expect(result.gaps.values.reduce(0, +) == gaps, "\(scenario)")
    #expect(result.gaps.reduce(0) { $0 + $1.key * Int64($1.value) } == telescoped, "\(scenario)")
    #expect(result.gaps.keys.allSatisfy { $0 > 0 }, "\(scenario)")
    let preemptions = outcomes.preemptions.reduce(0) { $0 + Int($1) }
    #expect(preemptions == result.counts.preemptions + result.counts.swaps, "\(scenario)")
  }
}
