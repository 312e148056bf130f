import Kernel
import Units

/// What is taken of a trace while it is read.
public struct TraceSelection: Hashable, Sendable {
  /// Only the requests that arrive in this part, moved to begin at its start; nil for all.
  public var window: Range<Instant>?
  /// The share of requests that is kept, each by a draw of its own; sessions are kept or left whole. From 0 to 1.
  public var share = 1.0
  /// The seed of these draws.
  public var seed: UInt64 = 0
  /// Only the first so many of these; nil for all.
  public var first: Int?

  /// Everything.
  public static let all = TraceSelection()

  /// Everything, to be narrowed.
  public init() {}
}

/// What happened to the rows of a trace before they became requests.
public struct TraceTally: Hashable, Sendable {
  /// Rows left out by their format's rule, such as failed requests.
  public var leftOut = 0
  /// That rule in words; empty where there is none.
  public var leftOutRule = ""
  /// Lengths counted in characters.
  public var estimated = 0
  /// Requests inside the window that were not in the sample.
  public var notSampled = 0
  /// Prompts cut to the longest that was asked for.
  public var clippedPrompts = 0
  /// Outputs cut to the longest that was asked for.
  public var clippedOutputs = 0
  /// Generated sessions that ended before their time at the longest context.
  public var endedSessions = 0

  /// Nothing happened.
  public init() {}

  /// What a file says of its rows.
  public init(_ facts: TraceFacts) {
    leftOut = facts.leftOut
    leftOutRule = facts.format.leftOut ?? ""
    estimated = facts.estimated
  }

  /// Adds what happened to further rows.
  public mutating func add(_ other: TraceTally) {
    leftOut += other.leftOut
    if leftOutRule.isEmpty { leftOutRule = other.leftOutRule }
    estimated += other.estimated
    notSampled += other.notSampled
    clippedPrompts += other.clippedPrompts
    clippedOutputs += other.clippedOutputs
    endedSessions += other.endedSessions
  }

  /// What happened, a sentence for each kind that did.
  public var notes: [String] {
    var notes: [String] = []
    if leftOut > 0 { notes.append("\(leftOut) rows left out: \(leftOutRule)") }
    if estimated > 0 {
      notes.append("\(estimated) lengths estimated at \(TraceFormat.charactersPerToken) characters a token")
    }
    if notSampled > 0 { notes.append("\(notSampled) requests not in the sample") }
    if clippedPrompts > 0 { notes.append("\(clippedPrompts) prompts cut to max-prompt") }
    if clippedOutputs > 0 { notes.append("\(clippedOutputs) outputs cut to max-output") }
    if endedSessions > 0 { notes.append("\(endedSessions) sessions ended early at max-context") }
    return notes
  }
}

/// Passes on what a selection takes.
public struct TraceSelector<Sink: TraceSink>: TraceSink {
  /// Where the requests go.
  public private(set) var sink: Sink
  /// What happened to the others.
  public private(set) var tally = TraceTally()

  private let selection: TraceSelection
  private let family: RandomFamily
  private var row: UInt64 = 0
  private var taken = 0
  private var isPast = false

  /// A filter before `sink`.
  public init(_ selection: TraceSelection, into sink: Sink) {
    self.selection = selection
    self.sink = sink
    family = RandomFamily(seed: selection.seed, consumer: .arrival)
  }

  /// Whether nothing that comes later can be taken.
  public var isFull: Bool { isPast || sink.isFull || taken >= selection.first ?? .max }

  /// Passes the request on if it is taken.
  public mutating func accept(_ row: TraceRow, blocks: UnsafeBufferPointer<Int32>) {
    let number = self.row
    self.row += 1
    guard !isFull else { return }
    var row = row
    if let window = selection.window {
      guard row.arrival < window.upperBound.picoseconds else {
        isPast = true
        return
      }
      guard row.arrival >= window.lowerBound.picoseconds else { return }
      row.arrival -= window.lowerBound.picoseconds
    }
    if selection.share < 1 {
      // Subjects of sessions lie above those of rows.
      var stream = family.stream(row.session < 0 ? number : 1 << 40 | UInt64(row.session))
      guard stream.chance(selection.share) else {
        tally.notSampled += 1
        return
      }
    }
    taken += 1
    sink.accept(row, blocks: blocks)
  }

  /// Picoseconds of the file that lie before what is taken.
  var start: Int64 { selection.window?.lowerBound.picoseconds ?? 0 }

  /// What happened, with what the file said of it.
  public func tally(_ facts: TraceFacts) -> TraceTally {
    var all = TraceTally(facts)
    all.notSampled = tally.notSampled
    return all
  }
}

extension TraceSelector<TraceBuilder> {
  /// The trace of the requests that were taken.
  func trace(_ facts: TraceFacts) throws(TraceFaults) -> Trace {
    var trace = try sink.trace(facts)
    trace.tally = tally(facts)
    trace.clock = facts.clock.advanced(by: start)
    return trace
  }
}
