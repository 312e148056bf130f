import Units
import Workload

/// The latencies of one request that ended, in picoseconds.
public struct RequestLatency: Hashable, Sendable {
  /// From arrival to the start of the first step that computes any of the prompt.
  public var queueing: Int64
  /// From arrival to the first token.
  public var ttft: Int64
  /// (E2E - TTFT) / (output tokens - 1), to the nearest picosecond; nil for a single token.
  public var tpot: Int64?
  /// From arrival to the last token.
  public var e2e: Int64

  /// The latencies of request `index` of a run; nil where it was rejected or never ended.
  @inlinable
  public init?(_ request: Request, _ index: Int, _ outcomes: Outcomes) {
    let done = outcomes.done[index]
    guard done != Outcomes.never else { return nil }
    let arrival = request.arrival
    let first = outcomes.firstToken[index]
    queueing = (outcomes.scheduled[index] - arrival).picoseconds
    ttft = (first - arrival).picoseconds
    e2e = (done - arrival).picoseconds
    let gaps = Int64(request.outputTokens) - 1
    tpot = gaps > 0 ? ((done - first).picoseconds + gaps / 2) / gaps : nil
  }

  /// The latency that `metric` names; nil where the request has none, and for ITL, which no request has one of.
  @inlinable
  public subscript(metric: SLOMetric) -> Int64? {
    switch metric {
    case .ttft: ttft
    case .tpot: tpot
    case .itl: nil
    case .e2e: e2e
    }
  }
}
