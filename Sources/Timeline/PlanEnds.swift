import Units

/// When the tasks of the plan that ran last ended. Holds until another plan runs.
public struct PlanEnds {
  private let times: UnsafeBufferPointer<TaskTimes>

  init(_ times: UnsafeBufferPointer<TaskTimes>) { self.times = times }

  /// The end of a task of the plan, of its last repetition; nil for what a ring remembers and for no task.
  public func end(of task: TaskRef) -> Instant? {
    let index = Int(task.code)
    return times.indices.contains(index) ? Instant(picoseconds: times[index].end) : nil
  }
}
