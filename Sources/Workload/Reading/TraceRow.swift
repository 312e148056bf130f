/// One request as a trace file tells of it.
public struct TraceRow: Hashable, Sendable {
  /// Picoseconds since the start of the trace; 0 where the format has no arrivals.
  public var arrival: Int64 = 0
  /// Tokens of the prompt, at least 1.
  public var promptTokens: Int32 = 1
  /// Tokens generated, at least 1.
  public var outputTokens: Int32 = 1
  /// The place of its tenant among ``TraceFacts/tenants``.
  public var tenant: UInt8 = 0
  /// The session it is a turn of, from 0 in order of first appearance; -1 where it is none's.
  public var session: Int32 = -1
  /// Picoseconds from the end of the session's previous turn to this one; -1 where it arrives at its own moment.
  public var think: Int64 = -1

  /// A row to be filled in.
  public init() {}
}

/// What a trace file says as a whole.
public struct TraceFacts: Hashable, Sendable {
  /// The format it was read in.
  public var format: TraceFormat
  /// Whether rows say when they arrive.
  public var hasArrivals = true
  /// Tenants by name, in order of first appearance; empty where rows name none.
  public var tenants: [String] = []
  /// Sessions.
  public var sessions = 0
  /// Rows that became no request, by the format's rule; see ``TraceFormat/leftOut``.
  public var leftOut = 0
  /// Lengths counted in characters, since the row has no count of tokens.
  public var estimated = 0
  /// What the file's clock shows at 0.
  public var clock = TraceClock()
  /// Tokens of a block of contents; nil where the rows have none.
  public var blockUnit: Int?

  /// Nothing known but the format.
  public init(format: TraceFormat) { self.format = format }
}

/// Takes the requests of a trace as they are read.
public protocol TraceSink {
  /// Whether further requests do not matter.
  var isFull: Bool { get }
  /// The next request in the order of the file and the ids of its blocks, dense from 0 in order of first appearance.
  mutating func accept(_ row: TraceRow, blocks: UnsafeBufferPointer<Int32>)
}
