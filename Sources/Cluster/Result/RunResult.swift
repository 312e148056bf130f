import Histogram
import Models
import Units
import Workload

/// What happened to each request, one column per stamp, in the order of the workload.
public struct Outcomes: Hashable, Sendable {
  /// The stamp of something that never happened.
  public static let never = Instant(picoseconds: -1)

  /// Start of the first step that computes any of the prompt; `never` where the request was rejected.
  public var scheduled: [Instant]
  /// End of the step that yields the first token.
  public var firstToken: [Instant]
  /// End of the step that yields the last token.
  public var done: [Instant]
  /// Times the request was preempted.
  public var preemptions: [Int32]
  /// Replica that prefills the request.
  public var prefillReplica: [Int32]
  /// Replica that decodes it.
  public var decodeReplica: [Int32]

  /// Outcomes from their columns, all of one length.
  public init(
    scheduled: [Instant], firstToken: [Instant], done: [Instant], preemptions: [Int32], prefillReplica: [Int32],
    decodeReplica: [Int32]
  ) {
    self.scheduled = scheduled
    self.firstToken = firstToken
    self.done = done
    self.preemptions = preemptions
    self.prefillReplica = prefillReplica
    self.decodeReplica = decodeReplica
  }

  /// Columns for `count` requests to which nothing has happened yet.
  public init(count: Int) {
    let never = Array(repeating: Self.never, count: count)
    let none = Array(repeating: Int32(-1), count: count)
    self.init(
      scheduled: never, firstToken: never, done: never, preemptions: Array(repeating: 0, count: count),
      prefillReplica: none, decodeReplica: none)
  }
}

/// Sums over all steps of an engine, from which FLOPs and bytes follow.
public struct StepTotals: Hashable, Sendable {
  /// Steps.
  public var steps = 0
  /// Steps with prefill tokens.
  public var prefillSteps = 0
  /// Steps with decoding sequences.
  public var decodeSteps = 0
  /// Steps that sampled a token.
  public var sampledSteps = 0
  /// The sum of the shapes of all steps.
  public var shape = StepShape()
  /// The tokens of the steps, where mixtures of experts make them matter; else nil.
  public var tokens: StepTokens?

  /// No steps.
  public init() {}

  /// Adds one step of `shape`.
  @inlinable
  public mutating func add(_ step: StepShape) {
    steps += 1
    if step.prefillTokens > 0 { prefillSteps += 1 }
    if step.decodes > 0 { decodeSteps += 1 }
    if step.sampled > 0 { sampledSteps += 1 }
    shape.add(step)
    tokens?.add(tokens: step.tokens, count: 1)
  }

  /// Adds `count` decode-only steps, the first of which is that of `run`.
  @inlinable
  public mutating func add(_ run: DecodeRun, steps count: Int) {
    steps += count
    decodeSteps += count
    sampledSteps += count
    shape.add(run, steps: count)
    tokens?.add(tokens: run.batch, count: count)
  }
}

/// Used blocks of a replica at a moment.
public struct OccupancySample: Hashable, Sendable {
  /// When.
  public var instant: Instant
  /// Blocks in use.
  public var blocks: Int32

  /// A sample.
  public init(instant: Instant, blocks: Int32) {
    self.instant = instant
    self.blocks = blocks
  }
}

/// What one replica did over the run.
public struct ReplicaTotals: Hashable, Sendable {
  /// The pool it belongs to, by index.
  public var pool = 0
  /// Its steps.
  public var totals = StepTotals()
  /// Time in which at least one lane had a step with prefill tokens under way.
  public var prefillTime = Interval.zero
  /// Time in which lanes had steps under way, none with prefill tokens.
  public var decodeTime = Interval.zero
  /// Time in which no lane had a step under way.
  public var idleTime = Interval.zero
  /// Step seconds by roof, over all stages.
  public var roofs = RoofTimes()
  /// Time that steps waited for KV to be swapped.
  public var swapTime = Interval.zero
  /// KV tokens swapped out and in.
  public var swappedTokens = 0
  /// Preemptions.
  public var preemptions = 0
  /// Most blocks in use at once.
  public var peakBlocks = 0
  /// Blocks in use integrated over time, in block-seconds; sampled at the start and end of each segment.
  public var blockSeconds = 0.0
  /// What its prefix cache did; nil where prefixes are not kept.
  public var prefixes: PrefixTotals?
  /// What its placed engine did; nil where the engine is not placed.
  public var placed: PlacedTotals?
  /// Occupancy over time at no more than 512 moments.
  public var occupancy: [OccupancySample] = []

  /// A replica that did nothing.
  public init() {}

  /// Adds what a placed engine did: its time under load is shared among roofs as its tasks' time is.
  mutating func add(_ totals: PlacedTotals) {
    placed = totals
    for stream in totals.streams { roofs.add(stream.bounds, count: 1) }
    let loaded = prefillTime.seconds + decodeTime.seconds - swapTime.seconds
    if roofs.total > 0 { roofs.scale(by: loaded / roofs.total) }
  }
}

/// What one path between pools carried over the run.
public struct TransferTotals: Hashable, Sendable {
  /// The pools.
  public var pair: PoolPair
  /// Transfers begun.
  public var count = 0
  /// Bytes carried, `Int.max` where there were more.
  public var bytes = 0
  /// Picoseconds in which bytes crossed, summed over transfers: many at once add up to more than a run can last.
  public var busyPicoseconds: Int128 = 0
  /// The time between a request's first token and its landing, summed over transfers.
  public var exposed = 0.0

  /// A path that carried nothing.
  public init(pair: PoolPair) { self.pair = pair }
}

/// Hashes of a run by ingredient: which one moved tells where to look.
public struct Fingerprints: Hashable, Sendable {
  /// Every event the agenda delivered: instant, kind, replica.
  public var trajectory: UInt64
  /// Every decision a policy returned.
  public var decisions: UInt64
  /// Every request's stamps and every gap.
  public var metrics: UInt64

  /// Three hashes.
  public init(trajectory: UInt64, decisions: UInt64, metrics: UInt64) {
    self.trajectory = trajectory
    self.decisions = decisions
    self.metrics = metrics
  }
}

/// All that a run leaves behind.
public struct RunResult: Sendable {
  /// Stamps of each request.
  public var outcomes: Outcomes
  /// When each request arrived; empty where all arrived when the workload says.
  public var arrivals: [Instant] = []
  /// Every gap between consecutive tokens of a request, in nanoseconds, to 3 significant digits.
  public var gaps: Histogram<UInt64>
  /// Each replica's totals.
  public var replicas: [ReplicaTotals]
  /// Each transfer path's totals, by pair of pools.
  public var transfers: [TransferTotals]
  /// When the last request ended.
  public var end: Instant
  /// Events the agenda delivered: arrivals, step or segment ends, landings.
  public var events: Int
  /// Highest power of the cluster at any moment.
  public var peakPower: Power
  /// Hashes by ingredient.
  public var fingerprints: Fingerprints
  /// What was recorded step by step; nil where nothing was.
  public var recording: RunRecording?

  /// `trace`, which was run, with the moments at which its requests arrived.
  public func served(_ trace: Trace) -> Trace {
    var served = trace
    for index in arrivals.indices { served.requests[index].arrival = arrivals[index] }
    return served
  }
}
