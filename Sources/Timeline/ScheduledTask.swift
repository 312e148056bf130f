import Units

/// A task that has run, as a recording keeps it.
public struct ScheduledTask: Hashable, Sendable {
  /// Its label.
  public var label: String
  /// Its stream, by index into the resources.
  public var stream: Int
  /// The plan it belongs to, from 0.
  public var plan: Int
  /// The repetition of its part, from 0.
  public var repetition: Int
  /// When it started.
  public var start: Instant
  /// When it ended; the end of the last step where channels are shared and it had not.
  public var end: Instant
  /// Bytes that it moves.
  public var bytes: Int64
  /// Whether its step did not wait for it.
  public var isAhead: Bool
  /// The task before it on its stream, by index into the recording; nil for the first.
  public var previous: Int?
  /// The tasks that it waited for, by index into the recording.
  public var after: [Int]
}

/// What a timeline did while it was recorded, repetitions one by one in the order of issue.
public struct Recording: Sendable {
  /// The tasks.
  public private(set) var tasks: [ScheduledTask] = []
  /// Release and end of each plan's step.
  public private(set) var steps: [(release: Instant, end: Instant)] = []

  /// For each step what had crossed of the bytes of tasks that had not ended then, by place.
  private var crossed: [[Int: Int64]] = []
  /// The place of the last repetition of each task of the plan under way.
  private var places: [Int] = []
  /// The last task of each stream.
  private var last: [Int: Int] = [:]
  /// What each ring remembers, the last one last.
  private var rings: [Int: [Int]] = [:]

  /// Nothing.
  public init() {}

  /// Time in which a stream ran tasks before the last step ended; what was ahead may go on after it. Complexity: O(tasks).
  public func busy(_ stream: Int) -> Interval {
    let end = steps.last?.end ?? .start
    return tasks.reduce(.zero) { sum, task in
      task.stream == stream && task.start < end ? sum + (min(task.end, end) - task.start) : sum
    }
  }

  /// Bytes that crossed the route of a stream before the last step ended. Complexity: O(tasks).
  public func bytes(_ stream: Int) -> Int64 {
    let open = crossed.last ?? [:]
    return tasks.indices.reduce(0) { sum, place in
      tasks[place].stream == stream ? sum &+ (open[place] ?? tasks[place].bytes) : sum
    }
  }

  mutating func begin(_ plan: borrowing StepPlan) { places = Array(repeating: -1, count: plan.count) }

  /// Ends a step at which `crossed` says what had crossed of the bytes of tasks that had not ended, by place.
  mutating func end(release: Int64, end: Int64, _ crossed: [Int: Int64]) {
    steps.append((Instant(picoseconds: release), Instant(picoseconds: end)))
    self.crossed.append(crossed)
  }

  /// Adds a task that is issued; its place.
  mutating func issue(_ task: PlannedTask, at index: Int, of plan: borrowing StepPlan, repetition: Int) -> Int {
    var after: [Int] = []
    for code in [task.first, task.second, task.third, task.fourth] {
      let ref = TaskRef(code: code)
      if code >= 0 {
        after.append(places[Int(code)])
      } else if ref.isRing, let remembered = rings[ref.ring], ref.back >= 1, ref.back <= remembered.count {
        after.append(remembered[remembered.count - ref.back])
      }
    }
    let place = tasks.count
    tasks.append(
      ScheduledTask(
        label: plan.labels[Int(task.label)], stream: Int(task.stream), plan: steps.count, repetition: repetition,
        start: .start, end: .start, bytes: task.bytes, isAhead: task.isAhead, previous: last[Int(task.stream)],
        after: after))
    last[Int(task.stream)] = place
    places[index] = place
    if task.ring >= 0 {
      rings[Int(task.ring), default: []].append(place)
      if rings[Int(task.ring)]?.count ?? 0 > 255 { rings[Int(task.ring)]?.removeFirst() }
    }
    return place
  }

  /// Forgets all but the first `count` steps, when nothing of those after them is under way.
  public mutating func keep(_ count: Int) {
    guard count < steps.count else { return }
    steps.removeLast(steps.count - count)
    crossed.removeLast(crossed.count - count)
    tasks.removeLast(tasks.count - (tasks.firstIndex { $0.plan >= count } ?? tasks.count))
    last = [:]
    for (place, task) in tasks.enumerated() { last[task.stream] = place }
    for ring in rings.keys { rings[ring]?.removeAll { $0 >= tasks.count } }
  }

  /// Says when the task at `place` ran.
  mutating func schedule(_ place: Int, start: Int64, end: Int64) {
    tasks[place].start = Instant(picoseconds: start)
    tasks[place].end = Instant(picoseconds: end)
  }
}
