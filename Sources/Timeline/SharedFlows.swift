/// The tasks of a timeline with shared channels, from one instant at which something begins or ends to the next.
///
/// At most one task of a stream is under way, so that an instant is found by looking at every stream.
struct SharedFlows {
  /// A task that has been issued and has not started.
  struct Pending {
    var task: PlannedTask
    /// Numbers of the tasks that it waits for; -1 for none.
    var after: (Int, Int, Int, Int)
    /// Its number among all tasks ever issued.
    var number: Int
    var release: Int64
    /// Its place in the recording; -1 where there is none.
    var place: Int
  }

  /// What a stream is doing.
  struct Running {
    var task: PlannedTask
    var number: Int
    var place: Int
    var start: Int64
    /// The least moment at which it may end.
    var least: Int64
    /// When its bytes begin to flow.
    var begins: Int64
    /// Bytes * 10^12 still to flow; 0 once they have.
    var rest: Int128
    /// Bytes a second that flow; 0 before they do and after.
    var rate: Int64 = 0
  }

  /// The tasks of a stream that have not started, in the order of issue.
  struct Queue {
    private var waiting: [Pending] = []
    private var first = 0

    var next: Pending? { first < waiting.count ? waiting[first] : nil }

    var all: ArraySlice<Pending> { waiting[first...] }

    mutating func append(_ task: Pending) { waiting.append(task) }

    mutating func removeFirst(_ count: Int = 1) {
      first += count
      if first >= waiting.count {
        waiting.removeAll(keepingCapacity: true)
        first = 0
      } else if first >= 4_096 {
        waiting.removeFirst(first)
        first = 0
      }
    }
  }

  let routes: [[Int]]
  let layout: Timeline.Layout
  private var shares: FairShares
  var queues: [Queue]
  var running: [Running?]
  var now: Int64 = 0

  // Numbers of tasks: those below `base` have ended.
  var issued = 0
  var base = 0
  var ended: [Bool] = []
  var open = 0
  /// Tasks of the plan under way that its step waits for and that have not ended.
  var awaited = 0
  /// What each ring remembers, by number; -1 where it remembers nothing.
  private var rings: [[Int]]
  private var heads: [Int]
  private var numbers: [Int] = []
  /// Parts of the plan under way whose repetitions may be folded.
  var repeated: [RepeatedPart] = []
  /// Tasks that were started one by one.
  private(set) var computed: Int64 = 0

  init(_ resources: Resources, _ layout: Timeline.Layout) {
    routes = resources.streams.map(\.route)
    self.layout = layout
    shares = FairShares(resources)
    queues = routes.map { _ in Queue() }
    running = routes.map { _ in nil }
    rings = resources.rings.map { Array(repeating: -1, count: $0) }
    heads = resources.rings.map { _ in 0 }
  }

  /// Whether no task is under way or waits.
  var isDrained: Bool { open == 0 }

  /// Goes back to before all that ran, where nothing is under way: the next release says what moment it is.
  mutating func rewind() { now = 0 }

  /// Issues `plan` and advances until every task of it that is not ahead has ended; that moment.
  mutating func advance(
    _ plan: borrowing StepPlan, _ release: Int64, _ state: UnsafeMutablePointer<Int64>, _ recording: inout Recording?
  ) -> Int64 {
    forgetEnded()
    issue(plan, release, state, &recording)
    settle(state, &recording)
    proceed(to: release, state, &recording)
    return now
  }

  /// Advances to `moment`, and on until every task that a step waits for has ended.
  mutating func proceed(
    to moment: Int64, _ state: UnsafeMutablePointer<Int64>, _ recording: inout Recording?
  ) {
    while awaited > 0 || now < moment {
      guard let next = nextInstant(moment) else { break }
      for stream in running.indices {
        guard let rate = running[stream]?.rate, rate > 0 else { continue }
        running[stream]?.rest -= Int128(rate) * Int128(next - now)
      }
      now = next
      settle(state, &recording)
      if !repeated.isEmpty, hasEnded(repeated[0].next), awaited > 0 { foldRepetitions(state) }
    }
  }

  /// Drops what is known of tasks that have ended before every task that has not.
  private mutating func forgetEnded() {
    guard ended.count >= 4_096 || open == 0 else { return }
    let first = open == 0 ? ended.count : ended.firstIndex(of: false) ?? ended.count
    ended.removeFirst(first)
    base += first
  }

  private mutating func issue(
    _ plan: borrowing StepPlan, _ release: Int64, _ state: UnsafeMutablePointer<Int64>, _ recording: inout Recording?
  ) {
    numbers.removeAll(keepingCapacity: true)
    numbers.append(contentsOf: repeatElement(-1, count: plan.count))
    repeated.removeAll(keepingCapacity: true)
    for place in 0..<plan.parts.count {
      let part = plan.parts[place]
      if part.count > 1, recording == nil,
        let part = RepeatedPart(plan, part, first: issued, streams: routes.count, rings: rings.map(\.count))
      {
        repeated.append(part)
      }
      for repetition in 0..<part.count {
        for index in part.start..<part.end {
          let task = plan.tasks[index]
          let place = recording?.issue(task, at: index, of: plan, repetition: repetition) ?? -1
          queues[Int(task.stream)].append(
            Pending(
              task: task, after: (number(task.first), number(task.second), number(task.third), number(task.fourth)),
              number: issued, release: release, place: place))
          if !task.isAhead { awaited += 1 }
          numbers[index] = issued
          if task.ring >= 0 {
            let ring = Int(task.ring)
            rings[ring][heads[ring]] = issued
            heads[ring] = heads[ring] + 1 == rings[ring].count ? 0 : heads[ring] + 1
          }
          issued += 1
        }
        let count = part.end - part.start
        ended.append(contentsOf: repeatElement(false, count: count))
        open += count
        state[layout.tasks] &+= Int64(count)
      }
    }
  }

  /// The number of the task that `code` names; -1 for none.
  private func number(_ code: Int32) -> Int {
    if code >= 0 { return numbers[Int(code)] }
    let ref = TaskRef(code: code)
    guard ref.isRing, ref.back >= 1, ref.back <= rings[ref.ring].count else { return -1 }
    let place = heads[ref.ring] - ref.back
    return rings[ref.ring][place < 0 ? place + rings[ref.ring].count : place]
  }

  func hasEnded(_ number: Int) -> Bool { number < base || ended[number - base] }

  /// The next moment at which something begins or ends; nil where nothing is left to.
  private func nextInstant(_ moment: Int64) -> Int64? {
    var next = now < moment ? moment : Int64.max
    for task in running {
      guard let task else { continue }
      if task.rate > 0 {
        next = min(next, now + Timeline.flowTime(task.rest, rate: task.rate))
      } else {
        next = min(next, max(now, task.rest > 0 ? task.begins : task.least))
      }
    }
    return next == .max ? nil : min(next, Timeline.horizon)
  }

  /// Ends and starts what this instant ends and starts, and shares the channels anew.
  private mutating func settle(_ state: UnsafeMutablePointer<Int64>, _ recording: inout Recording?) {
    var changed = true
    while changed {
      changed = false
      for stream in running.indices where endTask(stream, state, &recording) { changed = true }
      for stream in running.indices where running[stream] == nil && startTask(stream) { changed = true }
    }
    shares.begin()
    for stream in running.indices {
      guard let task = running[stream], task.rest > 0, task.begins <= now else { continue }
      shares.add(stream, routes[stream])
    }
    shares.share(routes) { stream, rate in running[stream]?.rate = rate }
  }

  /// Ends the flow or the task of `stream` where its time has come; whether a task ended.
  private mutating func endTask(
    _ stream: Int, _ state: UnsafeMutablePointer<Int64>, _ recording: inout Recording?
  ) -> Bool {
    guard let task = running[stream] else { return false }
    if task.rate > 0, task.rest <= 0 {
      running[stream]?.rate = 0
      running[stream]?.rest = 0
    }
    guard task.rest <= 0 && task.least <= now || now >= Timeline.horizon else { return false }
    running[stream] = nil
    state[layout.busy(task.task)] &+= now - task.start
    state[layout.bytes + stream] &+= task.task.bytes
    state[stream] = now
    ended[task.number - base] = true
    open -= 1
    if !task.task.isAhead { awaited -= 1 }
    if task.place >= 0 { recording?.schedule(task.place, start: task.start, end: now) }
    return true
  }

  /// Starts the first task that waits on `stream` where it may; whether it did.
  private mutating func startTask(_ stream: Int) -> Bool {
    guard let pending = queues[stream].next, pending.release <= now else { return false }
    let after = pending.after
    guard hasEnded(after.0), hasEnded(after.1), hasEnded(after.2), hasEnded(after.3) else { return false }
    queues[stream].removeFirst()
    computed += 1
    let task = pending.task
    let carries = task.bytes > 0 && !routes[stream].isEmpty
    running[stream] = Running(
      task: task, number: pending.number, place: pending.place, start: now,
      least: now + (carries ? task.least : max(task.latency, task.least)), begins: now + task.latency,
      rest: carries ? Int128(task.bytes) * 1_000_000_000_000 : 0)
    return true
  }
}
