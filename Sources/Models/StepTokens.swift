import Kernel

/// How many steps had how many tokens: exact below 64 tokens, in 32 parts of an octave above.
public struct StepTokens: Hashable, Sendable {
  @usableFromInline static var scale: LogScale { LogScale(bits: 5) }

  /// Steps by the place of their tokens on the scale, as far as there were any.
  public private(set) var steps: [Int] = []

  /// No steps.
  public init() {}

  /// Adds `count` steps of so many tokens.
  public mutating func add(tokens: Int, count: Int) {
    let place = Self.scale.place(tokens)
    while steps.count <= place { steps.append(0) }
    steps[place] += count
  }

  /// Adds the steps of `other`.
  public mutating func add(_ other: StepTokens) {
    while steps.count < other.steps.count { steps.append(0) }
    for (place, count) in other.steps.enumerated() { steps[place] += count }
  }

  /// The sum of `value` of each step's tokens over all steps. Complexity: O(places).
  func sum(_ value: (Int) -> Double) -> Double {
    var sum = 0.0
    for (place, count) in steps.enumerated() where count > 0 { sum += Double(count) * value(Self.scale.value(place)) }
    return sum
  }
}
