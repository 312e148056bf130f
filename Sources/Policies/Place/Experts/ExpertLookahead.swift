import Cluster
import Models

/// What the sequences of a step will ask for if they all go on, and nobody joins them: a bound's knowledge, which no system
/// has, since a token is routed when the one before it is known.
struct ExpertLookahead: Sendable {
  /// Steps that are looked ahead.
  let steps: Int
  private var scout: ExpertRouter
  private var step: StepRouting
  /// The first position that is known of each request, and the experts from there on by position, layer and choice.
  private var known: [Int32: (first: Int, experts: [Int32])] = [:]

  init(_ router: ExpertRouter, steps: Int) {
    self.steps = steps
    scout = router
    step = StepRouting(router.shape)
  }

  /// Forgets a request.
  mutating func forget(_ request: Int32) {
    known[request] = nil
    scout.forget(Int(request))
  }

  /// Appends the layers that later steps reach, with the experts that each asks for, in rising order.
  /// Complexity: O(steps layers (sequences perToken + experts)), and the routing of what was not known before.
  mutating func append(
    _ sequences: some Collection<StepSequence>, prompt: (Int32) -> Int,
    to future: inout [(layer: Int, experts: ArraySlice<Int32>)]
  ) {
    let shape = scout.shape
    let perStep = shape.layers * shape.perToken
    for sequence in sequences {
      learn(sequence.request, from: Int(sequence.position + sequence.tokens), prompt: prompt(sequence.request))
    }
    var isAsked = Array(repeating: false, count: shape.experts)
    for ahead in 0..<steps {
      for layer in 0..<shape.layers {
        var asked: [Int32] = []
        for sequence in sequences {
          guard let own = known[sequence.request] else { continue }
          let place = (Int(sequence.position + sequence.tokens) + ahead - own.first) * perStep + layer * shape.perToken
          for expert in own.experts[place..<place + shape.perToken] where expert >= 0 && !isAsked[Int(expert)] {
            isAsked[Int(expert)] = true
            asked.append(expert)
          }
        }
        for expert in asked { isAsked[Int(expert)] = false }
        if !asked.isEmpty { future.append((layer, asked.sorted()[...])) }
      }
    }
  }

  /// Routes what is not known of a request's positions from `first` on.
  private mutating func learn(_ request: Int32, from first: Int, prompt: Int) {
    let shape = scout.shape
    let perStep = shape.layers * shape.perToken
    var own = known.removeValue(forKey: request) ?? (first, [])
    var end = own.first + own.experts.count / perStep
    if first < own.first || first > end { (own, end) = ((first, []), first) }
    // What has passed is dropped now and then.
    if first - own.first >= 2 * steps {
      own.experts.removeFirst((first - own.first) * perStep)
      own.first = first
    }
    while end < first + steps {
      scout.route([RoutedToken(request: Int(request), position: end, prompt: prompt)], scores: false, into: &step)
      for layer in 0..<shape.layers {
        let experts = step.experts(layer, token: 0)
        own.experts.append(contentsOf: experts)
        own.experts.append(contentsOf: repeatElement(-1, count: shape.perToken - experts.count))
      }
      end += 1
    }
    known[request] = own
  }
}
