import Units

extension Timeline {
  /// What streams did up to a moment.
  public struct Totals: Hashable, Sendable {
    /// Picoseconds of each stream's tasks by what bounds them, ``Timeline/boundCount`` for each stream.
    var busy: [Int64]
    /// Bytes of each stream.
    var bytes: [Int64]
    /// Tasks that had ended.
    public internal(set) var tasks: Int64

    /// Picoseconds in which `stream` ran tasks.
    public func busy(_ stream: Int) -> Int64 {
      (0..<Timeline.boundCount).reduce(0) { $0 &+ busy(stream, bound: $1) }
    }
    /// Picoseconds in which `stream` ran tasks that `bound` bounds.
    public func busy(_ stream: Int, bound: Int) -> Int64 { busy[stream * Timeline.boundCount + bound] }
    /// Bytes that crossed the route of `stream`; those of a stream without one count once their task has ended.
    public func bytes(_ stream: Int) -> Int64 { bytes[stream] }

    /// What `state` says.
    init(_ layout: Layout, _ state: UnsafePointer<Int64>) {
      busy = (layout.busy..<layout.bytes).map { state[$0] }
      bytes = (layout.bytes..<layout.tasks).map { state[$0] }
      tasks = state[layout.tasks]
    }

    /// Adds what tasks of the kind of `task` did.
    mutating func add(_ done: Done, of task: PlannedTask) {
      let stream = Int(task.stream)
      busy[stream * Timeline.boundCount + Int(task.bound) % Timeline.boundCount] &+= done.busy
      bytes[stream] &+= done.bytes
    }
  }

  /// What tasks did up to a moment.
  struct Done {
    var busy: Int64 = 0
    var bytes: Int64 = 0
  }

  /// What was done up to `moment`, no earlier than the end of the last step: tasks that steps left ahead and that are under
  /// way then count with the part of them that is done.
  ///
  /// Complexity: O(streams + tasks left ahead) without shared channels; with them what those tasks take to run until then.
  public func totals(until moment: Instant) -> Totals {
    let moment = min(moment.picoseconds, Self.horizon)
    if let flows { return flows.pointee.totals(until: moment, state) }
    var totals = Totals(layout, state)
    for left in leftAhead {
      let missing = left.missing(at: moment, rate: rates[Int(left.task.stream)])
      totals.add(Done(busy: -missing.busy, bytes: -missing.bytes), of: left.task)
      totals.tasks -= missing.tasks
    }
    return totals
  }

  /// What had crossed at `moment` of the bytes of recorded tasks that had not ended, by their places in the recording;
  /// without shared channels.
  func crossed(until moment: Int64) -> [Int: Int64] {
    var crossed: [Int: Int64] = [:]
    for left in leftAhead {
      guard let place = left.place, left.repetitions.end > moment else { continue }
      crossed[place] = left.task.bytes - left.missing(at: moment, rate: rates[Int(left.task.stream)]).bytes
    }
    return crossed
  }
}

/// Repetitions in a row of a task, each as long after the one before.
struct Repetitions: BitwiseCopyable {
  /// The place of the task in its plan.
  var index: Int
  /// When the first of them ends.
  var end: Int64
  var shift: Int64
  var count: Int64

  /// When the last of them ends.
  var last: Int64 { end &+ (count &- 1) &* shift }
}

/// A task that its step did not wait for and that ended after it, or repetitions of it.
struct LeftAhead {
  var task: PlannedTask
  var length: Int64
  var repetitions: Repetitions
  /// Its place in the recording; nil where there is none.
  var place: Int?

  init(_ task: PlannedTask, length: Int64, _ repetitions: Repetitions, place: Int? = nil) {
    (self.task, self.length, self.repetitions, self.place) = (task, length, repetitions, place)
  }

  /// What is not done of them at `moment`. All follow one another on their stream, so that only the first that has not ended
  /// may be under way.
  func missing(at moment: Int64, rate: Int64) -> (busy: Int64, bytes: Int64, tasks: Int64) {
    let (end, shift) = (repetitions.end, repetitions.shift)
    let ended = moment < end ? 0 : shift > 0 ? (moment - end) / shift + 1 : repetitions.count
    let open = repetitions.count - ended
    guard open > 0 else { return (0, 0, 0) }
    let done = done(ended, at: moment, rate: rate)
    return (open &* length &- done.busy, open &* task.bytes &- done.bytes, open)
  }

  /// What is done at `moment`, before its end, of the one that `before` others precede.
  private func done(_ before: Int64, at moment: Int64, rate: Int64) -> Timeline.Done {
    let start = repetitions.end &+ before &* repetitions.shift &- length
    guard moment > start else { return Timeline.Done() }
    let flowed = Int128(max(0, moment - start - task.latency)) * Int128(rate) / 1_000_000_000_000
    return Timeline.Done(busy: moment - start, bytes: Int64(min(flowed, Int128(task.bytes))))
  }
}
