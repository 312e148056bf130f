/// What a random number is for: every use has streams of its own, so that adding one use leaves the others' luck alone.
///
/// The numbers are part of a run's identity: never change or reuse one.
public struct Consumer: Hashable, Sendable {
  /// The stable number.
  public let rawValue: UInt64

  /// A use with its own number; those below 1,000 are reserved for this file, a user's policies take others.
  @inlinable
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// Times between arrivals, or the thinning and scaling of a trace.
  public static let arrival = Consumer(rawValue: 1)
  /// Prompt lengths.
  public static let promptLength = Consumer(rawValue: 2)
  /// Output lengths.
  public static let outputLength = Consumer(rawValue: 3)
  /// Which session, tenant or class a request belongs to, and how long a session is.
  public static let session = Consumer(rawValue: 4)
  /// Pauses between the turns of a session.
  public static let think = Consumer(rawValue: 5)
  /// Shared prefixes and the contents of prompts.
  public static let prefix = Consumer(rawValue: 6)
  /// Routing policies.
  public static let router = Consumer(rawValue: 7)
  /// Batching policies.
  public static let batch = Consumer(rawValue: 8)
  /// Which experts a token takes.
  public static let expert = Consumer(rawValue: 9)
  /// Whether a drafted token is accepted.
  public static let acceptance = Consumer(rawValue: 10)
  /// Placement policies.
  public static let placement = Consumer(rawValue: 11)
  /// Fetching and eviction policies.
  public static let cache = Consumer(rawValue: 12)
  /// Failures and repairs.
  public static let failure = Consumer(rawValue: 13)
  /// Variation of step, transfer and disk times.
  public static let noise = Consumer(rawValue: 14)
  /// Points of sweeps and searches.
  public static let sweep = Consumer(rawValue: 15)
  /// Resampling of results.
  public static let resampling = Consumer(rawValue: 16)
  /// Generated test cases.
  public static let test = Consumer(rawValue: 17)
}
