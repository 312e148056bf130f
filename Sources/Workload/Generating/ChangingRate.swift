import Kernel
import Units

/// A rate that changes from piece to piece of time: what a process of one request a unit is stretched by.
struct ChangingRate {
  private enum Pieces {
    /// One after another, over and over, each of so many picoseconds; the workload begins `start` into them.
    case repeated([Double], width: Double, start: Int64)
    /// For times drawn anew.
    case switching([Double], dwells: [Exponential], first: Discrete, RandomFamily)
  }

  private let pieces: Pieces
  /// Expected requests of a period and its picoseconds; nil where nothing repeats.
  private let period: (requests: Double, picoseconds: Int64)?
  /// The number of the piece, from 0 at the beginning of a period.
  private var piece: Int
  /// The state, where there are states.
  private var state = 0
  /// Requests a second in this piece.
  private var rate = 0.0
  /// Where it ends, in picoseconds.
  private var end: Int64 = 0

  /// The rates of states, brought to a mean of `mean` requests a second.
  /// - Throws: ``Generator/Fault/badTable(_:)`` "states".
  init(_ states: [RateState], mean: Double, family: RandomFamily) throws(Generator.Fault) {
    let dwells = states.map(\.dwell.seconds)
    let laws = dwells.compactMap(Exponential.init(mean:))
    let average = zip(states, dwells).reduce(0) { $0 + $1.0.multiple * $1.1 } / dwells.reduce(0, +)
    guard 2...RateState.limit ~= states.count, dwells.allSatisfy({ $0 >= 0.01 && $0 <= 31 * 86_400 }),
      laws.count == states.count, states.allSatisfy({ $0.multiple >= 0 && $0.multiple <= 1e6 }), average > 0,
      let first = Discrete(weights: dwells)
    else { throw .badTable("states") }
    pieces = .switching(states.map { $0.multiple / average * mean }, dwells: laws, first: first, family)
    period = nil
    piece = 0
    enter()
  }

  /// The rates of a profile, brought to a mean of `mean` requests a second.
  /// - Throws: ``Generator/Fault/badTable(_:)`` "profile".
  init(_ profile: RateProfile, mean: Double) throws(Generator.Fault) {
    let count = profile.rates.count
    let average = profile.rates.reduce(0, +) / Double(max(1, count))
    guard 1...RateProfile.limit ~= count, profile.rates.allSatisfy({ $0 >= 0 && $0 <= 1e9 }), average > 0,
      profile.period >= .seconds(1), profile.period <= .seconds(31 * 86_400), profile.start >= .zero,
      profile.start < profile.period
    else { throw .badTable("profile") }
    let width = Double(profile.period.picoseconds) / Double(count)
    let start = profile.start.picoseconds
    pieces = .repeated(profile.rates.map { $0 / average * mean }, width: width, start: start)
    period = (mean * profile.period.seconds, profile.period.picoseconds)
    piece = Int(Double(start) / width)
    enter()
  }

  /// Goes into the piece whose number is set.
  private mutating func enter() {
    switch pieces {
    case .repeated(let rates, let width, let start):
      rate = rates[piece % rates.count]
      // Each end is rounded by itself, so that roundings do not add up.
      let ends = (Double(piece + 1) * width).rounded()
      end = ends < Double(Request.latestArrival.picoseconds) * 1.5 ? Int64(ends) - start : .max
    case .switching(let rates, let dwells, let first, let family):
      var stream = family.stream(UInt64(piece))
      state =
        piece == 0
        ? first.draw(from: &stream) : (state + 1 + Int(stream.below(UInt64(rates.count - 1)))) % rates.count
      rate = rates[state]
      end = GapSampler.moment(dwells[state].draw(from: &stream), after: end) ?? .max
    }
  }

  /// The moment at which `requests` more are expected than at `moment`, where the last call ended; nil beyond
  /// `Request.latestArrival`. Complexity: O(pieces between).
  mutating func moment(of requests: Double, after moment: Int64) -> Int64? {
    var (left, now) = (requests, moment)
    if let period, case .repeated(let rates, _, _) = pieces, left >= period.requests {
      let periods = (left / period.requests).rounded(.down)
      guard periods * Double(period.picoseconds) < Double(Request.latestArrival.picoseconds - now) else { return nil }
      left -= periods * period.requests
      now += Int64(periods) * period.picoseconds
      piece += Int(periods) * rates.count
      enter()
    }
    while true {
      let room = rate * Double(end - now) * 1e-12
      if left <= room, rate > 0 { return GapSampler.moment(left / rate, after: now) }
      guard end <= Request.latestArrival.picoseconds else { return nil }
      left -= room
      now = end
      piece += 1
      enter()
    }
  }
}
