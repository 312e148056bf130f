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
  mutating func maxPlus(_ plan: StepPlan, _ release: Int64, _ recording: inout Recording?) -> Int64 {
    makeRoom(for: plan.count)
    let isRecording = recording != nil
    var stepEnd = release
    var computed = 0
    plan.tasks.withUnsafeBufferPointer { buffer in
      guard let tasks = buffer.baseAddress else { return }
      for part in plan.parts {
        account(tasks, part)
        let depth = part.count > 2 && !isRecording ? depth(tasks, part) : .max
        // Repetitions in a row in which every task moved as far as in the last one.
        var alike = 0
        var repetition = 0
        while repetition < part.count {
          var isAlike = false
          if isRecording {
            isAlike = compute(tasks, part, release, &stepEnd) { index, start, end in
              if let place = recording?.issue(tasks[index], at: index, of: plan, repetition: repetition) {
                recording?.schedule(place, start: start, end: end)
              }
            }
          } else {
            isAlike = compute(tasks, part, release, &stepEnd) { _, _, _ in }
          }
          computed += part.end - part.start
          repetition += 1
          if repetition > 1 { alike = isAlike && repetition > 2 ? alike + 1 : 1 }
          if alike >= depth, repetition < part.count {
            repetition += fold(tasks, part, most: part.count - repetition, &stepEnd)
          }
        }
      }
    }
    self.computed += Int64(computed)
    return stepEnd
  }

  /// Notes the lengths of the tasks of `part`, and counts what they do in all repetitions.
  private func account(_ tasks: UnsafePointer<PlannedTask>, _ part: StepPlan.Part) {
    let count = Int64(part.count)
    for index in part.start..<part.end {
      let task = tasks + index
      let stream = Int(task.pointee.stream)
      let length = Self.length(task.pointee, rate: rates[stream])
      times[index].length = length
      state[layout.busy(task.pointee)] &+= length &* count
      state[layout.bytes + stream] &+= task.pointee.bytes &* count
    }
    state[layout.tasks] &+= count &* Int64(part.end - part.start)
  }

  /// Computes one repetition of `part`; whether every task moved as far as in the repetition before.
  @inline(__always)
  private func compute(
    _ tasks: UnsafePointer<PlannedTask>, _ part: StepPlan.Part, _ release: Int64, _ stepEnd: inout Int64,
    _ note: (_ index: Int, _ start: Int64, _ end: Int64) -> Void
  ) -> Bool {
    var isAlike = true
    for index in part.start..<part.end {
      let task = tasks + index
      let time = times + index
      let stream = Int(task.pointee.stream)
      var start = max(release, state[stream])
      start = max(start, moment(task.pointee.first), moment(task.pointee.second))
      if task.pointee.third & task.pointee.fourth != -1 {
        start = max(start, moment(task.pointee.third), moment(task.pointee.fourth))
      }
      let end = min(start &+ time.pointee.length, Self.horizon)
      note(index, start, end)
      state[stream] = end
      if task.pointee.ring >= 0 { push(Int(task.pointee.ring), end) }
      let shift = end &- time.pointee.end
      if shift != time.pointee.shift {
        isAlike = false
        time.pointee.shift = shift
      }
      time.pointee.end = end
      if !task.pointee.isAhead, end > stepEnd { stepEnd = end }
    }
    return isAlike
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
