import Kernel
import Units

/// How requests come in; every draw is keyed by what it is for, so that none depends on the order of drawing.
public enum ArrivalProcess: Hashable, Sendable {
  /// One every 1 / rate, the first at 0.
  case constant(Rate)
  /// Memoryless.
  case poisson(Rate)
  /// Gaps of a gamma law with this coefficient of variation: above 1 burstier than memoryless, below 1 steadier.
  case gamma(Rate, variation: Double)
  /// Gaps of a Weibull law with this coefficient of variation; its tail is longer than the gamma law's above 1.
  case weibull(Rate, variation: Double)
  /// Gaps of a measured law, given by its quantiles from probability 0 to 1 in any unit and scaled to the rate.
  case measured(Rate, gaps: [Quantiles.Point])
  /// Memoryless at a rate that changes between states for times drawn from exponential laws: a Markov-modulated Poisson
  /// process of this mean rate over all states.
  case switching(Rate, states: [RateState])
  /// At a rate that follows a profile over and over, of this mean rate over a period.
  case diurnal(Rate, RateProfile)
  /// Users who wait for their answer and think before they ask again: the rate follows from how they are served.
  case closedLoop(ClosedLoop)

  /// Requests per second; nil where it follows from how they are served.
  public var rate: Rate? {
    switch self {
    case .constant(let rate), .poisson(let rate), .gamma(let rate, _), .weibull(let rate, _), .measured(let rate, _),
      .switching(let rate, _), .diurnal(let rate, _):
      rate
    case .closedLoop: nil
    }
  }

  /// The process at another rate; itself where the rate follows from how requests are served.
  public func at(_ rate: Rate) -> ArrivalProcess {
    switch self {
    case .constant: .constant(rate)
    case .poisson: .poisson(rate)
    case .gamma(_, let variation): .gamma(rate, variation: variation)
    case .weibull(_, let variation): .weibull(rate, variation: variation)
    case .measured(_, let gaps): .measured(rate, gaps: gaps)
    case .switching(_, let states): .switching(rate, states: states)
    case .diurnal(_, let profile): .diurnal(rate, profile)
    case .closedLoop: self
    }
  }
}

/// A state of a process whose rate changes.
public struct RateState: Hashable, Sendable {
  /// Most states of a process.
  public static let limit = 16

  /// The rate in this state in any unit: only what the states' rates are to each other counts. Not negative.
  public var multiple: Double
  /// The mean time that the process stays, from 10 ms to 31 days.
  public var dwell: Interval

  /// A state.
  public init(multiple: Double, dwell: Interval) {
    self.multiple = multiple
    self.dwell = dwell
  }
}

/// A rate that repeats itself, as that of a day.
public struct RateProfile: Hashable, Sendable {
  /// Most parts of a period.
  public static let limit = 1440

  /// The length of the period, from 1 s to 31 days.
  public var period: Interval
  /// The rate in each of its equal parts, in any unit: only what they are to each other counts.
  public var rates: [Double]
  /// The coefficient of variation of the gaps, where a gap is counted in requests expected at the rate of the moment;
  /// 1 makes the process memoryless.
  public var variation: Double
  /// Where in the period the workload begins.
  public var start: Interval

  /// A profile.
  public init(period: Interval, rates: [Double], variation: Double = 1, start: Interval = .zero) {
    self.period = period
    self.rates = rates
    self.variation = variation
    self.start = start
  }
}

/// Users who each have one request at a time.
public struct ClosedLoop: Hashable, Sendable {
  /// How many, from 1 to a million.
  public var users: Int
  /// How long each thinks before the first request and after every answer.
  public var think: TimeLaw

  /// Users.
  public init(users: Int, think: TimeLaw) {
    self.users = users
    self.think = think
  }
}
