import Units

/// What a trace looks like, gathered row by row in memory that does not grow with the rows.
public struct TraceProfile: TraceSink, Hashable {
  /// The windows whose counts are gathered, in seconds.
  public static let windows = [0.1, 1, 10, 60, 600, 3600]

  /// What the file says as a whole.
  public var facts = TraceFacts(format: .native)
  /// Requests.
  public private(set) var requests = 0
  /// The gaps between requests that arrive at moments of their own.
  public private(set) var gaps = GapTable()
  /// Counts in windows of ``windows``.
  public private(set) var counts = windows.map { WindowCounts(Interval(picoseconds: Int64($0 * 1e12))) }
  /// Arrivals over time.
  public private(set) var curve = RateCurve()
  /// Arrivals in each hour since the first.
  public private(set) var hours: [Int] = []
  /// Prompt lengths.
  public private(set) var prompts = CountTable()
  /// Output lengths.
  public private(set) var outputs = CountTable()
  /// Both together.
  public private(set) var pairs = PairSample()
  /// What requests have in common.
  public private(set) var reuse = PrefixReuse()
  /// Requests that are turns of a session.
  public private(set) var turns = 0
  /// Requests that begin when another has ended.
  public private(set) var followers = 0
  /// Requests of each tenant.
  public private(set) var tenants = [Int](repeating: 0, count: TraceLabels.tenantLimit)
  private var first: Int64?
  private var last: Int64 = 0

  /// A profile of nothing.
  public init() {}

  /// Never: every request counts.
  public var isFull: Bool { false }

  /// Counts a request.
  public mutating func accept(_ row: TraceRow, blocks: UnsafeBufferPointer<Int32>) {
    requests += 1
    prompts.add(row.promptTokens)
    outputs.add(row.outputTokens)
    pairs.add(row.promptTokens, row.outputTokens)
    reuse.add(blocks)
    tenants[Int(row.tenant)] += 1
    if row.session >= 0 { turns += 1 }
    if row.think >= 0 { followers += 1 }
    count(arrival: row.arrival)
  }

  private mutating func count(arrival: Int64) {
    if let first {
      gaps.add(arrival - last)
      count(since: arrival - first)
    } else {
      first = arrival
      count(since: 0)
    }
    last = arrival
  }

  private mutating func count(since: Int64) {
    for index in counts.indices { counts[index].add(since: since) }
    curve.add(since: since)
    let hour = Int(since / 3_600_000_000_000_000)
    while hours.count <= hour { hours.append(0) }
    hours[hour] += 1
  }

  /// The moment of the first request.
  public var start: Instant { Instant(picoseconds: first ?? 0) }
  /// From the first arrival to the last.
  public var span: Interval { Interval(picoseconds: last - (first ?? 0)) }
  /// Gaps per second of the span; 0 for fewer than two arrivals.
  public var rate: Rate { Rate(span > .zero ? Double(requests - 1) / span.seconds : 0) }

  /// The most arrivals per second in windows of `seconds`, one of ``windows``; nil where the trace is shorter.
  public func peak(_ seconds: Double) -> Rate? {
    guard let counts = counts(seconds), counts.windows > 0 else { return nil }
    return Rate(Double(counts.peak) / seconds)
  }

  /// The index of dispersion of counts in windows of `seconds`, one of ``windows``; nil for fewer than ten windows.
  public func dispersion(_ seconds: Double) -> Double? {
    guard let counts = counts(seconds), counts.windows >= 10 else { return nil }
    return counts.dispersion
  }

  private func counts(_ seconds: Double) -> WindowCounts? {
    counts.first { $0.window == Interval(picoseconds: Int64(seconds * 1e12)) }
  }

  /// The step of a clock so coarse that gaps say little: the median of the gaps above 0 where at least half are 0.
  public var coarseClock: Interval? {
    guard gaps.zeros < gaps.count, 2 * gaps.zeros >= gaps.count else { return nil }
    let middle = (Double(gaps.zeros) + Double(gaps.count)) / 2 / Double(gaps.count)
    return Interval(seconds: gaps.quantile(middle))
  }

  /// The profile of a trace in memory; followers count with their lengths, not with arrivals.
  public init(_ trace: Trace) {
    for index in 0..<trace.independentCount {
      var row = TraceRow()
      let request = trace.requests[index]
      (row.arrival, row.promptTokens, row.outputTokens) =
        (request.arrival.picoseconds, request.promptTokens, request.outputTokens)
      row.tenant = trace.tenants.isEmpty ? 0 : trace.tenants[index]
      if let blocks = trace.blocks {
        blocks[index].withUnsafeBufferPointer { accept(row, blocks: $0) }
      } else {
        accept(row, blocks: UnsafeBufferPointer(start: nil, count: 0))
      }
    }
    for index in trace.independentCount..<trace.requests.count {
      requests += 1
      followers += 1
      prompts.add(trace.requests[index].promptTokens)
      outputs.add(trace.requests[index].outputTokens)
      pairs.add(trace.requests[index].promptTokens, trace.requests[index].outputTokens)
      if let blocks = trace.blocks { blocks[index].withUnsafeBufferPointer { reuse.add($0) } }
    }
  }
}
