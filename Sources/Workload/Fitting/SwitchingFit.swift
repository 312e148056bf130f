import Kernel
import Units

/// Two states of a Markov-modulated Poisson process whose counts disperse over windows as those of a trace do.
///
/// The index of dispersion of counts in windows of t is 1 + a (1 - (1 - exp(-s t)) / (s t)) with a = 2 v / (m s), s the
/// sum of the rates of leaving, m the mean and v the variance of the rate over time; a and s are those of the least
/// squares of its logarithm. The share of time in the busier state is then what gives the variation of the gaps, of
/// which the square is 1 + 2 f g (b - c)^2 / (s^2 (b c + b g + c f)) for rates b and c that are left at rates f and g.
/// Source: W. Fischer, K. Meier-Hellstern, "The Markov-modulated Poisson process (MMPP) cookbook", Performance
/// Evaluation 18, 1993.
struct SwitchingFit {
  /// The calmer state and the busier one.
  let states: [RateState]

  /// The fit; nil where counts disperse no more than those of a memoryless process, or in fewer than two windows.
  init?(_ profile: TraceProfile) {
    let usable = TraceProfile.windows.filter(profile.tells).compactMap { window in
      profile.dispersion(window).flatMap { $0 > 0 ? (window: window, dispersion: $0) : nil }
    }
    guard usable.count >= 2, usable.contains(where: { $0.dispersion > 1.1 }) else { return nil }
    let mean = profile.rate.value
    let (excess, leaving) = Self.leastSquares(usable)
    // The deviation of the rate over its mean.
    let spread = (excess * leaving / (2 * mean)).squareRoot()
    guard spread > 0.01, spread.isFinite else { return nil }
    let target = profile.coarseClock == nil ? profile.gaps.variation : nil
    guard let share = Self.busyShare(spread, leaving: leaving / mean, variation: target) else { return nil }
    let odds = share / (1 - share)
    let multiples = (calm: max(0, 1 - spread * odds.squareRoot()), busy: 1 + spread / odds.squareRoot())
    let dwells = [1 / (leaving * share), 1 / (leaving * (1 - share))].map {
      min(31 * 86_400, max(0.01, $0.rounded(digits: 4)))
    }
    guard let calm = Interval(seconds: dwells[0]), let busy = Interval(seconds: dwells[1]) else { return nil }
    states = [(multiples.calm, calm), (multiples.busy, busy)].map {
      RateState(multiple: $0.rounded(digits: 4), dwell: $1)
    }
  }

  /// The excess a and the rate s of leaving, per second, whose curve is nearest: on a grid that is narrowed five times.
  private static func leastSquares(_ known: [(window: Double, dispersion: Double)]) -> (Double, Double) {
    func squares(_ excess: Double, _ leaving: Double) -> Double {
      known.reduce(0) { sum, point in
        let x = leaving * point.window
        let curve = 1 + excess * (x < 1e-4 ? x / 2 : 1 - (1 - Elementary.exp(-x)) / x)
        let off = Elementary.log(curve / point.dispersion)
        return sum + off * off
      }
    }
    // Logarithms: excess from e-7 to 12, leaving from a tenth of the shortest window to ten times the longest.
    var excess = (-7.0, 12.0)
    var leaving = (-Elementary.log(10 * known[known.count - 1].window), -Elementary.log(0.1 * known[0].window))
    var best = (0.0, 0.0)
    for _ in 0..<5 {
      var least = Double.infinity
      let steps = (0...24).map { Double($0) / 24 }
      for x in steps {
        for y in steps {
          let point = (excess.0 + (excess.1 - excess.0) * x, leaving.0 + (leaving.1 - leaving.0) * y)
          let sum = squares(Elementary.exp(point.0), Elementary.exp(point.1))
          if sum < least { (least, best) = (sum, point) }
        }
      }
      let (a, b) = ((excess.1 - excess.0) / 12, (leaving.1 - leaving.0) / 12)
      excess = (best.0 - a, best.0 + a)
      leaving = (best.1 - b, best.1 + b)
    }
    return (Elementary.exp(best.0), Elementary.exp(best.1))
  }

  /// The share of time in the busier state, of those that leave the calmer a rate of at least 0, whose gaps vary as
  /// wanted; the middle one where nobody says. `leaving` is per request.
  private static func busyShare(_ spread: Double, leaving: Double, variation: Double?) -> Double? {
    // The odds are at most 1 / spread^2.
    let most = min(0.999, 1 / (1 + spread * spread))
    guard most > 1e-6 else { return nil }
    guard let variation else { return most / 2 }
    var best: (share: Double, off: Double)?
    for step in 1...400 {
      let share = most * Double(step) / 400
      let root = (share / (1 - share)).squareRoot()
      let (busy, calm) = (1 + spread / root, max(0, 1 - spread * root))
      let (leaveBusy, leaveCalm) = (leaving * (1 - share), leaving * share)
      let apart = busy - calm
      let square =
        1 + 2 * leaveBusy * leaveCalm * apart * apart
        / (leaving * leaving * (busy * calm + busy * leaveCalm + calm * leaveBusy))
      let off = abs(Elementary.log(square / (variation * variation)))
      if off < best?.off ?? .infinity { best = (share, off) }
    }
    return best?.share
  }
}
