import Units

/// What a trace looks like: its rate, its burstiness and its lengths.
public struct TraceStatistics: Hashable, Sendable {
  /// Requests.
  public let requests: Int
  /// From the first arrival to the last, of requests that follow no other.
  public let span: Interval
  /// Gaps of independent requests per second of the span; 0 for fewer than two arrivals.
  public let rate: Rate
  /// Standard deviation of the gaps between arrivals over their mean; 0 for fewer than two arrivals.
  public let gapVariation: Double
  /// Tokens of all prompts.
  public let promptTokens: Int
  /// Tokens of all outputs.
  public let outputTokens: Int
  private let prompts: [Int32]
  private let outputs: [Int32]

  /// The statistics of `trace`. Complexity: O(n log n).
  public init(_ trace: Trace) {
    let requests = trace.requests
    self.requests = requests.count
    prompts = requests.map(\.promptTokens).sorted()
    outputs = requests.map(\.outputTokens).sorted()
    promptTokens = prompts.reduce(0) { $0 + Int($1) }
    outputTokens = outputs.reduce(0) { $0 + Int($1) }
    // Requests that follow others have no arrivals of their own.
    let arrivals = requests.prefix(trace.independentCount)
    guard let first = arrivals.first, let last = arrivals.last, last.arrival > first.arrival else {
      span = .zero
      rate = Rate(0)
      gapVariation = 0
      return
    }
    span = last.arrival - first.arrival
    let mean = span.seconds / Double(arrivals.count - 1)
    let squares = zip(arrivals, arrivals.dropFirst()).reduce(0.0) { sum, pair in
      let deviation = (pair.1.arrival - pair.0.arrival).seconds - mean
      return sum + deviation * deviation
    }
    rate = Rate(1 / mean)
    gapVariation = (squares / Double(arrivals.count - 1)).squareRoot() / mean
  }

  /// Mean tokens of a prompt; 0 without requests.
  public var meanPrompt: Double { requests > 0 ? Double(promptTokens) / Double(requests) : 0 }
  /// Mean tokens of an output; 0 without requests.
  public var meanOutput: Double { requests > 0 ? Double(outputTokens) / Double(requests) : 0 }

  /// The shortest prompt that a fraction of the prompts does not exceed; nil without requests.
  public func promptQuantile(_ fraction: Double) -> Int? { Self.quantile(prompts, fraction) }
  /// The shortest output that a fraction of the outputs does not exceed; nil without requests.
  public func outputQuantile(_ fraction: Double) -> Int? { Self.quantile(outputs, fraction) }

  private static func quantile(_ sorted: [Int32], _ fraction: Double) -> Int? {
    guard !sorted.isEmpty else { return nil }
    let rank = (fraction * Double(sorted.count) * (1 - 1e-12)).rounded(.up)
    return Int(sorted[min(sorted.count - 1, max(0, Int(rank) - 1))])
  }
}
