import Units

/// Requests in order of arrival.
public struct Trace: Hashable, Sendable {
  /// A change that cannot be made to a trace.
  public enum Fault: Error, Hashable, Sendable {
    /// The factor of the rate is not a positive finite number.
    case badFactor(Double)
    /// The trace would reach beyond `Request.latestArrival`.
    case tooLong
    /// Some of the traces' clocks show dates, others count from a start of their own.
    case differentClocks
    /// Traces to be mixed have blocks of different sizes.
    case differentBlocks
    /// Traces to be mixed have too many requests or blocks in all.
    case tooMuch
  }

  /// The requests in order of arrival; those with a predecessor, if any, after all others.
  public var requests: [Request]
  /// What their contents have in common; nil where the trace does not tell.
  public var blocks: PromptBlocks?
  /// Which of them begin when another has ended; nil where none does.
  public var followers: Followers?
  /// The tenant that each belongs to, by its place among the workload's; empty where there is one.
  public var tenants: [UInt8]
  /// The names that a trace file gives its tenants; empty where it names none.
  public var tenantNames: [String] = []
  /// What happened to the rows of a trace file before they became requests.
  public var tally = TraceTally()
  /// What the clock of a trace file showed at 0.
  public var clock = TraceClock()

  /// A trace of `requests`, which are in order of arrival.
  public init(
    requests: [Request], blocks: PromptBlocks? = nil, followers: Followers? = nil, tenants: [UInt8] = []
  ) {
    self.requests = requests
    self.blocks = blocks
    self.followers = followers
    self.tenants = tenants
  }

  /// The trace in `bytes`, in `format` or in the format that its first line tells.
  /// - Throws: ``TraceFaults``, all that is wrong with the file.
  public init(bytes: some Sequence<UInt8>, format: TraceFormat? = nil) throws(TraceFaults) {
    var reader = TraceReader(format: format)
    if bytes.withContiguousStorageIfAvailable({ reader.consume(UnsafeRawBufferPointer($0)) }) == nil {
      Array(bytes).withUnsafeBytes { reader.consume($0) }
    }
    self = try reader.finish()
  }

  /// The trace in the file at `path`, read in pieces of 1 MiB.
  /// - Throws: ``TraceFaults``; line 0 where the file cannot be opened or read.
  public init(path: String, format: TraceFormat? = nil) throws(TraceFaults) {
    try self.init(.file(path), format: format)
  }

  /// What `selection` takes of the trace in `source`; where `lengthsOnly`, of one without arrivals too.
  /// - Throws: ``TraceFaults``; line 0 where the source cannot be opened or read.
  public init(
    _ source: ByteSource, format: TraceFormat? = nil, selection: TraceSelection = .all, lengthsOnly: Bool = false
  ) throws(TraceFaults) {
    var reader = TraceReader(format: format, selection: selection)
    try source.read { bytes in
      reader.consume(bytes)
      return !reader.isDone
    }
    self = lengthsOnly ? try reader.finishLengths() : try reader.finish()
  }

  /// Requests that arrive at their own moments: the first ones of ``requests``.
  public var independentCount: Int { followers?.independent ?? requests.count }

  /// The trace with its first request at 0 and every other as long after it as before.
  public var startingAtZero: Trace { beginning(at: .start) }

  /// The trace with its first request at `moment` and every other as long after it as before.
  func beginning(at moment: Instant) -> Trace {
    guard let first = requests.first?.arrival else { return self }
    var moved = mapArrivals { moment + ($0 - first) }
    moved.clock = clock.advanced(by: (first - moment).picoseconds)
    return moved
  }

  /// The first `count` requests, or all where there are fewer; with those that follow them.
  public func first(_ count: Int) -> Trace { selecting(0..<min(independentCount, max(0, count))) }

  /// The requests that arrive in `range`, at the moments they had, with those that follow them.
  ///
  /// Complexity: O(log requests) and the copy.
  public func window(_ range: Range<Instant>) -> Trace {
    func index(of moment: Instant) -> Int {
      var (low, high) = (0, independentCount)
      while low < high {
        let middle = (low + high) / 2
        if requests[middle].arrival < moment { low = middle + 1 } else { high = middle }
      }
      return low
    }
    return selecting(index(of: range.lowerBound)..<index(of: range.upperBound))
  }

  /// The independent requests of `range` and all that follow them.
  private func selecting(_ range: Range<Int>) -> Trace {
    var order = Array(range)
    var kept = Followers(independent: range.count)
    if let followers {
      // The new place of each request that is taken.
      var places = [Int32](repeating: -1, count: requests.count)
      for (place, index) in range.enumerated() { places[index] = Int32(place) }
      for (offset, predecessor) in followers.predecessors.enumerated() where places[Int(predecessor)] >= 0 {
        kept.predecessors.append(places[Int(predecessor)])
        kept.delays.append(followers.delays[offset])
        places[followers.independent + offset] = Int32(order.count)
        order.append(followers.independent + offset)
      }
    }
    var part = self
    part.requests = order.map { requests[$0] }
    part.blocks = blocks?.selecting(order)
    part.followers = kept.predecessors.isEmpty ? nil : kept
    part.tenants = tenants.isEmpty ? [] : order.map { tenants[$0] }
    return part
  }

  private func mapArrivals(_ change: (Instant) -> Instant) -> Trace {
    var changed = self
    for index in 0..<requests.count { changed.requests[index].arrival = change(requests[index].arrival) }
    return changed
  }

  /// The trace with its rate multiplied by `factor`: the time of each request since `origin`, the first one's unless told,
  /// is divided by it, so that bursts stay as bursty as they were, and rounded to whole picoseconds, ties to even.
  /// - Throws: ``Fault``.
  public func rateScaled(by factor: Double, since origin: Instant? = nil) throws(Fault) -> Trace {
    guard factor > 0, factor.isFinite else { throw .badFactor(factor) }
    guard let first = origin ?? requests.first?.arrival, let last = requests.prefix(independentCount).last?.arrival
    else {
      return self
    }
    let room = Double((Request.latestArrival - first).picoseconds)
    guard Double((last - first).picoseconds) / factor < room else { throw .tooLong }
    return mapArrivals { arrival in
      let since = (Double((arrival - first).picoseconds) / factor).rounded(.toNearestOrEven)
      return first + Interval(picoseconds: Int64(since))
    }
  }
}
