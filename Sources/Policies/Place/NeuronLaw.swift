import Kernel

/// How often the neurons of a feed-forward block are active: the most popular always, the others by a power law.
///
/// The neuron at the share x of its block, the most popular first, is active for a token with the chance min(1, k / x^s),
/// where k makes the mean chance `active`: s = 0 makes all alike. Neurons are taken to be active independently of each
/// other and of the tokens before. Source of the shape: PowerInfer (Song et al., arXiv 2312.12456), figure 5: power laws.
struct NeuronLaw: Sendable {
  /// Equal parts of a block, the most popular first.
  private static let parts = 512

  /// The chance of each part.
  private let chances: [Double]

  /// `active` in (0, 1], `exponent` at least 0.
  init(active: Double, exponent: Double) {
    let weights = (0..<Self.parts).map {
      Elementary.exp(-exponent * Elementary.log((Double($0) + 0.5) / Double(Self.parts)))
    }
    func chances(_ factor: Double) -> [Double] { weights.map { min(1, factor * $0) } }
    guard active < 1 else {
      self.chances = [Double](repeating: 1, count: Self.parts)
      return
    }
    // The mean grows with the factor, and is 1 at the latest where the least weight, which is at least 1, has it.
    self.chances = chances(Self.root(in: 1e-12...1) { Self.mean(chances($0)) - active })
  }

  /// Shares of all neurons of a layer in a step of `tokens` tokens, each of which goes to a `share` of the experts.
  ///
  /// - Parameters:
  ///   - capacity: share of the neurons that memory holds.
  ///   - pinned: share of the neurons, the most popular, that never leave it.
  ///   - isDynamic: whether the others give way to what was used last; otherwise any of them stay.
  ///   - window: steps after which what was not used gives way even where there is room.
  func demand(
    tokens: Int, share: Double, capacity: Double, pinned: Double, isDynamic: Bool,
    window: Double = .infinity
  ) -> (active: Double, unpinned: Double, missed: Double) {
    let used = chances.map { 1 - Elementary.exp(Double(tokens) * Elementary.log(max(1e-300, 1 - share * $0))) }
    let active = Self.mean(used)
    let first = Int((pinned * Double(Self.parts)).rounded())
    let rest = used.dropFirst(first)
    let unpinned = rest.reduce(0, +) / Double(Self.parts)
    guard capacity < 1 || window < .infinity else { return (active, unpinned, 0) }
    let room = capacity - Double(first) / Double(Self.parts)
    guard room > 0 else { return (active, unpinned, unpinned) }
    let others = Double(rest.count) / Double(Self.parts)
    guard isDynamic else { return (active, unpinned, unpinned * (1 - room / others)) }
    // What was used within the last steps is there: as many steps as fill the room (Che et al., IEEE JSAC 20(7), 2002).
    let logs = rest.map { Elementary.log(max(1e-12, 1 - $0)) }
    func absent(_ steps: Double) -> [Double] { logs.map { Elementary.exp(steps * $0) } }
    let size = Double(Self.parts)
    let filling = Self.root(in: 1e-9...1e12) { steps in absent(steps).reduce(0) { $0 + (1 - $1) } / size - room }
    let missed = zip(rest, absent(min(filling, window))).reduce(0) { $0 + $1.0 * $1.1 } / size
    return (active, unpinned, missed)
  }

  private static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

  /// Where a growing function is 0, to 12 digits; the nearer end where it is nowhere.
  private static func root(in range: ClosedRange<Double>, _ value: (Double) -> Double) -> Double {
    var (low, high) = (range.lowerBound, range.upperBound)
    for _ in 0..<80 where high / low > 1 + 1e-12 {
      let middle = (low * high).squareRoot()
      if value(middle) < 0 { low = middle } else { high = middle }
    }
    return high
  }
}
