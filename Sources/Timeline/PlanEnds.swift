import Units

/// When the tasks of the plan that ran last ended. Holds until another plan runs.
public struct PlanEnds {
  private let moments: UnsafeBufferPointer<Int64>

  init(_ moments: UnsafeBufferPointer<Int64>) { self.moments = moments }

  /// The end of a task of the plan, of its last repetition; nil for what a ring remembers and for no task.
  public func end(of task: TaskRef) -> Instant? {
    let index = Int(task.code)
    return moments.indices.contains(index) ? Instant(picoseconds: moments[index]) : nil
  }
}
