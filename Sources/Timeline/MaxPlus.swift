/// What a task of a plan did in its last repetition, in picoseconds.
struct TaskTimes: BitwiseCopyable {
  var end: Int64 = 0
  /// How much later it ended than in the repetition before.
  var shift: Int64 = 0
  var length: Int64 = 0
}

extension Timeline {
  /// Runs `plan` where streams share no channels: one pass over its tasks, a repeated part being computed until the rest
  /// of it, or some of the rest, can be folded. The end of its step.
  mutating func maxPlus(_ plan: borrowing StepPlan, _ release: Int64, _ recording: inout Recording?) -> Int64 {
    makeRoom(for: plan.count)
    guard !plan.hasAhead || recording != nil else { return watch(plan, release) }
    let isRecording = recording != nil
    var stepEnd = release
    var computed = 0
    let tasks = UnsafePointer(plan.tasks.base)
    for place in 0..<plan.parts.count {
      let part = plan.parts[place]
      computed +=
        (part.end - part.start)
        * (isRecording
          ? record(plan, tasks, part, release, &stepEnd, &recording) : run(tasks, part, release, &stepEnd))
    }
    self.computed += Int64(computed)
    return stepEnd
  }

  /// Runs `part`; how many of its repetitions were computed.
  @inline(__always)
  private mutating func run(
    _ tasks: UnsafePointer<PlannedTask>, _ part: StepPlan.Part, _ release: Int64, _ stepEnd: inout Int64
  ) -> Int {
    run(tasks, part, release, &stepEnd, { _, _, _ in }, { _ in })
  }

  /// Runs `plan` and takes note of its tasks that end after its step; the end of that.
  @inline(never)
  private mutating func watch(_ plan: borrowing StepPlan, _ release: Int64) -> Int64 {
    let (times, noted) = (times, noted)
    noted.pointee.removeAll()
    let tasks = UnsafePointer(plan.tasks.base)
    var stepEnd = release
    for place in 0..<plan.parts.count {
      let part = plan.parts[place]
      guard part.count > 1 else {
        begin(tasks, part, release, &stepEnd) { _, _, _ in }
        computed += Int64(part.end - part.start)
        continue
      }
      func note(_ index: Int, _ start: Int64, _ end: Int64) {
        if tasks[index].isAhead { noted.pointee.append(Repetitions(index: index, end: end, shift: 0, count: 1)) }
      }
      func skip(_ count: Int) {
        for index in part.start..<part.end where tasks[index].isAhead {
          let (last, shift) = (times[index].end, times[index].shift)
          let first = last &- Int64(count &- 1) &* shift
          noted.pointee.append(Repetitions(index: index, end: first, shift: shift, count: Int64(count)))
        }
      }
      computed += Int64((part.end - part.start) * run(tasks, part, release, &stepEnd, note, skip))
    }
    leaveLast(plan, tasks, after: stepEnd)
    for place in 0..<noted.pointee.count where noted.pointee[place].last > stepEnd {
      leave(noted.pointee[place], tasks)
    }
    state[layout.leftAhead] = Int64(leftAhead.count)
    return stepEnd
  }

  /// Leaves the tasks of `plan` that end after `stepEnd`, but for those of parts that repeat: of each stream the last ones, since
  /// its tasks end in order.
  @inline(__always)
  private mutating func leaveLast(
    _ plan: borrowing StepPlan, _ tasks: UnsafePointer<PlannedTask>, after stepEnd: Int64
  ) {
    // Streams of which an earlier task may end after the step.
    var open = 0
    for stream in 0..<layout.streams {
      let isOpen = state[stream] > stepEnd
      latest[stream] = isOpen ? 1 : 0
      if isOpen { open &+= 1 }
    }
    var place = plan.parts.count
    while open > 0, place > 0 {
      place &-= 1
      let part = plan.parts[place]
      var index = part.end
      while open > 0, index > part.start {
        index &-= 1
        let stream = Int(tasks[index].stream)
        guard latest[stream] == 1 else { continue }
        if times[index].end <= stepEnd {
          latest[stream] = 0
          open &-= 1
        } else if part.count == 1 {
          leave(Repetitions(index: index, end: times[index].end, shift: 0, count: 1), tasks)
        }
      }
    }
  }

  private mutating func leave(_ repetitions: Repetitions, _ tasks: UnsafePointer<PlannedTask>) {
    leftAhead.append(LeftAhead(tasks[repetitions.index], length: times[repetitions.index].length, repetitions))
  }

  /// Drops the tasks left ahead from number `first` on that had ended at `moment`.
  mutating func dropEnded(from first: Int = 0, by moment: Int64) {
    var kept = first
    for place in first..<leftAhead.count where leftAhead[place].repetitions.last > moment {
      leftAhead[kept] = leftAhead[place]
      kept += 1
    }
    leftAhead.removeLast(leftAhead.count - kept)
    state[layout.leftAhead] = Int64(kept)
  }

  /// Runs `part`; how many of its repetitions were computed. `note` is told of each task that is, and `skip` of how many
  /// repetitions were folded at once.
  @inline(__always)
  private mutating func run(
    _ tasks: UnsafePointer<PlannedTask>, _ part: StepPlan.Part, _ release: Int64, _ stepEnd: inout Int64,
    _ note: (_ index: Int, _ start: Int64, _ end: Int64) -> Void, _ skip: (_ count: Int) -> Void
  ) -> Int {
    begin(tasks, part, release, &stepEnd, note)
    guard part.count > 1 else { return 1 }
    let depth = part.count > 2 ? depth(tasks, part) : .max
    var (repetition, computed) = (1, 1)
    // Repetitions in a row in which every task moved as far as in the last one.
    var alike = 0
    while repetition < part.count {
      let isAlike = again(tasks, part, release, &stepEnd, note)
      computed += 1
      repetition += 1
      alike = isAlike && repetition > 2 ? alike + 1 : 1
      if alike >= depth, repetition < part.count {
        let folded = fold(tasks, part, most: part.count - repetition, &stepEnd)
        repetition += folded
        if folded > 0 { skip(folded) }
      }
    }
    return computed
  }

  /// Runs `part` and adds its tasks to `recording`, all of them: how many of its repetitions.
  @inline(never)
  private mutating func record(
    _ plan: borrowing StepPlan, _ tasks: UnsafePointer<PlannedTask>, _ part: StepPlan.Part, _ release: Int64,
    _ stepEnd: inout Int64, _ recording: inout Recording?
  ) -> Int {
    let times = times
    var left: [LeftAhead] = []
    swap(&left, &leftAhead)
    defer { swap(&left, &leftAhead) }
    for repetition in 0..<part.count {
      func note(_ index: Int, _ start: Int64, _ end: Int64) {
        guard let place = recording?.issue(tasks[index], at: index, of: plan, repetition: repetition) else { return }
        recording?.schedule(place, start: start, end: end)
        guard tasks[index].isAhead else { return }
        let once = Repetitions(index: index, end: end, shift: 0, count: 1)
        left.append(LeftAhead(tasks[index], length: times[index].length, once, place: place))
      }
      if repetition == 0 {
        begin(tasks, part, release, &stepEnd, note)
      } else {
        _ = again(tasks, part, release, &stepEnd, note)
      }
    }
    return part.count
  }

  /// Computes the first repetition of `part`: notes the lengths of its tasks, and counts what they do in all.
  @inline(__always)
  private mutating func begin(
    _ tasks: UnsafePointer<PlannedTask>, _ part: StepPlan.Part, _ release: Int64, _ stepEnd: inout Int64,
    _ note: (_ index: Int, _ start: Int64, _ end: Int64) -> Void
  ) {
    let count = Int64(part.count)
    for index in part.start..<part.end {
      let task = tasks + index
      let stream = Int(task.pointee.stream)
      let length = Self.length(task.pointee, rate: rates[stream])
      state[layout.busy(task.pointee)] &+= length &* count
      state[layout.bytes &+ stream] &+= task.pointee.bytes &* count
      times[index].length = length
      let start = start(of: task, release)
      times[index].end = end(task, start, length, &stepEnd)
      note(index, start, times[index].end)
    }
    state[layout.tasks] &+= count &* Int64(part.end - part.start)
  }

  /// Computes one more repetition of `part`; whether every task moved as far as in the repetition before.
  @inline(__always)
  private mutating func again(
    _ tasks: UnsafePointer<PlannedTask>, _ part: StepPlan.Part, _ release: Int64, _ stepEnd: inout Int64,
    _ note: (_ index: Int, _ start: Int64, _ end: Int64) -> Void
  ) -> Bool {
    var isAlike = true
    for index in part.start..<part.end {
      let task = tasks + index
      let time = times + index
      let start = start(of: task, release)
      let end = end(task, start, time.pointee.length, &stepEnd)
      note(index, start, end)
      let shift = end &- time.pointee.end
      if shift != time.pointee.shift {
        isAlike = false
        time.pointee.shift = shift
      }
      time.pointee.end = end
    }
    return isAlike
  }

  /// When `task` starts: as soon as it is released, its stream is free, and what it waits for has ended.
  @inline(__always)
  private func start(of task: UnsafePointer<PlannedTask>, _ release: Int64) -> Int64 {
    var start = max(release, state[Int(task.pointee.stream)])
    start = max(start, moment(task.pointee.first), moment(task.pointee.second))
    if task.pointee.third & task.pointee.fourth != -1 {
      start = max(start, moment(task.pointee.third), moment(task.pointee.fourth))
    }
    return start
  }

  /// Has `task` end `length` after `start`, and that known to its stream, its ring and the step.
  @inline(__always)
  private mutating func end(
    _ task: UnsafePointer<PlannedTask>, _ start: Int64, _ length: Int64, _ stepEnd: inout Int64
  ) -> Int64 {
    let end = min(start &+ length, Self.horizon)
    state[Int(task.pointee.stream)] = end
    if task.pointee.ring >= 0 { push(Int(task.pointee.ring), end) }
    if !task.pointee.isAhead, end > stepEnd { stepEnd = end }
    return end
  }

  /// The end of the task that `code` names.
  @inline(__always)
  private func moment(_ code: Int32) -> Int64 {
    if code >= 0 { return times[Int(code)].end }
    if code == -1 { return 0 }
    return remembered(TaskRef(code: code))
  }

  /// The end of the task that a ring remembers; 0 where it remembers none.
  func remembered(_ ref: TaskRef) -> Int64 {
    let (base, size) = layout.rings[ref.ring]
    guard ref.back >= 1, ref.back <= size else { return 0 }
    return state[base + place(ref.ring, ref.back, size)]
  }

  /// The place, from the first of `ring` on, of the task put in it `back` tasks ago.
  @inline(__always)
  func place(_ ring: Int, _ back: Int, _ size: Int) -> Int {
    let place = Int(state[layout.heads + ring]) - back
    return place < 0 ? place + size : place
  }

  @inline(__always)
  private func push(_ ring: Int, _ end: Int64) {
    let (base, size) = layout.rings[ring]
    let head = Int(state[layout.heads + ring])
    state[base + head] = end
    state[layout.heads + ring] = Int64(head + 1 == size ? 0 : head + 1)
  }
}
