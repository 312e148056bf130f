import Kernel
import Units

/// A law of arrivals with the parameters that fit a trace best, and how far what it draws is from the trace.
public struct ArrivalCandidate: Hashable, Sendable {
  /// The law's name in scenarios.
  public let name: String
  /// The process.
  public let process: ArrivalProcess
  /// The mean of the absolute logarithms of the ratios to the trace, over the variation of gaps and the dispersion of
  /// counts in each window, and the greatest distance between the distributions of gaps; what the trace's clock is too
  /// coarse to tell is left out.
  public private(set) var distance = Double.infinity

  private init(_ name: String, _ process: ArrivalProcess) {
    self.name = name
    self.process = process
  }

  /// The laws that may have made a trace, the simplest first; what a day's rhythm explains needs no chance.
  static func all(for profile: TraceProfile) -> [ArrivalCandidate] {
    let rate = Rate(profile.rate.value.rounded(digits: 6))
    var all = [ArrivalCandidate("poisson", .poisson(rate))]
    let variation = min(10, max(0.01, shortVariation(profile).rounded(digits: 4)))
    all.append(ArrivalCandidate("gamma", .gamma(rate, variation: variation)))
    all.append(ArrivalCandidate("weibull", .weibull(rate, variation: variation)))
    if let rates = hourlyRates(profile) {
      let short = min(10, max(0.1, (profile.dispersion(10) ?? 1).squareRoot().rounded(digits: 4)))
      for variation in abs(short - 1) < 0.05 ? [1] : [1, short] {
        let day = RateProfile(period: .seconds(86_400), rates: rates, variation: variation)
        all.append(ArrivalCandidate("diurnal", .diurnal(rate, day)))
      }
    }
    if let states = SwitchingFit(profile)?.states {
      all.append(ArrivalCandidate("mmpp", .switching(rate, states: states)))
    }
    return all
  }

  /// The variation of the gaps; where the clock is too coarse for gaps, that of a process with the dispersion of the
  /// shortest windows that hold ten of its steps.
  private static func shortVariation(_ profile: TraceProfile) -> Double {
    guard profile.coarseClock != nil else { return profile.gaps.variation }
    let window = TraceProfile.windows.first { profile.tells($0) && profile.dispersion($0) != nil }
    return window.flatMap { profile.dispersion($0) }.map { $0.squareRoot() } ?? profile.gaps.variation
  }

  /// The mean rate of each hour of a day from the first arrival on; nil for a trace of less than a day.
  private static func hourlyRates(_ profile: TraceProfile) -> [Double]? {
    let whole = profile.hours.dropLast()
    guard whole.count >= 24 else { return nil }
    return (0..<24).map { hour in
      let days = stride(from: hour, to: whole.count, by: 24).map { Double(whole[$0]) }
      return (days.reduce(0, +) / Double(days.count)).rounded(digits: 4)
    }
  }

  /// The candidate with its distance from `profile`: infinite where it cannot be drawn.
  func measured(against profile: TraceProfile) -> ArrivalCandidate {
    var measured = self
    let lengths = Generator.Lengths.independent(prompt: .constant(1), output: .constant(1))
    let extent = Generator.Extent.requests(WorkloadFit.count(profile.requests, profile.rate))
    guard let trace = try? Generator(arrivals: process, lengths: lengths, extent: extent).trace(seed: 1) else {
      return measured
    }
    let drawn = TraceProfile(trace)
    var ratios = TraceProfile.windows.filter(profile.tells).compactMap { window -> Double? in
      guard let theirs = profile.dispersion(window), let ours = drawn.dispersion(window), theirs > 0, ours > 0 else {
        return nil
      }
      return abs(Elementary.log(ours / theirs))
    }
    var distance = 0.0
    if profile.coarseClock == nil {
      if profile.gaps.variation > 0, drawn.gaps.variation > 0 {
        ratios.append(abs(Elementary.log(drawn.gaps.variation / profile.gaps.variation)))
      }
      distance = profile.gaps.distance(to: drawn.gaps)
    }
    measured.distance = distance + (ratios.isEmpty ? 0 : ratios.reduce(0, +) / Double(ratios.count))
    return measured
  }
}

extension Double {
  /// The number with so many significant digits, whole where it has more before the point.
  func rounded(digits: Int) -> Double {
    guard self != 0, isFinite else { return self }
    var (scale, least) = (1.0, 1.0)
    for _ in 1..<digits { least *= 10 }
    while magnitude * scale < least, scale < 1e15 { scale *= 10 }
    return (self * scale).rounded() / scale
  }
}
