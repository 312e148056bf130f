/// A repeated part of the plan under way, on the watch for a repetition that is like the one before: see TIMELINE.md.
struct RepeatedPart {
  let part: StepPlan.Part
  /// The number of its first task.
  let first: Int
  /// Tasks of a repetition on each stream, and how many of them the step waits for.
  let sizes: [(all: Int, awaited: Int)]
  /// The stream of each task of a repetition.
  let streams: [Int]
  /// Repetitions that its tasks look back, with what rings remember.
  let depth: Int
  /// The number of the last task of the repetition that ends next.
  var next: Int

  // When the last task of a repetition ended last: its number, and the moment.
  var last = -1
  var moment: Int64 = -1
  /// What every stream was doing, as seen from that repetition; empty where something stood in the way.
  var doing: [StreamState] = []
  var totals: [Int64] = []

  /// Tasks of a repetition.
  var size: Int { part.end - part.start }

  /// The part whose first task has the number `first`; nil where it has too few repetitions.
  init?(_ plan: borrowing StepPlan, _ part: StepPlan.Part, first: Int, streams: Int, rings: [Int]) {
    var sizes = Array(repeating: (all: 0, awaited: 0), count: streams)
    var puts = rings.map { _ in 0 }
    for index in part.start..<part.end {
      let task = plan.tasks[index]
      sizes[Int(task.stream)].all += 1
      if !task.isAhead { sizes[Int(task.stream)].awaited += 1 }
      if task.ring >= 0 { puts[Int(task.ring)] += 1 }
    }
    depth = zip(rings, puts).reduce(1) { depth, ring in
      ring.1 > 0 ? max(depth, (ring.0 + ring.1 - 1) / ring.1) : depth
    }
    // Two repetitions are compared, and as many are left at the end as rings remember, and one.
    guard part.count > 2 * depth + 3 else { return nil }
    self.part = part
    self.first = first
    self.sizes = sizes
    self.streams = (part.start..<part.end).map { Int(plan.tasks[$0].stream) }
    next = first + part.end - part.start - 1
  }

  /// The repetition of the task with number `number`; nil where it is not of the part.
  func repetition(of number: Int) -> Int? {
    number >= first && number < first + part.count * size ? (number - first) / size : nil
  }

  /// Looks for the last task of a later repetition.
  mutating func skip(_ repetitions: Int) { next += repetitions * size }
}

/// What a stream is doing, as seen from the last task of a repetition and the moment at which it ended.
struct StreamState: Equatable {
  /// Its first task that has not started, as far behind that task as its number says; nil where it is done with the part.
  var waiting: Int?
  /// The same of the task that it runs.
  var running: Int?
  var start: Int64 = 0
  var rest: Int128 = 0
  var rate: Int64 = 0
}

extension SharedFlows {
  /// Looks at the repeated part under way once the last task of one of its repetitions has ended, and moves everything on
  /// by as many repetitions as are like this one.
  mutating func foldRepetitions(_ state: UnsafeMutablePointer<Int64>) {
    guard var part = repeated.first else { return }
    while part.next < issued, hasEnded(part.next) { part.skip(1) }
    let last = part.next - part.size
    guard let repetition = part.repetition(of: last), repetition + 2 + part.depth < part.part.count else {
      repeated.removeFirst()
      return
    }
    let doing = streamStates(part, last)
    let isLike = !doing.isEmpty && last == part.last + part.size && now > part.moment && doing == part.doing
    let count = isLike ? repetitionsLeft(part, doing, last) : 0
    if count > 0 {
      fold(part, by: count, state)
      repeated.removeFirst()
      return
    }
    part.doing = doing
    (part.last, part.moment) = (last, now)
    if !doing.isEmpty { part.totals = (layout.busy..<layout.tasks).map { state[$0] } }
    repeated[0] = part
  }

  /// What every stream is doing as seen from the task `last`; empty where a task from outside the part runs. Where none
  /// runs, none from before the part is left, since what it would wait for stands before it.
  private func streamStates(_ part: RepeatedPart, _ last: Int) -> [StreamState] {
    var states: [StreamState] = []
    states.reserveCapacity(running.count)
    for stream in running.indices {
      var state = StreamState()
      if let waiting = queues[stream].next, part.repetition(of: waiting.number) != nil {
        state.waiting = waiting.number - last
      }
      if let task = running[stream] {
        guard state.waiting != nil, part.repetition(of: task.number) != nil else { return [] }
        state.running = task.number - last
        state.start = task.start - now
        state.rest = task.rest
        state.rate = task.rate
      }
      states.append(state)
    }
    return states
  }

  /// How many more repetitions go like the one that ended with the task `last`: before any stream comes to what follows the
  /// part, or to what that may wait for.
  private func repetitionsLeft(_ part: RepeatedPart, _ doing: [StreamState], _ last: Int) -> Int {
    var count = Int.max
    for state in doing {
      guard let waiting = state.waiting, let repetition = part.repetition(of: last + waiting) else { continue }
      count = min(count, part.part.count - 1 - part.depth - repetition)
    }
    let period = now - part.moment
    return count == .max ? 0 : min(count, Int((Timeline.horizon - 1 - now) / period))
  }

  private mutating func fold(_ part: RepeatedPart, by count: Int, _ state: UnsafeMutablePointer<Int64>) {
    let shift = Int64(count) * (now - part.moment)
    var moved = 0
    let before = running.indices.map { firstOpen($0) }
    for stream in running.indices where part.doing[stream].waiting != nil {
      queues[stream].removeFirst(count * part.sizes[stream].all)
      running[stream]?.number += count * part.size
      running[stream]?.start += shift
      running[stream]?.least += shift
      running[stream]?.begins += shift
      state[stream] += shift
      moved += part.sizes[stream].all
      awaited -= count * part.sizes[stream].awaited
    }
    let after = running.indices.map { firstOpen($0) }
    for number in (before.min() ?? issued)..<(after.max() ?? issued) where part.repetition(of: number) != nil {
      let stream = part.streams[(number - part.first) % part.size]
      if number >= before[stream], number < after[stream] { ended[number - base] = true }
    }
    open -= count * moved
    for (place, total) in zip(layout.busy..<layout.tasks, part.totals) {
      state[place] &+= Int64(count) &* (state[place] &- total)
    }
    now += shift
  }

  /// The number of the first task of `stream` that has not ended.
  private func firstOpen(_ stream: Int) -> Int { running[stream]?.number ?? queues[stream].next?.number ?? issued }
}
