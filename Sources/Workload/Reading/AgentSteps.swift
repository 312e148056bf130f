/// Steps of agents in any order, to be handed on in order of arrival.
struct AgentSteps {
  private struct Step {
    /// The first chunk, seconds since 1970 and picoseconds beyond them.
    var seconds: Int64
    var picoseconds: Int64
    var prefill: Int64
    var decode: Int64
    var row: TraceRow
  }

  private var steps: [Step] = []
  /// The date of the first arrival, once steps are handed on.
  private(set) var clock = TraceClock()

  /// Adds a step that answered first at `first`, after `prefill` picoseconds, and ended `decode` picoseconds later.
  mutating func add(
    first: (seconds: Int64, picoseconds: Int64), prefill: Int64, decode: Int64, promptTokens: Int32,
    outputTokens: Int32, session: Int32
  ) {
    var row = TraceRow()
    row.promptTokens = promptTokens
    row.outputTokens = outputTokens
    row.session = session
    steps.append(
      Step(seconds: first.seconds, picoseconds: first.picoseconds, prefill: prefill, decode: decode, row: row))
  }

  /// Hands on the steps in order of arrival, the first at 0, and returns the number of sessions.
  ///
  /// The clock begins at the earliest first chunk less the longest prefill, so that no arrival is below 0 before all
  /// are moved to begin at 0. Complexity: O(n log n).
  mutating func hand(to sink: inout some TraceSink, latest: Int64, _ faults: inout FaultList) -> Int {
    guard let origin = steps.map(\.seconds).min() else { return 0 }
    var timed: [(arrival: Int64, end: Int64, row: TraceRow)] = []
    timed.reserveCapacity(steps.count)
    let room = latest / 4
    for step in steps {
      guard step.seconds - origin < room / 1_000_000_000_000, step.prefill < room, step.decode < room else {
        faults.add(
          line: 0, what: "the steps span more than \(room / 86_400_000_000_000_000) days",
          why: "arrivals are whole picoseconds in 64 bits", fix: "cut the trace into shorter ones")
        return 0
      }
      let first = (step.seconds - origin) * 1_000_000_000_000 + step.picoseconds
      timed.append((first - step.prefill, first + step.decode, step.row))
    }
    timed.sort { ($0.arrival, $0.row.session) < ($1.arrival, $1.row.session) }
    let earliest = timed[0].arrival
    clock = TraceClock(date: (origin, 0)).advanced(by: earliest)
    // Sessions are numbered anew by their first step.
    var numbers: [Int32: Int32] = [:]
    var ends: [Int64] = []
    for (arrival, end, row) in timed {
      var row = row
      row.arrival = arrival - earliest
      if let number = numbers[row.session] {
        row.session = number
        row.think = max(0, arrival - ends[Int(number)])
        ends[Int(number)] = max(ends[Int(number)], end)
      } else {
        let number = Int32(ends.count)
        numbers[row.session] = number
        row.session = number
        ends.append(end)
      }
      sink.accept(row, blocks: UnsafeBufferPointer(start: nil, count: 0))
    }
    return ends.count
  }
}
