import Timeline

/// The timeline of TIMELINE.md, event by event and looking at every task at every event.
public struct ReferenceTimeline {
  /// A task with everything it waits for spelled out.
  public struct Task: Hashable {
    /// Its plan, from 0.
    public var plan: Int
    /// Its stream.
    public var stream: Int
    /// Picoseconds before its bytes flow.
    public var latency: Int64
    /// Picoseconds it takes at least.
    public var least: Int64
    /// Bytes it moves.
    public var bytes: Int64
    /// Whether its step does not wait for it.
    public var isAhead: Bool
    /// The tasks it waits for, by their place among all tasks.
    public var after: [Int]

    /// A task.
    public init(
      plan: Int, stream: Int, latency: Int64, least: Int64, bytes: Int64, isAhead: Bool, after: [Int]
    ) {
      self.plan = plan
      self.stream = stream
      self.latency = latency
      self.least = least
      self.bytes = bytes
      self.isAhead = isAhead
      self.after = after
    }
  }

  /// When everything happened.
  public struct Schedule: Equatable {
    /// Start of each task; -1 where it never started.
    public var starts: [Int64]
    /// End of each task; -1 where it never ended.
    public var ends: [Int64]
    /// End of each plan's step.
    public var steps: [Int64]
    /// Whole bytes of each task that have crossed its stream's route.
    public var crossed: [Int64]
  }

  /// Runs `plans` plans of `tasks`, given in the order of issue, the first of them released at `release`.
  ///
  /// What the last plan leaves ahead is not waited for, but goes on until `horizon` where that is later than the last step.
  public static func schedule(
    _ resources: Resources, _ tasks: [Task], plans: Int, release: Int64, until horizon: Int64 = 0
  ) -> Schedule {
    let million: Int128 = 1_000_000
    var starts = Array(repeating: Int64(-1), count: tasks.count)
    var ends = starts
    var left = tasks.map { Int128($0.bytes) * million * million }
    var releases = [release]
    var steps: [Int64] = []
    var now = release
    var rates: [Int: Int128] = [:]
    func result() -> Schedule {
      let crossed = tasks.indices.map { index in
        flows(index)
          ? Int64((Int128(tasks[index].bytes) * million * million - max(0, left[index])) / million / million)
          : ends[index] >= 0 ? tasks[index].bytes : 0
      }
      return Schedule(starts: starts, ends: ends, steps: steps, crossed: crossed)
    }
    func flows(_ index: Int) -> Bool { tasks[index].bytes > 0 && !resources.streams[tasks[index].stream].route.isEmpty }
    while true {
      // Ends, then starts, then the ends of what takes no time, until nothing changes.
      var changed = true
      while changed {
        changed = false
        for index in tasks.indices where starts[index] >= 0 && ends[index] < 0 {
          let task = tasks[index]
          let fixed = flows(index) ? task.least : max(task.latency, task.least)
          if now >= starts[index] + fixed, !flows(index) || left[index] <= 0 {
            ends[index] = now
            changed = true
          }
        }
        for index in tasks.indices where starts[index] < 0 && tasks[index].plan < releases.count {
          let task = tasks[index]
          guard releases[task.plan] <= now else { continue }
          let before = tasks.indices.prefix(index).filter { tasks[$0].stream == task.stream }
          guard before.allSatisfy({ ends[$0] >= 0 }), task.after.allSatisfy({ ends[$0] >= 0 }) else { continue }
          starts[index] = now
          changed = true
        }
        guard steps.count < plans else { continue }
        let awaited = tasks.indices.filter { tasks[$0].plan == steps.count && !tasks[$0].isAhead }
        if now >= releases[steps.count], awaited.allSatisfy({ ends[$0] >= 0 }) {
          steps.append(max(releases[releases.count - 1] + 1, now))
          if steps.count < plans { releases.append(steps[steps.count - 1]) }
          changed = true
        }
      }
      if steps.count == plans, now >= max(horizon, steps[steps.count - 1]) { return result() }
      rates = fairRates(
        resources,
        tasks.indices.filter {
          starts[$0] >= 0 && ends[$0] < 0 && flows($0) && left[$0] > 0 && now >= starts[$0] + tasks[$0].latency
        }
        .map { ($0, Set(resources.streams[tasks[$0].stream].route)) })
      var next = Int64.max
      if releases[releases.count - 1] > now { next = releases[releases.count - 1] }
      for index in tasks.indices where starts[index] >= 0 && ends[index] < 0 {
        let task = tasks[index]
        for moment in [starts[index] + task.latency, starts[index] + task.least] where moment > now {
          next = min(next, moment)
        }
        if let rate = rates[index] { next = min(next, now + Int64((left[index] + rate - 1) / rate)) }
      }
      if steps.count == plans { next = min(next, max(horizon, steps[steps.count - 1])) }
      guard next < .max else { return result() }
      for (index, rate) in rates { left[index] -= rate * Int128(next - now) }
      now = next
    }
  }

  /// Max-min fair rates: every channel in turn gives its flows an equal part of what is left of it.
  private static func fairRates(_ resources: Resources, _ flows: [(task: Int, route: Set<Int>)]) -> [Int: Int128] {
    var rates: [Int: Int128] = [:]
    while rates.count < flows.count {
      let shares = resources.channels.indices.compactMap { channel -> (share: Int128, channel: Int)? in
        let crossing = flows.filter { $0.route.contains(channel) }
        let open = crossing.filter { rates[$0.task] == nil }
        guard !open.isEmpty else { return nil }
        let taken = crossing.reduce(Int128(0)) { $0 + (rates[$1.task] ?? 0) }
        return (max(0, Int128(resources.channels[channel].rate) - taken) / Int128(open.count), channel)
      }
      guard let least = shares.min(by: { ($0.share, $0.channel) < ($1.share, $1.channel) }) else { break }
      for flow in flows where rates[flow.task] == nil && flow.route.contains(least.channel) {
        rates[flow.task] = max(1, least.share)
      }
    }
    return rates
  }
}
