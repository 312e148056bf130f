import Cluster
import Models

extension ExpertOffload {
  /// Sequences that pass the layers together.
  struct Part {
    var shape: StepShape
    var routing: StepRouting
  }

  /// The parts of a step whose sequences have been routed.
  mutating func parts(of step: StepView) -> [Part] {
    let count = step.sequences.count
    let whole = Part(shape: step.shape, routing: routed.routing)
    guard count > 1 else { return [whole] }
    let places: [[Int]]
    if let most = options.partTokens {
      let parts = StepParts(tokens: step.sequences.map { Int($0.tokens) }, most: most)
      places =
        options.order == .byExpert
        ? parts.byExpert(routed.routing.wanted(step.sequences), experts: cache.shape.experts) : parts.inOrder()
    } else if options.groups > 1, step.shape.prefillTokens == 0 {
      let groups = min(options.groups, count)
      places =
        options.order == .byPath
        ? PathGroups(paths, experts: cache.shape.layers * cache.shape.experts, count: groups).groups
        : (0..<groups).map { Array(count * $0 / groups..<count * ($0 + 1) / groups) }
    } else {
      return [whole]
    }
    guard places.count > 1 else { return [whole] }
    var ending = step.shape.firstTokens
    return places.map { part in
      let sequences = part.map { step.sequences[$0] }
      routed.route(sequences)
      return Part(shape: StepShape(sequences, of: step.shape, ending: &ending), routing: routed.routing)
    }
  }

  /// The paths by which tokens are grouped: those guessed where whole paths are, else their own.
  private var paths: [[Int]] {
    mutating get {
      options.fetch == .path ? guesses?.paths(routed.routing) ?? routed.routing.paths : routed.routing.paths
    }
  }

  /// Tells the cache what the parts ask for, and what comes after them as far as it is looked ahead.
  mutating func foresee(_ parts: [Part], of step: StepView) {
    guard options.foresees else { return }
    cache.foresee(routed.future(of: parts.map(\.routing), then: step.sequences))
  }
}
