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

  /// The requests in order of arrival.
  public var requests: [Request]

  /// A trace of `requests`, which are in order of arrival.
  public init(requests: [Request]) { self.requests = requests }

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
    return Trace(
      requests: requests.map {
        Request(arrival: .start + ($0.arrival - first), promptTokens: $0.promptTokens, outputTokens: $0.outputTokens)
      })
  }

  /// The first `count` requests, or all where there are fewer.
  public func first(_ count: Int) -> Trace { Trace(requests: Array(requests.prefix(max(0, count)))) }

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
    return Trace(requests: Array(requests[index(of: range.lowerBound)..<index(of: range.upperBound)]))
  }

  /// The trace with its rate multiplied by `factor`: the time of each request since the first is divided by it, so
  /// that bursts stay as bursty as they were, and rounded to whole picoseconds, ties to even.
  /// - Throws: ``Fault``.
  public func rateScaled(by factor: Double) throws(Fault) -> Trace {
    guard factor > 0, factor.isFinite else { throw .badFactor(factor) }
    guard let first = requests.first?.arrival, let last = requests.last?.arrival else { return self }
    let room = Double((Request.latestArrival - first).picoseconds)
    guard Double((last - first).picoseconds) / factor < room else { throw .tooLong }
    return Trace(
      requests: requests.map {
        let since = (Double(($0.arrival - first).picoseconds) / factor).rounded(.toNearestOrEven)
        return Request(
          arrival: first + Interval(picoseconds: Int64(since)), promptTokens: $0.promptTokens,
          outputTokens: $0.outputTokens)
      })
  }
}
