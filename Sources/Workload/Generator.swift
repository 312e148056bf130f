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
    /// A coefficient of variation is not within 0.01 to 10 for gaps, or 0 to 100 for lengths.
    case badVariation(Double)
    /// A length of the named part (prompt, output) is not within 1 to `Request.tokenLimit` tokens.
    case badLength(String, Double)
    /// The quantiles or samples of the named part (gaps, prompt, output, pairs) are empty, out of order, do not span
    /// probability 0 to 1, or leave the range of what they measure.
    case badTable(String)
    /// The extent is not above 0, or there would be more requests than `TraceReader.rowLimit`.
    case badExtent
    /// Requests would arrive after `Request.latestArrival`.
    case tooLong
  }

  /// Where a workload ends.
  public enum Extent: Hashable, Sendable {
    /// After so many requests.
    case requests(Int)
    /// Before the first request that arrives at or after this.
    case duration(Interval)
  }

  /// The lengths of requests.
  public enum Lengths: Hashable, Sendable {
    /// Prompt and output of their own laws, independent of each other.
    case independent(prompt: LengthLaw, output: LengthLaw)
    /// Both lengths of a request that occurred, drawn with replacement, so that what they have in common is kept.
    case paired([Request])
  }

  /// When requests arrive.
  public var arrivals: ArrivalProcess
  /// How long they are.
  public var lengths: Lengths
  /// How many there are.
  public var extent: Extent

  /// A workload to generate.
  public init(arrivals: ArrivalProcess, lengths: Lengths, extent: Extent) {
    self.arrivals = arrivals
    self.lengths = lengths
    self.extent = extent
  }

  /// The workload of `seed`.
  ///
  /// Complexity: O(requests), with O(log n) for tables of n quantiles.
  /// - Throws: ``Fault``.
  public func trace(seed: UInt64) throws(Fault) -> Trace {
    let gaps = try GapSampler(arrivals, seed: seed)
    let draw = try PairSampler(lengths, seed: seed)
    var requests: [Request] = []
    var count = TraceReader.rowLimit
    var end = Int64.max
    switch extent {
    case .requests(let wanted):
      guard 1...TraceReader.rowLimit ~= wanted else { throw .badExtent }
      count = wanted
      requests.reserveCapacity(count)
    case .duration(let duration):
      guard duration > .zero else { throw .badExtent }
      end = duration.picoseconds
    }
    var moment: Int64 = 0
    for index in 0..<count {
      guard let next = gaps.arrival(index, after: moment) else {
        guard end <= Request.latestArrival.picoseconds else { throw .tooLong }
        break
      }
      if next >= end { break }
      moment = next
      let (prompt, output) = draw.lengths(index)
      requests.append(
        Request(arrival: Instant(picoseconds: moment), promptTokens: prompt, outputTokens: output))
    }
    if case .duration = extent, requests.count == count { throw .badExtent }
    return Trace(requests: requests)
  }
}

/// Lengths whose parameters are checked, ready to draw from.
private enum PairSampler {
  case independent(LengthSampler, LengthSampler)
  case paired([Request], RandomFamily)

  init(_ lengths: Generator.Lengths, seed: UInt64) throws(Generator.Fault) {
    switch lengths {
    case .independent(let prompt, let output):
      self = .independent(
        try LengthSampler(prompt, .promptLength, seed: seed), try LengthSampler(output, .outputLength, seed: seed))
    case .paired(let requests):
      guard !requests.isEmpty else { throw .badTable("pairs") }
      self = .paired(requests, RandomFamily(seed: seed, consumer: .promptLength))
    }
  }

  func lengths(_ index: Int) -> (prompt: Int32, output: Int32) {
    switch self {
    case .independent(let prompt, let output):
      return (prompt.length(index), output.length(index))
    case .paired(let requests, let family):
      var stream = family.stream(UInt64(index))
      let request = requests[Int(stream.below(UInt64(requests.count)))]
      return (request.promptTokens, request.outputTokens)
    }
  }
}
