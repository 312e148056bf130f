import Kernel
import Units

/// A generator whose statistics are near a trace's, and how it was chosen.
public struct WorkloadFit: Hashable, Sendable {
  /// A trace that no generator can be fitted to.
  public enum Fault: Error, Hashable, Sendable {
    /// It has fewer than ``least`` requests.
    case tooFew(Int)
    /// Its requests have no arrivals, or all come at one moment.
    case noArrivals
  }

  /// Fewest requests of a trace that is fitted.
  public static let least = 20
  /// Requests that are generated to compare with a trace: as many as it has, but no fewer and no more than these, nor
  /// more than come within ``longest``.
  public static let drawn = 200_000...1_000_000
  /// The longest time that is generated: 50 days.
  public static let longest = Interval.seconds(50 * 86_400)
  /// Lengths whose ranks correlate by less than this are drawn independently of each other.
  public static let correlationLimit = 0.1

  /// Requests of the generator: those of the trace, or as many as come within ``longest``.
  public let requests: Int
  /// The laws of arrivals that were tried, in the order of the simplest first.
  public let candidates: [ArrivalCandidate]
  /// The law that was chosen: the simplest whose distance is within 0.05 + 2 / sqrt(requests) of the least, so that what
  /// may be chance chooses nothing.
  public let arrivals: ArrivalCandidate
  /// The rate of the trace.
  public let rate: Rate
  /// The lengths.
  public let lengths: FittedLengths

  /// The fit to a trace.
  ///
  /// Complexity: that of generating each candidate once.
  /// - Throws: ``Fault``.
  public init(_ profile: TraceProfile) throws(Fault) {
    guard profile.requests >= Self.least else { throw .tooFew(profile.requests) }
    guard profile.facts.hasArrivals, profile.rate.value >= 1e-6 else { throw .noArrivals }
    requests = min(profile.requests, Self.most(profile.rate))
    rate = Rate(profile.rate.value.rounded(digits: 6))
    lengths = FittedLengths(profile)
    let tried = ArrivalCandidate.all(for: profile).map { $0.measured(against: profile) }
    let chance = 0.05 + 2 / Double(profile.requests).squareRoot()
    let nearest = tried.map(\.distance).min() ?? 0
    candidates = tried
    arrivals = tried.first { $0.distance <= nearest + chance } ?? tried[0]
  }

  /// The generator.
  public var generator: Generator {
    Generator(arrivals: arrivals.process, lengths: lengths.law, extent: .requests(requests))
  }

  /// The profile of what the generator draws, of as many requests as ``drawn`` says.
  /// - Throws: `Generator.Fault`.
  public func generated(seed: UInt64 = 1) throws(Generator.Fault) -> TraceProfile {
    var part = generator
    part.extent = .requests(Self.count(requests, rate))
    return TraceProfile(try part.trace(seed: seed))
  }

  /// Requests that come within ``longest`` at a rate.
  private static func most(_ rate: Rate) -> Int { Int(min(1e9, rate.value * longest.seconds)) }

  /// Requests that are generated for a trace of so many.
  static func count(_ requests: Int, _ rate: Rate) -> Int {
    max(1, min(drawn.upperBound, max(drawn.lowerBound, requests), most(rate)))
  }
}

extension TraceProfile {
  /// Whether the clock is fine enough for windows of `seconds` to tell anything.
  func tells(_ seconds: Double) -> Bool { seconds >= 10 * (coarseClock?.seconds ?? 0) }
}
