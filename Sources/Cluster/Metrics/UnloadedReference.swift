import Models
import Units
import Workload

/// The latencies of a request that has a reference engine to itself, in seconds.
public struct UnloadedLatency: Hashable, Sendable {
  /// Time to the first token.
  public var ttft: Double
  /// Mean time between later tokens.
  public var tpot: Double
  /// Time to the last token.
  public var e2e: Double

  /// Latencies in seconds.
  public init(ttft: Double, tpot: Double, e2e: Double) {
    self.ttft = ttft
    self.tpot = tpot
    self.e2e = e2e
  }
}

/// The latencies of a request on an unloaded reference.
public typealias UnloadedReference = @Sendable (Request) -> UnloadedLatency

extension StepCost {
  /// The latencies of lone requests on this engine: the prompt in one step, then every token at the time of the
  /// decode step in the middle of the output.
  ///
  /// The middle step is the mean step where time is a straight line in the context, which it is under one roof.
  /// Each latency counts all stages. Complexity of a call: O(terms).
  public var unloadedReference: UnloadedReference {
    { request in
      func seconds(_ shape: StepShape) -> Double {
        (0..<stageCount).reduce(0) { $0 + interval(of: shape, stage: $1).seconds }
      }
      let (prompt, output) = (Int(request.promptTokens), Int(request.outputTokens))
      var prefill = StepShape(window: window)
      prefill.addChunk(tokens: prompt, cached: 0, last: true)
      let ttft = seconds(prefill)
      let tpot = seconds(StepShape(decodes: 1, context: prompt + output / 2, window: window))
      return UnloadedLatency(ttft: ttft, tpot: tpot, e2e: ttft + tpot * Double(output - 1))
    }
  }
}
