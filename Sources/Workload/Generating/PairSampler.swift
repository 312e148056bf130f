import Kernel

/// Lengths whose parameters are checked, ready to draw from.
enum PairSampler {
  case independent(LengthSampler, LengthSampler)
  case paired([Request], RandomFamily)
  case weighted([LengthPair], Discrete, RandomFamily)

  init(_ lengths: Generator.Lengths, seed: UInt64) throws(Generator.Fault) {
    switch lengths {
    case .independent(let prompt, let output):
      self = .independent(
        try LengthSampler(prompt, .promptLength, seed: seed), try LengthSampler(output, .outputLength, seed: seed))
    case .paired(let requests):
      guard !requests.isEmpty else { throw .badTable("pairs") }
      self = .paired(requests, RandomFamily(seed: seed, consumer: .promptLength))
    case .weighted(let pairs):
      let range = 1...Request.tokenLimit
      guard let choice = Discrete(weights: pairs.map(\.weight)),
        pairs.allSatisfy({ range ~= $0.prompt && range ~= $0.output })
      else { throw .badTable("pairs") }
      self = .weighted(pairs, choice, RandomFamily(seed: seed, consumer: .promptLength))
    }
  }

  /// The lengths of one subject.
  func lengths(_ subject: Int) -> (prompt: Int32, output: Int32) {
    switch self {
    case .independent(let prompt, let output):
      return (prompt.length(subject), output.length(subject))
    case .paired(let requests, let family):
      var stream = family.stream(UInt64(subject))
      let request = requests[Int(stream.below(UInt64(requests.count)))]
      return (request.promptTokens, request.outputTokens)
    case .weighted(let pairs, let choice, let family):
      var stream = family.stream(UInt64(subject))
      let pair = pairs[choice.draw(from: &stream)]
      return (pair.prompt, pair.output)
    }
  }

  /// The output of sample `sample` of `count` of prompt `subject`; that of the prompt where lengths are joint.
  func output(_ subject: Int, sample: Int, of count: Int) -> Int32 {
    guard case .independent(_, let output) = self else { return lengths(subject).output }
    return output.length(subject * count + sample)
  }
}
