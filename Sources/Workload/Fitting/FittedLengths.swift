import Kernel

/// Laws of the lengths of a trace's requests.
public enum FittedLengths: Hashable, Sendable {
  /// Quantiles of each, for lengths that do not correlate.
  case quantiles(prompt: [Quantiles.Point], output: [Quantiles.Point])
  /// Pairs of both with their weights.
  case pairs([LengthPair])

  /// The probabilities whose quantiles are taken.
  public static let probabilities =
    [0, 0.01, 0.02] + (1...18).map { Double($0) / 20 } + [0.95, 0.96, 0.97, 0.98, 0.99, 0.995, 0.999, 0.9995, 1]
  /// Groups of prompts, and of outputs within each.
  private static let groups = (prompts: 24, outputs: 12)

  /// The laws for a trace: pairs where the ranks of prompt and output correlate by ``WorkloadFit/correlationLimit``.
  init(_ profile: TraceProfile) {
    if let correlation = profile.pairs.rankCorrelation, abs(correlation) >= WorkloadFit.correlationLimit {
      self = .pairs(Self.pairs(profile.pairs.pairs))
    } else {
      self = .quantiles(prompt: Self.points(profile.prompts), output: Self.points(profile.outputs))
    }
  }

  private static func points(_ table: CountTable) -> [Quantiles.Point] {
    zip(probabilities, table.quantiles(probabilities)).map { Quantiles.Point($0, Double($1)) }
  }

  /// The means of equal groups: prompts in order, and the outputs of each group of prompts in order.
  private static func pairs(_ sample: [PairSample.Pair]) -> [LengthPair] {
    func parts(_ pairs: [PairSample.Pair], _ count: Int) -> [ArraySlice<PairSample.Pair>] {
      let count = min(count, pairs.count)
      return (0..<count).map { pairs[$0 * pairs.count / count..<($0 + 1) * pairs.count / count] }
    }
    var found: [LengthPair] = []
    for group in parts(sample.sorted { ($0.prompt, $0.output) < ($1.prompt, $1.output) }, groups.prompts) {
      for cell in parts(group.sorted { ($0.output, $0.prompt) < ($1.output, $1.prompt) }, groups.outputs) {
        func mean(_ tokens: (PairSample.Pair) -> Int32) -> Int32 {
          let sum = cell.reduce(0) { $0 + Int(tokens($1)) }
          return Int32((Double(sum) / Double(cell.count)).rounded())
        }
        let pair = LengthPair(prompt: mean(\.prompt), output: mean(\.output), weight: Double(cell.count))
        if let last = found.last, last.prompt == pair.prompt, last.output == pair.output {
          found[found.count - 1].weight += pair.weight
        } else {
          found.append(pair)
        }
      }
    }
    return found
  }

  /// The laws as a generator takes them.
  public var law: Generator.Lengths {
    switch self {
    case .quantiles(let prompt, let output): .independent(prompt: .quantiles(prompt), output: .quantiles(output))
    case .pairs(let pairs): .weighted(pairs)
    }
  }
}
