import Kernel
import Units

/// How long something takes in a generated workload, such as the thought between an answer and the next question.
public enum TimeLaw: Hashable, Sendable {
  /// The longest that is drawn: 1e6 s (11.6 days).
  public static let longest = Interval.seconds(1_000_000)

  /// Always the same.
  case constant(Interval)
  /// An exponential law of this mean.
  case exponential(mean: Interval)
  /// A lognormal law of this mean and coefficient of variation.
  case lognormal(mean: Interval, variation: Double)
  /// A measured law, given by its quantiles in seconds from probability 0 to 1.
  case quantiles([Quantiles.Point])
}

/// A time law whose parameters are checked, ready to draw from.
struct TimeSampler {
  private enum Law {
    case constant(Interval)
    case exponential(Exponential)
    case lognormal(LogNormal)
    case quantiles(Quantiles)
  }

  private let law: Law
  private let family: RandomFamily

  init(_ law: TimeLaw, seed: UInt64) throws(Generator.Fault) {
    family = RandomFamily(seed: seed, consumer: .think)
    let range = Interval.zero...TimeLaw.longest
    switch law {
    case .constant(let time):
      guard range ~= time else { throw .badTable("think times") }
      self.law = .constant(time)
    case .exponential(let mean):
      guard range ~= mean, let exponential = Exponential(mean: mean.seconds) else { throw .badTable("think times") }
      self.law = .exponential(exponential)
    case .lognormal(let mean, let variation):
      guard variation >= 0, variation <= 100 else { throw .badVariation(variation) }
      guard range ~= mean, let lognormal = LogNormal(mean: mean.seconds, variation: variation) else {
        throw .badTable("think times")
      }
      self.law = .lognormal(lognormal)
    case .quantiles(let points):
      guard let quantiles = Quantiles(points), let first = points.first, first.value >= 0 else {
        throw .badTable("think times")
      }
      self.law = .quantiles(quantiles)
    }
  }

  /// The time of one subject, at most ``TimeLaw/longest``.
  func time(_ subject: UInt64) -> Interval {
    var stream = family.stream(subject)
    let seconds =
      switch law {
      case .constant(let time): time.seconds
      case .exponential(let law): law.draw(from: &stream)
      case .lognormal(let law): law.draw(from: &stream)
      case .quantiles(let law): law.draw(from: &stream)
      }
    if case .constant(let time) = law { return time }
    return min(TimeLaw.longest, Interval(seconds: seconds) ?? TimeLaw.longest)
  }
}
