import Kernel
import Units

/// How requests come in: the times between them are drawn independently, each for its own request.
public enum ArrivalProcess: Hashable, Sendable {
  /// One every 1 / rate, the first at 0.
  case constant(Rate)
  /// Memoryless.
  case poisson(Rate)
  /// Gaps of a gamma law with this coefficient of variation: above 1 burstier than memoryless, below 1 steadier.
  case gamma(Rate, variation: Double)
  /// Gaps of a measured law, given by its quantiles from probability 0 to 1 in any unit and scaled to the rate.
  case measured(Rate, gaps: [Quantiles.Point])

  /// Requests per second.
  public var rate: Rate {
    switch self {
    case .constant(let rate), .poisson(let rate), .gamma(let rate, _), .measured(let rate, _): rate
    }
  }
}

/// An arrival process whose parameters are checked, ready to draw from.
struct GapSampler {
  private enum Law {
    case constant
    case poisson(Exponential)
    case gamma(Gamma)
    case measured(Quantiles, scale: Double)
  }

  private let law: Law
  private let rate: Double
  private let family: RandomFamily

  init(_ process: ArrivalProcess, seed: UInt64) throws(Generator.Fault) {
    rate = process.rate.value
    guard rate >= 1e-6, rate <= 1e9 else { throw .badRate(rate) }
    let mean = 1 / rate
    family = RandomFamily(seed: seed, consumer: .arrival)
    switch process {
    case .constant:
      law = .constant
    case .poisson:
      guard let exponential = Exponential(mean: mean) else { throw .badRate(rate) }
      law = .poisson(exponential)
    case .gamma(_, let variation):
      guard variation >= 0.01, variation <= 10, let gamma = Gamma(mean: mean, variation: variation) else {
        throw .badVariation(variation)
      }
      law = .gamma(gamma)
    case .measured(_, let points):
      guard let gaps = Quantiles(points), gaps.points[0].value >= 0, gaps.mean > 0 else { throw .badTable("gaps") }
      law = .measured(gaps, scale: mean / gaps.mean)
    }
  }

  /// The arrival of request `index` after one at `previous`; nil beyond `Request.latestArrival`.
  func arrival(_ index: Int, after previous: Int64) -> Int64? {
    var stream = family.stream(UInt64(index))
    switch law {
    case .constant: return Self.bounded(Interval(seconds: Double(index) / rate), after: 0)
    case .poisson(let law): return Self.bounded(Interval(seconds: law.draw(from: &stream)), after: previous)
    case .gamma(let law): return Self.bounded(Interval(seconds: law.draw(from: &stream)), after: previous)
    case .measured(let law, let scale):
      return Self.bounded(Interval(seconds: law.draw(from: &stream) * scale), after: previous)
    }
  }

  private static func bounded(_ gap: Interval?, after previous: Int64) -> Int64? {
    guard let gap, gap.picoseconds <= Request.latestArrival.picoseconds - previous else { return nil }
    return previous + gap.picoseconds
  }
}
