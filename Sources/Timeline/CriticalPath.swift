import Units

extension Recording {
  /// Why the time of a recording passed: what its steps waited for.
  public struct Explanation: Hashable, Sendable {
    /// Picoseconds of the critical path by stream.
    public var path: [Int64]
    /// The tasks of the critical path, the first first, by index into the recording.
    public var tasks: [Int]
    /// Idle picoseconds of each stream between its first task and its last, by the stream it waited for last; the place
    /// after the last stream is for the release of a step.
    public var bubbles: [[Int64]]
  }

  /// The critical path from the end of the last step back to the first release, and the idle times of every stream.
  ///
  /// What a task waited for last is the named task that ended when it started, else the one before it on its stream,
  /// else its release. Complexity: O(tasks).
  public func explanation(streams: Int) -> Explanation {
    var found = Explanation(
      path: Array(repeating: 0, count: streams), tasks: [],
      bubbles: Array(repeating: Array(repeating: 0, count: streams + 1), count: streams))
    var last = tasks.indices.filter { !tasks[$0].isAhead }.max { tasks[$0].end < tasks[$1].end }
    while let place = last {
      found.tasks.append(place)
      found.path[tasks[place].stream] += (tasks[place].end - tasks[place].start).picoseconds
      last = cause(of: place) ?? endOfStep(before: tasks[place].start)
    }
    found.tasks.reverse()
    for place in tasks.indices {
      guard let previous = tasks[place].previous, tasks[previous].end < tasks[place].start else { continue }
      let waited = cause(of: place).map { tasks[$0].stream } ?? streams
      found.bubbles[tasks[place].stream][waited] += (tasks[place].start - tasks[previous].end).picoseconds
    }
    return found
  }

  /// The task that held up the one at `place`; nil where its release did.
  private func cause(of place: Int) -> Int? {
    let task = tasks[place]
    return task.after.first { tasks[$0].end == task.start }
      ?? task.previous.flatMap { tasks[$0].end == task.start ? $0 : nil }
  }

  /// The last task of the step before one that was released at `moment`; it may have ended earlier where nothing was to do.
  private func endOfStep(before moment: Instant) -> Int? {
    guard let step = steps.lastIndex(where: { $0.end <= moment }) else { return nil }
    return tasks.indices.last { tasks[$0].plan == step && !tasks[$0].isAhead && tasks[$0].end == steps[step].end }
  }
}
