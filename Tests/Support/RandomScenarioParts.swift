import Cluster
import Kernel
import Models
import Units
import Workload

extension RandomStream {
  /// One of `choices`, each as likely.
  mutating func pick<T>(_ choices: [T]) -> T { choices[Int(below(UInt64(choices.count)))] }

  /// A whole number in `range`, each as likely.
  mutating func among(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(below(UInt64(range.upperBound - range.lowerBound + 1)))
  }

  /// A number in `range` with many digits.
  mutating func between(_ low: Double, _ high: Double) -> Double { low + (high - low) * uniform() }
}

/// How long the prompts and outputs of a scenario are, and how they arrive.
struct RandomLengths {
  let longestPrompt: Int
  let longestOutput: Int
  /// Mean time between arrivals in units of 100 us.
  let meanGap: Int
  let bursty: Bool
  let equal: Bool
  let onBoundary: Bool

  init(_ draw: inout RandomStream) {
    longestPrompt = draw.pick([8, 24, 60, 200])
    longestOutput = draw.pick([2, 8, 16, 24, 40])
    meanGap = draw.pick([1, 5, 10, 20, 60])
    bursty = draw.chance(0.3)
    equal = draw.chance(0.2)
    onBoundary = draw.chance(0.3)
  }

  /// Tokens of the longest sequence.
  var longest: Int { longestPrompt + longestOutput }

  /// 50 to 80 requests, in order of arrival but for those that follow others, if any do.
  func trace(_ draw: inout RandomStream, roundTimes: Bool, blockTokens: Int) -> Trace {
    var trace = Trace(requests: requests(&draw, roundTimes: roundTimes, blockTokens: blockTokens))
    guard draw.chance(0.25) else { return trace }
    let count = trace.requests.count
    var followers = Followers(independent: draw.among(1...count - 1))
    var free = Array(0..<followers.independent)
    for index in followers.independent..<count {
      followers.predecessors.append(Int32(free.remove(at: draw.among(0...free.count - 1))))
      free.append(index)
      let delay = roundTimes ? 500_000_000 * Int64(draw.among(0...3)) : Int64(draw.among(0...5_000_000_000))
      followers.delays.append(Interval(picoseconds: delay))
    }
    trace.followers = followers
    return trace
  }

  private func requests(_ draw: inout RandomStream, roundTimes: Bool, blockTokens: Int) -> [Request] {
    var now: Int64 = 0
    return (0..<draw.among(50...80)).map { _ in
      if roundTimes {
        now += 100_000_000 * Int64(draw.among(0...2 * meanGap) / 5 * 5)
      } else if !bursty || draw.chance(0.1) {
        now += Int64(draw.among(0...200_000_000)) * Int64(meanGap) * (bursty ? 10 : 1)
      }
      let prompt = equal ? longestPrompt : draw.among(1...longestPrompt)
      var output = equal ? longestOutput : draw.among(1...longestOutput)
      if onBoundary { output = (output + blockTokens) / blockTokens * blockTokens + 1 - prompt % blockTokens }
      if draw.chance(0.05) { output = 1 }
      return Request(
        arrival: Instant(picoseconds: now), promptTokens: Int32(prompt), outputTokens: Int32(max(1, output)))
    }
  }
}

extension ReferenceBatch {
  /// Any batch policy.
  static func random(_ draw: inout RandomStream, lengths: RandomLengths) -> ReferenceBatch {
    switch draw.among(0...3) {
    case 0: .prefillFirst
    case 1: .decodeFirst(decodeSteps: draw.among(1...6))
    case 2: .chunked(tokenBudget: draw.pick([1, 2, 5, 16, lengths.longestPrompt, 2 * lengths.longestPrompt]))
    default: draw.chance(0.5) ? .inFlight : .fixed
    }
  }
}

extension EngineDescription {
  /// An engine whose cache holds the longest sequence once, or a few times, or not quite.
  static func random(_ draw: inout RandomStream, lengths: RandomLengths, roundTimes: Bool) throws -> EngineDescription {
    let blockTokens = draw.pick([1, 2, 3, 4, 8, 16, 32])
    let tokens = draw.between(0.9, draw.pick([1.2, 2, 4])) * Double(lengths.longest)
    let stages = draw.pick([1, 1, 1, 1, 2, 3])
    let preemption: Preemption
    switch draw.among(0...3) {
    case 0: preemption = .swap(bandwidth: Bandwidth(1e9), latency: Seconds(roundTimes ? 0 : 3.7e-6))
    case 1: preemption = .swap(bandwidth: Bandwidth(draw.between(1e6, 1e8)), latency: Seconds(1e-4))
    default: preemption = .recompute
    }
    return EngineDescription(
      cost: roundTimes ? try .randomRound(&draw, stages: stages) : try .randomUneven(&draw, stages: stages),
      cache: KVCacheDescription(
        blockTokens: blockTokens, blocks: max(1, Int(tokens) / blockTokens), watermark: draw.among(0...2),
        bytesPerToken: roundTimes ? 1000 : draw.between(1, 5000)),
      maxSequences: draw.pick([1, 2, 4, 8, 16, 64]),
      maxBatchTokens: max(1, lengths.longestPrompt * draw.among(1...6) / 2), preemption: preemption)
  }
}

extension StepCost {
  /// Milliseconds per step and microseconds per token, so that the steps of different replicas end together.
  static func randomRound(_ draw: inout RandomStream, stages: Int) throws -> StepCost {
    try .linear(
      step: draw.pick([0.5e-3, 1e-3, 1e-3, 2e-3]), token: draw.pick([0, 0, 1e-6, 1e-5]),
      context: draw.pick([0, 0, 1e-6]), pair: draw.pick([0, 0, 1e-9]), window: .randomWindow(&draw), stages: stages,
      maxBatch: draw.pick([1, 8, 64]))
  }

  /// Coefficients with many digits; the attention has a floor that its contexts outgrow, or comes twice.
  static func randomUneven(_ draw: inout RandomStream, stages: Int) throws -> StepCost {
    try .linear(
      step: draw.between(1e-4, 3e-3), token: draw.between(1e-7, 2e-5),
      context: draw.pick([0, draw.between(1e-8, 1e-5)]),
      contextFloor: draw.pick([0, draw.between(1e-5, 1e-3)]), pair: draw.between(0, 1e-9),
      attentions: draw.among(0...2), window: .randomWindow(&draw), stages: stages, maxBatch: draw.pick([1, 8, 64]))
  }
}

extension Int {
  /// The length of an attention window among contexts of up to 240 tokens, or none.
  fileprivate static func randomWindow(_ draw: inout RandomStream) -> Int { draw.pick([0, 0, 0, 1, 3, 8, 20, 64]) }
}

extension TransferDescription {
  /// A path from much faster to much slower than a step.
  static func random(_ draw: inout RandomStream, roundTimes: Bool) -> TransferDescription {
    TransferDescription(
      bandwidth: Bandwidth(roundTimes ? draw.pick([1e6, 1e7, 1e8, 1e10]) : draw.between(3e5, 1e8)),
      latency: Seconds(roundTimes ? draw.pick([0, 1e-4, 1e-3]) : draw.between(0, 1e-4)),
      mode: draw.chance(0.5) ? .layerwise : .serialized, layers: draw.pick([1, 2, 4, 5, 80]))
  }
}
