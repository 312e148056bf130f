/// What a model's routing so far says of the next layer: how often a token went from each expert of a layer to each of
/// the next. Its guesses are as good as the routing is predictable.
///
/// Source of the kind: the statistical tables over activation paths of EdgeMoE (Yi et al., 2023) and of expert activation
/// paths as Fate's baseline has them; this one looks one layer back.
public struct ActivationTable: Sendable {
  /// The model's mixture layers.
  public let shape: ExpertShape
  /// Experts guessed for each token.
  public let width: Int
  /// By layer, expert and expert of the next layer.
  private var counts: [UInt32]
  private var sums: [UInt64]
  private var order: [Int32] = []

  /// A table that has seen nothing and guesses `width` experts for each token, at most all.
  public init(_ shape: ExpertShape, width: Int) {
    self.shape = shape
    self.width = min(max(1, width), shape.experts)
    counts = Array(repeating: 0, count: max(0, shape.layers - 1) * shape.experts * shape.experts)
    sums = Array(repeating: 0, count: shape.experts)
  }

  /// Counts what the tokens of a step did. Complexity: O(tokens layers perToken^2).
  public mutating func learn(_ step: StepRouting) {
    for layer in 0..<max(0, shape.layers - 1) {
      for token in 0..<step.tokens {
        let next = step.experts(layer + 1, token: token)
        for expert in step.experts(layer, token: token) {
          let row = (layer * shape.experts + Int(expert)) * shape.experts
          for other in next { counts[row + Int(other)] &+= 1 }
        }
      }
    }
  }

  /// Guesses `layer`, which is not the first, from what the step's tokens did in the one before; of equals the lower
  /// number. Complexity: O(tokens experts (perToken + log experts)).
  public mutating func guess(_ step: StepRouting, layer: Int, into guess: inout GuessedExperts) {
    guess.reset(shape.experts)
    for token in 0..<step.tokens where layer > 0 {
      let before = step.experts(layer - 1, token: token)
      guard !before.isEmpty else { continue }
      for other in sums.indices { sums[other] = 0 }
      for expert in before {
        let row = ((layer - 1) * shape.experts + Int(expert)) * shape.experts
        for other in 0..<shape.experts { sums[other] += UInt64(counts[row + other]) }
      }
      order = sums.indices.map { Int32($0) }
      order.sort { (sums[Int($1)], $0) < (sums[Int($0)], $1) }
      for expert in order.prefix(width) { guess.add(expert) }
    }
    guess.close()
  }
}
