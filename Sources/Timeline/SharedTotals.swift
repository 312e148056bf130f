/// What was done by moments after the last step, when tasks that it left ahead are under way.
extension SharedFlows {
  /// What was done up to `moment`, `state` saying what tasks that have ended did.
  func totals(until moment: Int64, _ state: UnsafePointer<Int64>) -> Timeline.Totals {
    var recording: Recording?
    return goingOn(to: moment, state, &recording) { flows, state in
      var totals = Timeline.Totals(layout, state)
      for task in flows.running.compactMap(\.self) { totals.add(flows.done(task), of: task.task) }
      totals.tasks -= Int64(flows.open)
      return totals
    }
  }

  /// What had crossed at `moment` of the bytes of recorded tasks that had not ended, by their places in `recording`, in which
  /// those that run end then.
  func crossed(until moment: Int64, _ state: UnsafePointer<Int64>, _ recording: inout Recording?) -> [Int: Int64] {
    let flows = goingOn(to: moment, state, &recording) { flows, _ in flows }
    var crossed: [Int: Int64] = [:]
    for stream in flows.running.indices {
      for pending in flows.queues[stream].all where pending.place >= 0 { crossed[pending.place] = 0 }
      guard let task = flows.running[stream], task.place >= 0 else { continue }
      crossed[task.place] = flows.done(task).bytes
      recording?.schedule(task.place, start: task.start, end: flows.now)
    }
    return crossed
  }

  /// Goes on to `moment`, as it would without new plans, and comes back.
  private func goingOn<Result>(
    to moment: Int64, _ state: UnsafePointer<Int64>, _ recording: inout Recording?,
    _ body: (SharedFlows, UnsafePointer<Int64>) -> Result
  ) -> Result {
    var flows = self
    let own = UnsafeMutablePointer<Int64>.allocate(capacity: layout.count)
    own.initialize(from: state, count: layout.count)
    defer { own.deallocate() }
    flows.proceed(to: moment, own, &recording)
    return body(flows, own)
  }

  /// What is done of a task that runs.
  private func done(_ running: Running) -> Timeline.Done {
    let carries = running.task.bytes > 0 && !routes[Int(running.task.stream)].isEmpty
    let left = (max(0, running.rest) + 999_999_999_999) / 1_000_000_000_000
    return Timeline.Done(busy: now - running.start, bytes: carries ? running.task.bytes - Int64(left) : 0)
  }
}
