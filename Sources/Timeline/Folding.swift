/// Repetitions that need not be computed: see TIMELINE.md.
extension Timeline {
  /// How many repetitions back the tasks of `part` look: one, to those before on their streams, or as many as it takes to
  /// fill a ring.
  @inline(__always)
  func depth(_ tasks: UnsafePointer<PlannedTask>, _ part: StepPlan.Part) -> Int {
    var depth = 1
    for (ring, (_, size)) in layout.rings.enumerated() {
      let puts = puts(in: ring, tasks, part)
      if puts > 0 { depth = max(depth, (size + puts - 1) / puts) }
    }
    return depth
  }

  /// Moves what `part` has done by as many repetitions, at most `most`, as move every task by its own shift; how many.
  ///
  /// The shifts are those of as many repetitions as ``depth(_:_:)`` says. Complexity: O(tasks), and O(tasks) for what
  /// rings remember.
  mutating func fold(
    _ tasks: UnsafePointer<PlannedTask>, _ part: StepPlan.Part, most: Int, _ stepEnd: inout Int64
  ) -> Int {
    let count = steadyRepetitions(tasks, part, most: Int64(most))
    guard count > 0 else { return 0 }
    for index in part.start..<part.end {
      times[index].end &+= count &* times[index].shift
      state[Int(tasks[index].stream)] = times[index].end
      if !tasks[index].isAhead, times[index].end > stepEnd { stepEnd = times[index].end }
    }
    for (ring, (base, size)) in layout.rings.enumerated() where puts(in: ring, tasks, part) > 0 {
      for back in 1...size {
        let (task, _) = origin(ring, back, before: part.end, tasks, part)
        state[base + place(ring, back, size)] &+= count &* times[task].shift
      }
    }
    return Int(count)
  }

  /// The repetitions, at most `most`, in which every task of `part` moves by its shift: what held each up goes on doing
  /// so, and nothing that moves faster overtakes it.
  private mutating func steadyRepetitions(
    _ tasks: UnsafePointer<PlannedTask>, _ part: StepPlan.Part, most: Int64
  ) -> Int64 {
    var count = most
    for index in part.start..<part.end { latest[Int(tasks[index].stream)] = index }
    for index in part.start..<part.end {
      let own = times[index]
      guard own.end < Self.horizon, own.shift >= 0 else { return 0 }
      // Divided only where so many repetitions would go beyond: a product costs less.
      let room = Self.horizon - 1 - own.end
      let (distance, isBeyond) = count.multipliedReportingOverflow(by: own.shift)
      if isBeyond || distance > room { count = room / own.shift }
      let start = own.end - own.length
      var isHeld = own.shift == 0
      /// Takes note that it waits for `task` of `ago` repetitions before.
      func wait(for task: Int, ago: Int64) {
        let other = times[task]
        let end = other.end &- ago &* other.shift
        if other.shift > own.shift {
          count = min(count, (start &- end) / (other.shift &- own.shift))
        } else if other.shift == own.shift, end == start {
          isHeld = true
        }
      }
      let stream = Int(tasks[index].stream)
      wait(for: latest[stream], ago: latest[stream] < index ? 0 : 1)
      latest[stream] = index
      /// Takes note that it waits for what `code` names, where that is of the part.
      func wait(for code: Int32) {
        if code >= 0 {
          if code >= part.start, code < part.end { wait(for: Int(code), ago: code < index ? 0 : 1) }
          return
        }
        let ref = TaskRef(code: code)
        guard ref.isRing, ref.back >= 1, ref.back <= layout.rings[ref.ring].size, puts(in: ref.ring, tasks, part) > 0
        else { return }
        let (task, ago) = origin(ref.ring, ref.back, before: index, tasks, part)
        wait(for: task, ago: ago)
      }
      wait(for: tasks[index].first)
      wait(for: tasks[index].second)
      if tasks[index].third & tasks[index].fourth != -1 {
        wait(for: tasks[index].third)
        wait(for: tasks[index].fourth)
      }
      guard isHeld, count > 0 else { return 0 }
    }
    return count
  }

  /// The tasks that a repetition of `part` puts in `ring`.
  private func puts(in ring: Int, _ tasks: UnsafePointer<PlannedTask>, _ part: StepPlan.Part) -> Int {
    var puts = 0
    for index in part.start..<part.end where Int(tasks[index].ring) == ring { puts += 1 }
    return puts
  }

  /// The task of `part` that was put in `ring` `back` tasks before the one at `index`, and how many repetitions before.
  /// One of the part is put there.
  private func origin(
    _ ring: Int, _ back: Int, before index: Int, _ tasks: UnsafePointer<PlannedTask>, _ part: StepPlan.Part
  ) -> (task: Int, ago: Int64) {
    var (place, ago, left) = (index, Int64(0), back)
    while left > 0 {
      if place == part.start { (place, ago) = (part.end, ago + 1) }
      place -= 1
      if Int(tasks[place].ring) == ring { left -= 1 }
    }
    return (place, ago)
  }
}
