import Kernel
import Units

/// Makes workloads: arrivals of one law, lengths of others, every draw keyed by the seed and the request's index.
///
/// So a request's lengths do not depend on the arrivals, on how many requests there are or on the order of drawing:
/// the same seed at another rate gives the same requests, closer together.
public struct Generator: Hashable, Sendable {
  /// Parameters that cannot be generated from.
  public enum Fault: Error, Hashable, Sendable {
    /// The rate is not within 1e-6 to 1e9 requests per second.
    case badRate(Double)
    /// A coefficient of variation is not within 0.01 to 10 for gaps, or 0 to 100 for lengths and times.
    case badVariation(Double)
    /// A length of the named part (prompt, output) is not within 1 to `Request.tokenLimit` tokens.
    case badLength(String, Double)
    /// The quantiles or samples of the named part (gaps, prompt, output, pairs, states, profile, turns, think times) are
    /// empty, out of order, do not span probability 0 to 1, or leave the range of what they measure.
    case badTable(String)
    /// What a request consists of does not go with the rest; why.
    case badPattern(String)
    /// The extent is not above 0, or there would be more requests than `TraceReader.rowLimit`.
    case badExtent
    /// Requests would arrive after `Request.latestArrival`.
    case tooLong
    /// Contents would have more than 2^31 - 1 blocks.
    case tooManyBlocks
  }

  /// Where a workload ends.
  public enum Extent: Hashable, Sendable {
    /// After so many requests.
    case requests(Int)
    /// Before the first request that arrives at or after this; sessions that have begun go on.
    case duration(Interval)
  }

  /// The lengths of requests.
  public enum Lengths: Hashable, Sendable {
    /// Prompt and output of their own laws, independent of each other.
    case independent(prompt: LengthLaw, output: LengthLaw)
    /// Both lengths of a request that occurred, drawn with replacement, so that what they have in common is kept.
    case paired([Request])
    /// Both lengths of one of these pairs, each as likely as its weight.
    case weighted([LengthPair])
  }

  /// What comes at each arrival.
  public enum Pattern: Hashable, Sendable {
    /// A request.
    case single
    /// So many requests of one prompt with outputs of their own; those of joint lengths are equal.
    case samples(Int)
    /// The first turn of a session; lengths are those of a turn's question and answer.
    case sessions(Sessions)
  }

  /// When requests arrive; the rate counts all requests, also further samples and turns.
  public var arrivals: ArrivalProcess
  /// How long they are.
  public var lengths: Lengths
  /// How many there are.
  public var extent: Extent
  /// What each arrival consists of.
  public var pattern = Pattern.single
  /// Tokens that all prompts begin with, besides those of ``lengths``.
  public var systemPrompt: Int32 = 0
  /// Tokens of the blocks that contents are told in; nil to tell none.
  public var blockTokens: Int?

  /// A workload to generate.
  public init(arrivals: ArrivalProcess, lengths: Lengths, extent: Extent) {
    self.arrivals = arrivals
    self.lengths = lengths
    self.extent = extent
  }

  /// The workload of `seed`.
  ///
  /// Complexity: O(requests + blocks), with O(log n) for tables of n quantiles.
  /// - Throws: ``Fault``.
  public func trace(seed: UInt64) throws(Fault) -> Trace {
    var drawing = try RequestDrawing(self, seed: seed)
    if case .closedLoop(let loop) = arrivals {
      try drawing.drawUsers(loop, seed: seed)
    } else {
      try drawing.drawArrivals(arrivals, seed: seed)
    }
    return try drawing.trace()
  }
}

/// A prompt and an output, and how likely they are.
public struct LengthPair: Hashable, Sendable {
  /// Tokens of the prompt.
  public var prompt: Int32
  /// Tokens of the output.
  public var output: Int32
  /// How likely this pair is, in any unit; not negative.
  public var weight: Double

  /// A pair.
  public init(prompt: Int32, output: Int32, weight: Double = 1) {
    self.prompt = prompt
    self.output = output
    self.weight = weight
  }
}
