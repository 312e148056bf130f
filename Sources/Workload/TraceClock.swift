import Units

/// What the clock of a trace's file shows where the trace's arrivals begin to count.
public struct TraceClock: Hashable, Sendable {
  /// Whether it shows dates, in seconds since 1970; else it counts from a start of the file's own.
  public var isDate = false
  /// Whole seconds.
  public var seconds: Int64 = 0
  /// Picoseconds beyond them, below 10^12.
  public var picoseconds: Int64 = 0

  private static let second: Int64 = 1_000_000_000_000

  /// A clock at the start of its file.
  public init() {}

  /// A clock of dates at a moment.
  init(date: (seconds: Int64, picoseconds: Int64)) {
    (isDate, seconds, picoseconds) = (true, date.seconds, date.picoseconds)
  }

  /// The clock so many picoseconds later, or earlier.
  func advanced(by interval: Int64) -> TraceClock {
    var later = self
    let sum = picoseconds + interval % Self.second
    later.picoseconds = sum < 0 ? sum + Self.second : sum % Self.second
    later.seconds += interval / Self.second + (sum < 0 ? -1 : sum / Self.second)
    return later
  }

  /// Picoseconds from `other`'s moment to this one; nil where they are further apart than arrivals may be.
  func since(_ other: TraceClock) -> Int64? {
    let most = Request.latestArrival.picoseconds / Self.second
    let whole = seconds - other.seconds
    return (-most...most).contains(whole) ? whole * Self.second + picoseconds - other.picoseconds : nil
  }
}

extension Trace {
  /// The traces with their requests as far apart as their clocks say, the earliest of all at 0.
  /// - Throws: ``Fault/differentClocks``, ``Fault/tooLong``.
  public static func onOneClock(_ traces: [Trace]) throws(Fault) -> [Trace] {
    let firsts = traces.compactMap { trace in
      trace.requests.first.map { trace.clock.advanced(by: $0.arrival.picoseconds) }
    }
    guard Set(firsts.map(\.isDate)).count < 2 else { throw .differentClocks }
    guard let earliest = firsts.min(by: { ($0.seconds, $0.picoseconds) < ($1.seconds, $1.picoseconds) }) else {
      return traces
    }
    var moved: [Trace] = []
    for trace in traces {
      guard let first = trace.requests.first?.arrival.picoseconds else {
        moved.append(trace)
        continue
      }
      let last = trace.requests.prefix(trace.independentCount).last?.arrival.picoseconds ?? first
      guard let start = trace.clock.advanced(by: first).since(earliest),
        start <= Request.latestArrival.picoseconds - (last - first)
      else { throw .tooLong }
      moved.append(trace.beginning(at: Instant(picoseconds: start)))
    }
    return moved
  }
}
