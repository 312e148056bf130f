import Units

/// The times of a request that has an engine to itself, summed step by step once and then looked up.
///
/// Exact: equal to serving the request alone with whole-prompt prefill, tokens of one sequence going through all
/// stages before the next. Complexity: O(longest context) to build, O(stages * terms) for the first token and O(1)
/// for the rest.
public struct LoneRequest: Sendable {
  private let cost: StepCost
  /// Picoseconds of the decode steps that read contexts up to the index.
  private let decodeEnds: [Int64]

  /// Longest context that can be asked for.
  public var maxContext: Int { decodeEnds.count - 1 }

  /// Times on `cost` for contexts up to `maxContext` tokens, prompt and output together.
  public init(_ cost: StepCost, maxContext: Int) {
    self.cost = cost
    var ends: [Int64] = [0]
    ends.reserveCapacity(maxContext + 1)
    var now: Int64 = 0
    for context in 1..<max(1, maxContext) + 1 {
      let shape = StepShape(decodes: 1, context: context)
      for stage in 0..<cost.stageCount { now += cost.interval(of: shape, stage: stage).picoseconds }
      ends.append(now)
    }
    decodeEnds = ends
  }

  /// From arrival to first token of a prompt of at least 1 token.
  public func timeToFirstToken(prompt: Int) -> Interval {
    var shape = StepShape()
    shape.addChunk(tokens: prompt, cached: 0, last: true)
    return (0..<cost.stageCount).reduce(.zero) { $0 + cost.interval(of: shape, stage: $1) }
  }

  /// From first to last token of `output` tokens after `prompt` tokens, of which prompt + output - 1 are at most
  /// `maxContext`; zero for one token.
  public func decodeTime(prompt: Int, output: Int) -> Interval {
    guard output > 1 else { return .zero }
    return Interval(picoseconds: decodeEnds[prompt + output - 1] - decodeEnds[prompt])
  }

  /// The mean seconds between tokens; zero for one token.
  public func timePerOutputToken(prompt: Int, output: Int) -> Seconds {
    output > 1 ? Seconds(decodeTime(prompt: prompt, output: output).seconds / Double(output - 1)) : Seconds(0)
  }

  /// From arrival to last token.
  public func endToEnd(prompt: Int, output: Int) -> Interval {
    timeToFirstToken(prompt: prompt) + decodeTime(prompt: prompt, output: output)
  }
}
