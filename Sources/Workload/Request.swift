import Units

/// One request of a workload: when it arrives, how long its prompt is and how many tokens it will generate.
public struct Request: Hashable, Sendable {
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
