import Kernel
import Statistics
import Testing
import Units

@testable import Workload

/// Arrival processes against their formulas, over independent seeds and with confidence intervals.
@Suite struct ArrivalTests {
  private static let short = Generator.Lengths.independent(prompt: .constant(10), output: .constant(20))

  /// Arrivals in windows of `window` seconds, `windows` of them, for one seed.
  private static func counts(_ process: ArrivalProcess, window: Double, windows: Int, seed: UInt64) throws -> [Double] {
    let extent = Generator.Extent.duration(.seconds(Int64(window) * Int64(windows)))
    let requests = try Generator(arrivals: process, lengths: short, extent: extent).trace(seed: seed).requests
    var counts = [Double](repeating: 0, count: windows)
    for request in requests { counts[Int(request.arrival.picoseconds / Int64(window * 1e12))] += 1 }
    return counts
  }

  /// Where the mean of `figure` over 60 seeds lies with a confidence of 99.99 %.
  private static func interval(_ figure: (UInt64) throws -> Double) throws -> ClosedRange<Double> {
    try #require(Summary(try (1...60).map { try figure(UInt64($0)) })).meanInterval(confidence: 0.9999)
  }

  /// Two states: 0.5 for 20 s and 4 for 5 s on average, brought to 10 /s.
  private static let switching = ArrivalProcess.switching(
    Rate(10),
    states: [RateState(multiple: 0.5, dwell: .seconds(20)), RateState(multiple: 4, dwell: .seconds(5))])

  @Test(
    arguments: [
      switching, .weibull(Rate(10), variation: 2), .weibull(Rate(10), variation: 0.4),
      .diurnal(Rate(10), RateProfile(period: .seconds(100), rates: [1, 3, 0, 4])),
      .diurnal(Rate(10), RateProfile(period: .seconds(100), rates: [1, 3, 0, 4], variation: 2, start: .seconds(30))),
      .switching(
        Rate(10),
        states: [
          RateState(multiple: 0, dwell: .seconds(3)), RateState(multiple: 1, dwell: .seconds(9)),
          RateState(multiple: 5, dwell: .seconds(2)),
        ]),
    ])
  func meanRatesAreAsAsked(_ process: ArrivalProcess) throws {
    // A thousand seconds are whole periods; the first gap after 0 weighs as any other.
    let mean = try Self.interval { seed in
      try Self.counts(process, window: 1000, windows: 1, seed: seed)[0] / 1000
    }
    #expect(mean.contains(10) && mean.upperBound - mean.lowerBound < 2, "\(mean)")
  }

  /// The variance of counts over their mean, where the mean is known to be 10 /s.
  private static func dispersion(_ process: ArrivalProcess, window: Double, seed: UInt64) throws -> Double {
    let counts = try counts(process, window: window, windows: 60, seed: seed)
    let mean = 10 * window
    return counts.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(counts.count) / mean
  }

  /// Of two states with rates a and b and dwells c and d, counts in windows of t have an index of dispersion of
  /// 1 + 2 p q (a - b)^2 / (m s) (1 - (1 - exp(-s t)) / (s t)), s = 1/c + 1/d, p = c / (c + d), q = 1 - p and
  /// m = p a + q b (W. Fischer, K. Meier-Hellstern, "The Markov-modulated Poisson process cookbook", 1993).
  @Test(arguments: [1.0, 10, 100]) func switchingRatesDisperseAsTheirFormula(_ window: Double) throws {
    let (scale, s) = (10 / 1.2, 1.0 / 20 + 1.0 / 5)
    let variance = 0.8 * 0.2 * (3.5 * scale) * (3.5 * scale)
    let expected =
      1 + 2 * variance / (10 * s) * (1 - (1 - Elementary.exp(-s * window)) / (s * window))
    let found = try Self.interval { try Self.dispersion(Self.switching, window: window, seed: $0) }
    #expect(found.contains(expected), "\(expected) is not within \(found)")
  }

  /// A renewal process of variation c has an index of dispersion of c^2 over long windows.
  @Test(
    arguments: [
      (.weibull(Rate(10), variation: 2), 4), (.weibull(Rate(10), variation: 0.5), 0.25), (.poisson(Rate(10)), 1),
      (.diurnal(Rate(10), RateProfile(period: .seconds(20), rates: [1, 3, 0, 4], variation: 2)), 4),
    ] as [(ArrivalProcess, Double)])
  func longWindowsDisperseByTheSquaredVariation(_ process: ArrivalProcess, _ expected: Double) throws {
    let found = try Self.interval { try Self.dispersion(process, window: 100, seed: $0) }
    #expect(found.lowerBound * 0.97 < expected && expected < found.upperBound * 1.03, "\(found)")
  }

  @Test func aProfileShowsInItsParts() throws {
    let process = ArrivalProcess.diurnal(
      Rate(10), RateProfile(period: .seconds(100), rates: [1, 3, 0, 4], start: .seconds(50)))
    let counts = try Self.counts(process, window: 25, windows: 400, seed: 7)
    for (part, rate) in [0.0, 20, 5, 15].enumerated() {
      let found = stride(from: part, to: counts.count, by: 4).reduce(0) { $0 + counts[$1] }
      // A hundred periods of 25 s at this rate: within 4 standard deviations of a Poisson count.
      #expect(abs(found - 2500 * rate) <= 4 * (2500 * rate).squareRoot(), "\(part): \(found)")
    }
  }

  @Test func longGapsPassWholePeriods() throws {
    // One request in some 200 periods, of which each has its requests in the second half.
    let process = ArrivalProcess.diurnal(Rate(1.0 / 2000), RateProfile(period: .seconds(10), rates: [0, 1]))
    let requests = try Generator(arrivals: process, lengths: Self.short, extent: .requests(500)).trace(seed: 1).requests
    #expect(requests.allSatisfy { $0.arrival.picoseconds % 10_000_000_000_000 >= 5_000_000_000_000 })
    let mean = (requests[499].arrival - .start).seconds / 500
    #expect(abs(mean - 2000) < 4 * 2000 / 500.0.squareRoot())
  }

  @Test func statesChangeAtTheSameMomentsWhateverTheRate() throws {
    // States are drawn by their own number, so that a run at four times the rate has its bursts where this has them.
    let states = [RateState(multiple: 0, dwell: .seconds(30)), RateState(multiple: 1, dwell: .seconds(10))]
    func busy(_ rate: Double) throws -> [Bool] {
      try Self.counts(.switching(Rate(rate), states: states), window: 10, windows: 200, seed: 3).map { $0 > 0 }
    }
    let (slow, fast) = (try busy(20), try busy(80))
    #expect(zip(slow, fast).count { $0 != $1 } <= 4 && slow.contains(true) && slow.contains(false))
  }

  @Test func whatNoProcessHasIsRefused() {
    func fault(_ process: ArrivalProcess) -> Generator.Fault? {
      do throws(Generator.Fault) {
        _ = try Generator(arrivals: process, lengths: Self.short, extent: .requests(10)).trace(seed: 1)
        return nil
      } catch { return error }
    }
    let one = RateState(multiple: 1, dwell: .seconds(1))
    #expect(fault(.weibull(Rate(1), variation: 0)) == .badVariation(0))
    #expect(fault(.switching(Rate(1), states: [one])) == .badTable("states"))
    #expect(
      fault(.switching(Rate(1), states: [one, RateState(multiple: -1, dwell: .seconds(1))])) == .badTable("states"))
    #expect(fault(.switching(Rate(1), states: [one, RateState(multiple: 1, dwell: .zero)])) == .badTable("states"))
    #expect(fault(.diurnal(Rate(1), RateProfile(period: .seconds(10), rates: []))) == .badTable("profile"))
    #expect(fault(.diurnal(Rate(1), RateProfile(period: .seconds(10), rates: [0, 0]))) == .badTable("profile"))
    #expect(
      fault(.diurnal(Rate(1), RateProfile(period: .seconds(10), rates: [1], start: .seconds(10))))
        == .badTable("profile"))
    #expect(
      fault(.diurnal(Rate(1), RateProfile(period: .seconds(10), rates: [1], variation: 11))) == .badVariation(11))
    #expect(
      fault(.switching(Rate(1e-6), states: [one, RateState(multiple: 2, dwell: .seconds(2_000_000))])) == .tooLong)
    let loop = ClosedLoop(users: 0, think: .constant(.seconds(1)))
    #expect(fault(.closedLoop(loop)) == .badPattern("there are 1 to 1,000,000 users, not 0"))
  }
}
