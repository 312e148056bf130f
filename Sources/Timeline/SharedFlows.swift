/// The tasks of a timeline with shared channels, from one instant at which something begins or ends to the next.
///
/// At most one task of a stream is under way, so that an instant is found by looking at every stream.
struct SharedFlows {
  /// A task that has been issued and has not ended.
  private struct Pending {
    var task: PlannedTask
    /// Numbers of the tasks that it waits for; -1 for none.
    var after: (Int, Int, Int, Int)
    /// Its number among all tasks ever issued.
    var number: Int
    var release: Int64
    /// Its place in the recording; -1 where there is none.
    var place: Int
  }

  /// The task that a stream is running.
  private struct Running {
    var pending: Pending
    var start: Int64
    /// When its bytes begin to flow, until they do.
    var begins: Int64
    /// The least moment at which it may end.
    var least: Int64
    /// Bytes * 10^12 still to flow; 0 once they have.
    var rest: Int128
    var flows = false
  }

  private let resources: Resources
  private let layout: Timeline.Layout
  private var shares: FairShares
  /// Tasks of each stream that have not started, in the order of issue.
  private var queues: [[Pending]]
  private var running: [Running?]
  private var issued = 0
  /// Numbers of tasks that have not ended.
  private var open: Set<Int> = []
  /// What each ring remembers, by number; -1 where it remembers nothing.
  private var rings: [[Int]]
  private var heads: [Int]
  private var now: Int64 = 0
  private var routes: [[Int]] = []
  private var flowing: [Int] = []
  private var rates: [Int64] = []

  init(_ resources: Resources, _ layout: Timeline.Layout) {
    self.resources = resources
    self.layout = layout
    shares = FairShares(resources)
    queues = resources.streams.map { _ in [] }
    running = resources.streams.map { _ in nil }
    rings = resources.rings.map { Array(repeating: -1, count: $0) }
    heads = resources.rings.map { _ in 0 }
  }

  /// Whether no task is under way or waits.
  var isDrained: Bool { open.isEmpty }

  /// Goes back to before all that ran, where nothing is under way: the next release says what moment it is.
  mutating func rewind() { now = 0 }

  /// Issues `plan` and advances until every task of it that is not ahead has ended; that moment.
  mutating func advance(
    _ plan: StepPlan, _ release: Int64, _ state: UnsafeMutablePointer<Int64>, _ recording: inout Recording?
  ) -> Int64 {
    var awaited: Set<Int> = []
    issue(plan, release, state, &awaited, &recording)
    settle(state, &awaited, &recording)
    while !awaited.isEmpty || now < release {
      guard let next = nextInstant(release) else { break }
      pass(to: next)
      settle(state, &awaited, &recording)
    }
    return now
  }

  /// Ends and starts what this instant ends and starts, and shares the channels anew.
  private mutating func settle(
    _ state: UnsafeMutablePointer<Int64>, _ awaited: inout Set<Int>, _ recording: inout Recording?
  ) {
    var changed = true
    while changed {
      changed = false
      for stream in running.indices where endTask(stream, state, &awaited, &recording) { changed = true }
      for stream in running.indices where running[stream] == nil && startTask(stream) { changed = true }
    }
    settleRates()
  }

  private mutating func issue(
    _ plan: StepPlan, _ release: Int64, _ state: UnsafeMutablePointer<Int64>, _ awaited: inout Set<Int>,
    _ recording: inout Recording?
  ) {
    var numbers = Array(repeating: -1, count: plan.tasks.count)
    for part in plan.parts {
      for repetition in 0..<part.count {
        for index in part.start..<part.end {
          let task = plan.tasks[index]
          let place = recording?.issue(task, at: index, of: plan, repetition: repetition) ?? -1
          let pending = Pending(
            task: task,
            after: (
              number(task.first, numbers), number(task.second, numbers), number(task.third, numbers),
              number(task.fourth, numbers)
            ), number: issued, release: release, place: place)
          queues[Int(task.stream)].append(pending)
          open.insert(issued)
          if !task.isAhead { awaited.insert(issued) }
          numbers[index] = issued
          if task.ring >= 0 {
            let ring = Int(task.ring)
            rings[ring][heads[ring]] = issued
            heads[ring] = (heads[ring] + 1) % rings[ring].count
          }
          issued += 1
        }
        state[layout.tasks] &+= Int64(part.end - part.start)
      }
    }
  }

  private func number(_ code: Int32, _ numbers: [Int]) -> Int {
    if code >= 0 { return numbers[Int(code)] }
    let ref = TaskRef(code: code)
    guard ref.isRing, ref.back >= 1, ref.back <= rings[ref.ring].count else { return -1 }
    let size = rings[ref.ring].count
    return rings[ref.ring][(heads[ref.ring] - ref.back + size) % size]
  }

  /// The next moment at which something begins or ends; nil where nothing is left to.
  private func nextInstant(_ release: Int64) -> Int64? {
    var next = now < release ? release : Int64.max
    for stream in running.indices {
      guard let task = running[stream] else { continue }
      if task.flows {
        let position = flowing.firstIndex(of: stream) ?? 0
        next = min(next, now + Timeline.flowTime(task.rest, rate: rates[position]))
      } else if task.rest > 0 {
        next = min(next, max(now, task.begins))
      } else {
        next = min(next, max(now, task.least))
      }
    }
    return next == .max ? nil : min(next, Timeline.horizon)
  }

  /// Lets bytes flow until `next`.
  private mutating func pass(to next: Int64) {
    for (position, stream) in flowing.enumerated() {
      running[stream]?.rest -= Int128(rates[position]) * Int128(next - now)
    }
    now = next
  }

  /// Ends the flow or the task of `stream` where its time has come; whether a task ended.
  private mutating func endTask(
    _ stream: Int, _ state: UnsafeMutablePointer<Int64>, _ awaited: inout Set<Int>, _ recording: inout Recording?
  ) -> Bool {
    guard var task = running[stream] else { return false }
    if task.flows, task.rest <= 0 {
      task.flows = false
      task.rest = 0
      running[stream] = task
    }
    guard task.rest == 0, !task.flows, task.least <= now || now >= Timeline.horizon else { return false }
    let planned = task.pending.task
    running[stream] = nil
    state[layout.busy(planned)] &+= now - task.start
    state[layout.bytes + stream] &+= planned.bytes
    state[stream] = now
    open.remove(task.pending.number)
    awaited.remove(task.pending.number)
    if task.pending.place >= 0 { recording?.schedule(task.pending.place, start: task.start, end: now) }
    return true
  }

  /// Starts the first task that waits on `stream` where it may; whether it did.
  private mutating func startTask(_ stream: Int) -> Bool {
    guard let pending = queues[stream].first, pending.release <= now else { return false }
    let after = pending.after
    guard ![after.0, after.1, after.2, after.3].contains(where: { $0 >= 0 && open.contains($0) }) else { return false }
    queues[stream].removeFirst()
    let task = pending.task
    let carries = task.bytes > 0 && !resources.streams[stream].route.isEmpty
    let fixed = carries ? task.least : max(task.latency, task.least)
    running[stream] = Running(
      pending: pending, start: now, begins: now + task.latency, least: now + fixed,
      rest: carries ? Int128(task.bytes) * 1_000_000_000_000 : 0)
    return true
  }

  /// Begins the flows whose time has come, and shares the channels among all.
  private mutating func settleRates() {
    routes.removeAll(keepingCapacity: true)
    flowing.removeAll(keepingCapacity: true)
    for stream in running.indices {
      guard var task = running[stream], task.rest > 0 else { continue }
      if task.begins <= now {
        task.flows = true
        running[stream] = task
        flowing.append(stream)
        routes.append(resources.streams[stream].route)
      }
    }
    shares.rates(routes, into: &rates)
  }
}
