import Units

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Requests in order of arrival.
public struct Trace: Hashable, Sendable {
  /// A change that cannot be made to a trace.
  public enum Fault: Error, Hashable, Sendable {
    /// The factor of the rate is not a positive finite number.
    case badFactor(Double)
    /// The slowed trace would reach beyond `Request.latestArrival`.
    case tooLong
  }

  /// The requests in order of arrival; those with a predecessor, if any, after all others.
  public var requests: [Request]
  /// What their contents have in common; nil where the trace does not tell.
  public var blocks: PromptBlocks?
  /// Which of them begin when another has ended; nil where none does.
  public var followers: Followers?
  /// The tenant that each belongs to, by its place among the workload's; empty where there is one.
  public var tenants: [UInt8]

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
    func failure(_ verb: String) -> TraceFaults {
      let reason = String(cString: strerror(errno))
      return TraceFaults(
        TraceFault(line: 0, column: 0, what: "the trace cannot be \(verb)", why: reason, fix: "check the file's name"))
    }
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw failure("opened") }
    defer { close(file) }
    var reader = TraceReader(format: format)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
    defer { buffer.deallocate() }
    while true {
      let count = read(file, buffer.baseAddress, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw failure("read") }
      if count == 0 { break }
      reader.consume(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }
    self = try reader.finish()
  }

  /// The trace with its first request at 0 and every other as long after it as before.
  public var startingAtZero: Trace {
    guard let first = requests.first?.arrival else { return self }
    return mapArrivals { .start + ($0 - first) }
  }

  /// The first `count` requests, or all where there are fewer.
  public func first(_ count: Int) -> Trace { selecting(0..<min(requests.count, max(0, count))) }

  /// The requests that arrive in `range`, at the moments they had.
  ///
  /// Complexity: O(log requests) and the copy.
  public func window(_ range: Range<Instant>) -> Trace {
    func index(of moment: Instant) -> Int {
      var (low, high) = (0, requests.count)
      while low < high {
        let middle = (low + high) / 2
        if requests[middle].arrival < moment { low = middle + 1 } else { high = middle }
      }
      return low
    }
    return selecting(index(of: range.lowerBound)..<index(of: range.upperBound))
  }

  /// The requests of `range` alone; those that follow others are left out.
  private func selecting(_ range: Range<Int>) -> Trace {
    var range = range
    if let followers { range = range.clamped(to: 0..<followers.independent) }
    return Trace(
      requests: Array(requests[range]), blocks: blocks?.selecting(range),
      tenants: tenants.isEmpty ? [] : Array(tenants[range]))
  }

  private func mapArrivals(_ change: (Instant) -> Instant) -> Trace {
    var changed = self
    for index in 0..<requests.count { changed.requests[index].arrival = change(requests[index].arrival) }
    return changed
  }

  /// The trace with its rate multiplied by `factor`: the time of each request since the first is divided by it, so
  /// that bursts stay as bursty as they were, and rounded to whole picoseconds, ties to even.
  /// - Throws: ``Fault``.
  public func rateScaled(by factor: Double) throws(Fault) -> Trace {
    guard factor > 0, factor.isFinite else { throw .badFactor(factor) }
    guard let first = requests.first?.arrival, let last = requests.last?.arrival else { return self }
    let room = Double((Request.latestArrival - first).picoseconds)
    guard Double((last - first).picoseconds) / factor < room else { throw .tooLong }
    return mapArrivals { arrival in
      let since = (Double((arrival - first).picoseconds) / factor).rounded(.toNearestOrEven)
      return first + Interval(picoseconds: Int64(since))
    }
  }
}
