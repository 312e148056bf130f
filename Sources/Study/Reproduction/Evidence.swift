import Scenario
import Synchronization
import Units

/// What is needed of one variant: the figures of a run, of a search for capacity, or both.
struct Needed {
  var run = false
  var search = false

  /// What `claims` need of each of their variants.
  static func by(_ claims: [Claim]) -> [String: Needed] {
    var needed: [String: Needed] = [:]
    for claim in claims {
      for (variants, measure) in [(claim.of, claim.measure), (claim.over, claim.overMeasure)] {
        let names = [measure.metric] + (measure.per.map { [$0] } ?? [])
        for variant in variants {
          if names.contains(Claim.searched) { needed[variant, default: Needed()].search = true }
          if names.contains(where: { $0 != Claim.searched }) { needed[variant, default: Needed()].run = true }
        }
      }
    }
    return needed
  }
}

/// Results of runs and searches by what was run, so that nothing runs twice.
final class Evidence: Sendable {
  /// What `medley run` and `medley capacity` find of one resolved variant.
  private struct Found {
    var figures: VariantFigures?
    var finding: CapacityFinding?
  }

  private struct State {
    var found: [String: Found] = [:]
    var runs = 0
  }

  private let state = Mutex(State())

  /// Simulations so far.
  var runs: Int { state.withLock { $0.runs } }

  /// One thing to do.
  struct Task: Sendable {
    var experiment: Experiment
    var search: SearchPlan?

    /// What it gives follows from this alone.
    var key: String { experiment.scenario.provenance.hash + (search.map { " \($0)" } ?? "") }
  }

  /// Runs and searches what was not done before, spread over `workers`.
  /// - Throws: what the first of them that fails throws.
  func gather(_ tasks: [Task], workers: Int, finished: @Sendable (Int, Int) -> Void) throws {
    var seen: Set<String> = []
    let fresh = tasks.filter { task in
      state.withLock { $0.found[task.key] == nil } && seen.insert(task.key).inserted
    }
    _ = try Parallel.map(fresh, workers: workers, finished: { finished($0, fresh.count) }) { task in
      let (found, runs) = try Self.carryOut(task)
      state.withLock {
        $0.found[task.key] = found
        $0.runs += runs
      }
    }
  }

  private static func carryOut(_ task: Task) throws -> (Found, Int) {
    guard let plan = task.search else { return (Found(figures: VariantFigures(try task.experiment.run())), 1) }
    let finding = try Capacity.find(task.experiment, plan, workers: 1)
    return (Found(finding: finding), finding.probes.count)
  }

  /// The figures of a variant whose tasks were done.
  func figures(_ tasks: [Task]) -> VariantFigures? {
    state.withLock { state in
      let found = tasks.compactMap { state.found[$0.key] }
      guard found.count == tasks.count else { return nil }
      let figures = found.lazy.compactMap(\.figures).first ?? VariantFigures(highestRate: nil)
      return figures.with(highestRate: found.lazy.compactMap(\.finding).first?.best)
    }
  }
}
