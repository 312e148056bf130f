import Units

/// One request of a workload: when it arrives, how long its prompt is and how many tokens it will generate.
public struct Request: Hashable, Sendable {
  /// Most tokens that a prompt or an output may have: 2^24, well above any model's context, so that sums over a
  /// workload and query-key pairs of a step stay within 64 bits.
  public static let tokenLimit: Int32 = 1 << 24
  /// Latest arrival: 2^62 ps (53 days), so that the clock has as long again to serve what arrived last.
  public static let latestArrival = Instant(picoseconds: 1 << 62)

  /// When the request reaches the cluster.
  public var arrival: Instant
  /// Tokens of the prompt, at least 1.
  public var promptTokens: Int32
  /// Tokens that will be generated, at least 1; no policy sees it.
  public var outputTokens: Int32

  /// A request; both token counts at least 1.
  @inlinable
  public init(arrival: Instant, promptTokens: Int32, outputTokens: Int32) {
    self.arrival = arrival
    self.promptTokens = promptTokens
    self.outputTokens = outputTokens
  }
}
