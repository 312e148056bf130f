import Units

/// Reads a trace of comma-separated values or JSON lines from bytes as they come, without holding the file.
///
/// Lines end in LF or CRLF; a byte order mark is skipped; blanks around fields do not count; blank lines may stand at
/// the end only. Every malformed row is a fault with line and column; rows after it are still read. Arrivals must not
/// decrease. Complexity: O(bytes); memory for the requests that are kept.
public struct TraceReader {
  /// Longest line in bytes: conversations and lists of token ids stand on one.
  public static let lineLimit = 1 << 24
  /// Most rows of a trace.
  public static let rowLimit = 100_000_000

  private var stream: TraceStream<TraceSelector<TraceBuilder>>

  /// A reader of what `selection` takes of a trace in `format`, or in the format that the first line tells.
  public init(format: TraceFormat? = nil, selection: TraceSelection = .all) {
    // Before a window everything may lie as far away as can be counted.
    let latest = selection.window == nil ? Request.latestArrival.picoseconds : .max
    stream = TraceStream(format: format, into: TraceSelector(selection, into: TraceBuilder()), latest: latest)
  }

  /// Whether further bytes do not matter.
  public var isDone: Bool { stream.isDone }

  /// Reads the next bytes of the file.
  public mutating func consume(_ bytes: UnsafeRawBufferPointer) { stream.consume(bytes) }

  /// The trace, once all bytes of the file are consumed.
  /// - Throws: ``TraceFaults``, all that is wrong with the file.
  public consuming func finish() throws(TraceFaults) -> Trace {
    let (selector, facts) = try stream.finish()
    guard facts.hasArrivals else {
      throw TraceFaults(
        TraceFault(
          line: 0, column: 0, what: "the trace has lengths and no arrivals",
          why: "its rows do not say when requests come",
          fix: "generate the arrivals: 'generator: poisson', 'lengths: {resample: {trace: ...}}'"))
    }
    return try selector.trace(facts)
  }

  /// The lengths of the requests, which need no arrivals: all at 0 where the format has none.
  /// - Throws: ``TraceFaults``, all that is wrong with the file.
  public consuming func finishLengths() throws(TraceFaults) -> Trace {
    let (selector, facts) = try stream.finish()
    return try selector.trace(facts)
  }
}

/// Reads a trace row by row into a sink, in memory that does not grow with the rows.
public struct TraceStream<Sink: TraceSink> {
  private var lines: LineReader<TraceParser<Sink>>

  /// A reader of a trace in `format`, or in the format that its first line tells, with arrivals up to `latest`
  /// picoseconds.
  public init(format: TraceFormat? = nil, into sink: Sink, latest: Int64 = .max) {
    lines = LineReader(TraceParser(format: format, into: sink, latest: latest), limit: TraceReader.lineLimit)
  }

  /// Whether further bytes do not matter.
  public var isDone: Bool { lines.sink.isDone }

  /// Reads the next bytes of the file.
  public mutating func consume(_ bytes: UnsafeRawBufferPointer) {
    bytes.withMemoryRebound(to: UInt8.self) { lines.consume($0) }
  }

  /// The sink and what the file says as a whole.
  /// - Throws: ``TraceFaults``, all that is wrong with the file.
  public consuming func finish() throws(TraceFaults) -> (sink: Sink, facts: TraceFacts) {
    lines.finish()
    lines.sink.finish()
    try lines.sink.faults.check()
    return (lines.sink.sink, lines.sink.facts ?? TraceFacts(format: .native))
  }
}
