import Cluster
import Histogram
import Units

/// What the reference found: the stamps of every request, every gap, and how often the interesting things occurred.
public struct ReferenceResult: Sendable {
  /// Stamps, preemptions and replicas of each request.
  public var outcomes: Outcomes
  /// When each request arrived; empty where all arrived when the workload says.
  public var arrivals: [Instant] = []
  /// How many gaps of each length in picoseconds there were.
  public var gaps: [Int64: Int] = [:]
  /// What the prefix cache of each replica did.
  public var prefixes: [PrefixTotals] = []
  /// How often what occurred.
  public var counts = ReferenceCounts()

  /// The gaps as the fast core records them: whole nanoseconds, at least 1, to 3 significant digits.
  public var histogram: Histogram<UInt64> {
    var histogram = Histogram<UInt64>(
      highestTrackableValue: 3_600_000_000_000, numberOfSignificantValueDigits: .three)
    for (gap, count) in gaps { histogram.record(UInt64(gap / 1000), count: UInt64(count)) }
    return histogram
  }
}

/// How often the things occurred that make a serving process hard to get right.
public struct ReferenceCounts: Hashable, Sendable {
  /// Instants at which two things happen of which one at least is a step end or a landing.
  public var ties = 0
  /// Instants at which a request arrives and a step ends.
  public var arrivalTies = 0
  /// Arrivals and landings that reach a lane whose decode run would go on for two more steps or more.
  public var earlyCuts = 0
  /// Preemptions by recomputation, chunked prompts included.
  public var preemptions = 0
  /// Preemptions of a prompt in the middle of its chunks.
  public var chunkPreemptions = 0
  /// Preemptions by swapping.
  public var swaps = 0
  /// Layer-wise transfers.
  public var layerwiseTransfers = 0
  /// Serialized transfers.
  public var serializedTransfers = 0
  /// Transfers that could not begin when they joined the inbound queue.
  public var destinationWaits = 0
  /// Prompts whose chunks spanned several steps.
  public var chunkedPrompts = 0
  /// Starts that lacked blocks for the running sequences.
  public var growthFailures = 0
  /// Starts that preempted all they would have computed.
  public var emptiedStarts = 0
  /// Admissions that found some of their prompt.
  public var prefixesFound = 0
  /// Admissions that found an entry of use in part or not at all.
  public var prefixCopies = 0
  /// Requests that arrived when the next step was composed already.
  public var late = 0
  /// Rejected requests.
  public var rejected = 0
  /// Requests that arrived after another had ended.
  public var followers = 0
  /// Requests that went before others which had waited longer.
  public var overtakings = 0
  /// Steps.
  public var steps = 0

  /// Nothing yet.
  public init() {}

  /// Transfers of either kind.
  public var transfers: Int { layerwiseTransfers + serializedTransfers }

  /// The counts with their names.
  public var words: String { Self.columns.map { "\($0.name) \($0.value(self))" }.joined(separator: ", ") }

  /// The counts by name.
  private static let columns: [(name: String, value: @Sendable (Self) -> Int)] = [
    ("ties", { $0.ties }), ("arrival ties", { $0.arrivalTies }), ("early cuts", { $0.earlyCuts }),
    ("preemptions", { $0.preemptions }), ("of chunks", { $0.chunkPreemptions }), ("swaps", { $0.swaps }),
    ("layerwise", { $0.layerwiseTransfers }), ("serialized", { $0.serializedTransfers }),
    ("waits", { $0.destinationWaits }), ("chunked", { $0.chunkedPrompts }),
    ("growth failures", { $0.growthFailures }), ("emptied", { $0.emptiedStarts }), ("rejected", { $0.rejected }),
    ("followers", { $0.followers }), ("overtakings", { $0.overtakings }), ("prefixes found", { $0.prefixesFound }),
    ("in part", { $0.prefixCopies }), ("steps", { $0.steps }),
  ]

  /// Adds the counts of another run.
  public mutating func add(_ other: Self) {
    ties += other.ties
    arrivalTies += other.arrivalTies
    earlyCuts += other.earlyCuts
    preemptions += other.preemptions
    chunkPreemptions += other.chunkPreemptions
    swaps += other.swaps
    layerwiseTransfers += other.layerwiseTransfers
    serializedTransfers += other.serializedTransfers
    destinationWaits += other.destinationWaits
    chunkedPrompts += other.chunkedPrompts
    growthFailures += other.growthFailures
    emptiedStarts += other.emptiedStarts
    rejected += other.rejected
    followers += other.followers
    overtakings += other.overtakings
    prefixesFound += other.prefixesFound
    prefixCopies += other.prefixCopies
    steps += other.steps
  }
}
