import Kernel
import Scenario
import Units

/// The one number that a claim makes of the figures of its variants.
struct ClaimFigure {
  let claim: Claim
  let variants: [String: VariantFigures]

  /// The number; nil where something was not measured, or cannot be divided by.
  /// - Throws: a `Diagnostic` where a figure has a name that no result has.
  func value() throws(Diagnostic) -> Double? {
    let of = try figures(claim.of, claim.measure)
    let over = try figures(claim.over, claim.overMeasure)
    guard let of, let over else { return nil }
    guard let comparison = claim.comparison else { return taken(of) }
    if comparison == .recovery {
      guard over.count == 2, let figure = of.first, over[0] != over[1] else { return nil }
      return (over[0] - figure) / (over[0] - over[1])
    }
    if claim.taking?.isPosition ?? false {
      guard let a = taken(of), let b = taken(over) else { return nil }
      return compared(a, b, comparison)
    }
    var pairs: [Double] = []
    for (index, figure) in of.enumerated() {
      guard let pair = compared(figure, over.count == 1 ? over[0] : over[index], comparison) else { return nil }
      pairs.append(pair)
    }
    return taken(pairs)
  }

  private func figures(_ names: [String], _ measure: Claim.Measure) throws(Diagnostic) -> [Double]? {
    var all: [Double] = []
    var isWhole = true
    for name in names {
      guard let value = try variants[name]?.value(measure, variant: name, place: claim.place) else {
        isWhole = false
        continue
      }
      all.append(value)
    }
    return isWhole ? all : nil
  }

  private func compared(_ figure: Double, _ other: Double, _ comparison: Claim.Comparison) -> Double? {
    if comparison == .difference { return figure - other }
    guard other != 0 else { return nil }
    return comparison == .saving ? 1 - figure / other : figure / other
  }

  /// What is taken of figures, at least one; nil where it does not exist.
  private func taken(_ figures: [Double]) -> Double? {
    let steps = zip(figures, figures.dropFirst())
    switch claim.taking {
    case nil: return figures.first
    case .mean: return figures.reduce(0, +) / Double(figures.count)
    case .geomean:
      guard figures.allSatisfy({ $0 > 0 }) else { return nil }
      return Elementary.exp(figures.reduce(0) { $0 + Elementary.log($1) } / Double(figures.count))
    case .least: return figures.min()
    case .greatest: return figures.max()
    case .spread: return divided(figures.max(), by: figures.min())
    case .rising: return least(steps.map { divided($1, by: $0) })
    case .falling: return least(steps.map { divided($0, by: $1) })
    case .linear: return linearity(figures)
    case .crossing: return crossing(figures)
    case .highestAt: return place(of: figures.max(), figures)
    case .lowestAt: return place(of: figures.min(), figures)
    }
  }

  private func divided(_ a: Double?, by b: Double?) -> Double? {
    guard let a, let b, b > 0 else { return nil }
    return a / b
  }

  private func least(_ ratios: [Double?]) -> Double? {
    let known = ratios.compactMap(\.self)
    return known.count == ratios.count ? known.min() : nil
  }

  private func place(of figure: Double?, _ figures: [Double]) -> Double? {
    figures.firstIndex { $0 == figure }.map { claim.at[$0] }
  }

  /// The square of the correlation of figures with the numbers of `at`; nil where either are all equal.
  private func linearity(_ figures: [Double]) -> Double? {
    let count = Double(figures.count)
    let (meanX, meanY) = (claim.at.reduce(0, +) / count, figures.reduce(0, +) / count)
    var (xx, xy, yy) = (0.0, 0.0, 0.0)
    for (x, y) in zip(claim.at, figures) {
      xx += (x - meanX) * (x - meanX)
      xy += (x - meanX) * (y - meanY)
      yy += (y - meanY) * (y - meanY)
    }
    return xx > 0 && yy > 0 ? xy * xy / (xx * yy) : nil
  }

  /// The least number of `at` where straight lines through the figures cross the level; nil where they do not.
  private func crossing(_ figures: [Double]) -> Double? {
    guard let claimed = claim.level, let first = figures.first else { return nil }
    let level =
      switch claimed {
      case .figure(let level): level
      case .multiple(let times): first * times
      }
    if first == level { return claim.at[0] }
    for index in 1..<figures.count where (figures[index] >= level) != (figures[index - 1] >= level) {
      let share = (level - figures[index - 1]) / (figures[index] - figures[index - 1])
      return claim.at[index - 1] + share * (claim.at[index] - claim.at[index - 1])
    }
    return nil
  }
}
