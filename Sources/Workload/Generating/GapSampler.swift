import Kernel
import Units

/// An arrival process whose parameters are checked, ready to draw from in order.
struct GapSampler {
  private enum Law {
    case constant
    case poisson(Exponential)
    case gamma(Gamma)
    case weibull(Weibull)
    case measured(Quantiles, scale: Double)
  }

  private let law: Law
  private let rate: Double
  private let family: RandomFamily
  /// The rate over time where it changes; gaps are counted in expected requests then.
  private var curve: ChangingRate?
  /// The last arrival, in picoseconds.
  private var previous: Int64 = 0

  /// - Throws: ``Generator/Fault`` where a parameter is out of range, or the process is a closed loop.
  init(_ process: ArrivalProcess, seed: UInt64) throws(Generator.Fault) {
    guard let wanted = process.rate?.value else { throw .badPattern("a closed loop has no arrivals of its own") }
    rate = wanted
    guard rate >= 1e-6, rate <= 1e9 else { throw .badRate(rate) }
    let mean = 1 / rate
    family = RandomFamily(seed: seed, consumer: .arrival)
    switch process {
    case .constant, .closedLoop:
      law = .constant
    case .poisson:
      law = try Self.memoryless(mean)
    case .gamma(_, let variation):
      law = try Self.gamma(mean, variation)
    case .weibull(_, let variation):
      guard variation >= 0.01, variation <= 10, let weibull = Weibull(mean: mean, variation: variation) else {
        throw .badVariation(variation)
      }
      law = .weibull(weibull)
    case .measured(_, let points):
      guard let gaps = Quantiles(points), gaps.points[0].value >= 0, gaps.mean > 0 else { throw .badTable("gaps") }
      law = .measured(gaps, scale: mean / gaps.mean)
    case .switching(_, let states):
      law = try Self.memoryless(1)
      // Requests have subjects of their own in the family; the states' draws have a family beside it.
      curve = try ChangingRate(states, mean: rate, family: family.family(0))
    case .diurnal(_, let profile):
      law = profile.variation == 1 ? try Self.memoryless(1) : try Self.gamma(1, profile.variation)
      curve = try ChangingRate(profile, mean: rate)
    }
  }

  private static func memoryless(_ mean: Double) throws(Generator.Fault) -> Law {
    guard let law = Exponential(mean: mean) else { throw .badRate(1 / mean) }
    return .poisson(law)
  }

  private static func gamma(_ mean: Double, _ variation: Double) throws(Generator.Fault) -> Law {
    guard variation >= 0.01, variation <= 10, let law = Gamma(mean: mean, variation: variation) else {
      throw .badVariation(variation)
    }
    return .gamma(law)
  }

  /// The arrival of request `index`, the next one, in picoseconds; nil beyond `Request.latestArrival`.
  mutating func next(_ index: Int) -> Int64? {
    var stream = family.stream(UInt64(index))
    let moment: Int64?
    switch law {
    case .constant: moment = Self.moment(Double(index) / rate, after: 0)
    case .poisson(let law): moment = stretched(law.draw(from: &stream))
    case .gamma(let law): moment = stretched(law.draw(from: &stream))
    case .weibull(let law): moment = stretched(law.draw(from: &stream))
    case .measured(let law, let scale): moment = stretched(law.draw(from: &stream) * scale)
    }
    guard let moment else { return nil }
    previous = moment
    return moment
  }

  private mutating func stretched(_ gap: Double) -> Int64? {
    guard curve != nil else { return Self.moment(gap, after: previous) }
    return curve?.moment(of: gap, after: previous)
  }

  /// The moment `seconds` after `previous`; nil beyond `Request.latestArrival`.
  static func moment(_ seconds: Double, after previous: Int64) -> Int64? {
    guard let gap = Interval(seconds: seconds), gap.picoseconds <= Request.latestArrival.picoseconds - previous else {
      return nil
    }
    return previous + gap.picoseconds
  }
}
