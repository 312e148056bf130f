import Units

/// Tasks on streams over many plans: the state that outlives a step, and what was done so far. See TIMELINE.md.
public struct Timeline: ~Copyable {
  /// The streams, channels and rings.
  public let resources: Resources
  /// Whether streams share channels, so that how fast bytes flow depends on what else does.
  public let isShared: Bool

  /// Moments beyond this are this: no run reaches them.
  static var horizon: Int64 { 1 << 62 + 1 }

  /// Everything that a plan changes, as one block: see ``Layout``.
  let state: UnsafeMutablePointer<Int64>
  let layout: Layout
  /// Bytes a second of each stream alone; 0 without a route.
  private let rates: [Int64]
  /// Ends of the tasks of the plan under way, of their last repetition.
  private var ends: UnsafeMutablePointer<Int64>
  private var endCount = 64
  private var flows: SharedFlows?

  /// Where the parts of the state stand.
  struct Layout {
    var streams: Int
    /// The place of each ring's first entry, and its size.
    var rings: [(base: Int, size: Int)] = []
    var heads: Int
    /// Picoseconds of each stream's tasks by what bounds them, ``Timeline/boundCount`` for each stream.
    var busy: Int
    var bytes: Int
    var tasks: Int
    var count: Int

    init(_ resources: Resources) {
      streams = resources.streams.count
      var next = streams
      for size in resources.rings {
        rings.append((next, size))
        next += size
      }
      heads = next
      busy = heads + resources.rings.count
      bytes = busy + streams * Timeline.boundCount
      tasks = bytes + streams
      count = tasks + 1
    }

    /// Where the time of a task is counted.
    @inline(__always)
    func busy(_ task: PlannedTask) -> Int {
      busy + Int(task.stream) * Timeline.boundCount + Int(task.bound) % Timeline.boundCount
    }
  }

  /// A timeline on which nothing has run.
  public init(_ resources: Resources) {
    self.resources = resources
    isShared = resources.isShared
    layout = Layout(resources)
    state = .allocate(capacity: layout.count)
    state.initialize(repeating: 0, count: layout.count)
    rates = resources.streams.map { resources.rate(of: $0) ?? 0 }
    ends = .allocate(capacity: endCount)
    ends.initialize(repeating: 0, count: endCount)
    flows = isShared ? SharedFlows(resources, layout) : nil
  }

  deinit {
    state.deallocate()
    ends.deallocate()
  }

  /// Things that may bound a task.
  public static var boundCount: Int { 8 }
  /// Picoseconds in which `stream` ran tasks.
  public func busy(_ stream: Int) -> Int64 { (0..<Self.boundCount).reduce(0) { $0 &+ busy(stream, bound: $1) } }
  /// Picoseconds in which `stream` ran tasks that `bound` bounds.
  public func busy(_ stream: Int, bound: Int) -> Int64 { state[layout.busy + stream * Self.boundCount + bound] }
  /// Bytes that crossed the route of `stream`.
  public func bytes(_ stream: Int) -> Int64 { state[layout.bytes + stream] }
  /// Tasks that ran, folded ones included.
  public var taskCount: Int64 { state[layout.tasks] }
  /// Tasks that were computed one by one; the others were folded.
  public private(set) var computedTasks: Int64 = 0
  /// Whether nothing that a plan left ahead is still under way, as far as it matters to how fast bytes flow.
  public var isDrained: Bool { flows.map(\.isDrained) ?? true }
  /// Numbers of a snapshot.
  public var snapshotCount: Int { layout.count }

  /// The ends of the tasks that each ring remembers, the last one first.
  var remembered: [[Int64]] {
    layout.rings.indices.map { ring in
      (1...layout.rings[ring].size).map { remembered(.last(of: RingID(ring), back: $0)) }
    }
  }

  /// Keeps what outlives a step in `snapshot`. Only where ``isDrained``. Complexity: O(streams + rings).
  public func save(into snapshot: UnsafeMutablePointer<Int64>) { snapshot.update(from: state, count: layout.count) }

  /// Goes back to a snapshot. Complexity: O(streams + rings).
  public mutating func restore(from snapshot: UnsafePointer<Int64>) {
    state.update(from: snapshot, count: layout.count)
    flows?.rewind()
  }

  /// Runs `plan`, released at `release`, and returns the end of its step.
  ///
  /// Complexity: O(tasks) without shared channels, a repeated part counting until it folds; O(tasks * streams) with
  /// them.
  public mutating func run(_ plan: inout StepPlan, release: Instant) -> Instant {
    plan.finish()
    var recording: Recording?
    return Instant(picoseconds: advance(plan, release.picoseconds, &recording))
  }

  /// The ends of the tasks of `plan`, which ran last; nil where streams share channels, since those ahead may be under way.
  public func ends(of plan: StepPlan) -> PlanEnds? {
    isShared ? nil : PlanEnds(UnsafeBufferPointer(start: ends, count: min(plan.tasks.count, endCount)))
  }

  /// Runs `plan` and adds its tasks to `recording`, which nothing but this timeline has written.
  public mutating func record(_ plan: inout StepPlan, release: Instant, into recording: inout Recording) -> Instant {
    plan.finish()
    // Moved, since a second reference would have the arrays copied.
    let whole = recording
    recording = Recording()
    var recorded: Recording? = consume whole
    recorded?.begin(plan)
    let end = advance(plan, release.picoseconds, &recorded)
    recorded?.end(release: release.picoseconds, end: end)
    recording = recorded ?? recording
    return Instant(picoseconds: end)
  }

  private mutating func advance(_ plan: StepPlan, _ release: Int64, _ recording: inout Recording?) -> Int64 {
    let end =
      isShared
      ? flows?.advance(plan, release, state, &recording) ?? release : maxPlus(plan, release, &recording)
    return max(end, release + 1)
  }

  /// The length of a task whose bytes flow alone at `rate` bytes a second.
  @inline(__always)
  static func length(_ task: PlannedTask, rate: Int64) -> Int64 {
    guard task.bytes > 0, rate > 0 else { return max(task.latency, task.least) }
    return max(task.latency + flowTime(Int128(task.bytes) * 1_000_000_000_000, rate: rate), task.least)
  }

  /// Picoseconds that `rest` (bytes * 10^12) takes at `rate`, rounded up, at most 2^57.
  @inline(__always)
  static func flowTime(_ rest: Int128, rate: Int64) -> Int64 {
    guard rest > 0 else { return 0 }
    let words = UInt128(rest) + UInt128(rate - 1)
    let high = UInt64(truncatingIfNeeded: words >> 64)
    guard high < UInt64(rate) else { return 1 << 57 }
    let quotient = UInt64(rate).dividingFullWidth((high, UInt64(truncatingIfNeeded: words))).quotient
    return Int64(min(quotient, 1 << 57))
  }

  private mutating func maxPlus(_ plan: StepPlan, _ release: Int64, _ recording: inout Recording?) -> Int64 {
    if endCount < plan.tasks.count { growEnds(to: plan.tasks.count) }
    let isRecording = recording != nil
    var stepEnd = release
    var computed: Int64 = 0
    let ends = UnsafeMutableBufferPointer(start: ends, count: endCount)
    plan.tasks.withUnsafeBufferPointer { tasks in
      rates.withUnsafeBufferPointer { rates in
        for part in plan.parts {
          let depth = part.count > 2 && !isRecording ? ringDepth(tasks, part) : 0
          var uniform = 0
          var repetition = 0
          while repetition < part.count {
            var shift = Int64.min
            var isUniform = true
            for index in part.start..<part.end {
              let task = tasks[index]
              let stream = Int(task.stream)
              var start = max(release, state[stream])
              start = max(start, moment(task.first, ends), moment(task.second, ends))
              if task.third & task.fourth != -1 {
                start = max(start, moment(task.third, ends), moment(task.fourth, ends))
              }
              let length = Self.length(task, rate: rates[stream])
              let end = min(start &+ length, Self.horizon)
              if isRecording, let place = recording?.issue(task, at: index, of: plan, repetition: repetition) {
                recording?.schedule(place, start: start, end: end)
              }
              state[stream] = end
              if task.ring >= 0 { push(Int(task.ring), end) }
              state[layout.busy(task)] &+= length
              state[layout.bytes + stream] &+= task.bytes
              let moved = end &- ends[index]
              if shift == .min { shift = moved } else if moved != shift { isUniform = false }
              ends[index] = end
              if !task.isAhead, end > stepEnd { stepEnd = end }
            }
            state[layout.tasks] &+= Int64(part.end - part.start)
            computed += Int64(part.end - part.start)
            repetition += 1
            uniform = isUniform && repetition > 1 ? uniform + 1 : 0
            guard uniform > 0, uniform >= depth, depth > 0, repetition < part.count else { continue }
            let rest = Int64(part.count - repetition)
            let (jump, overflow) = shift.multipliedReportingOverflow(by: rest)
            guard !overflow, jump >= 0, jump < Self.horizon - stepEnd else { continue }
            fold(tasks, part, rates, rest: rest, jump: jump, ends, &stepEnd)
            break
          }
        }
      }
    }
    computedTasks += computed
    return stepEnd
  }

  private mutating func growEnds(to count: Int) {
    ends.deallocate()
    endCount = max(count, 2 * endCount)
    ends = .allocate(capacity: endCount)
    ends.initialize(repeating: 0, count: endCount)
  }

  /// Moves all that `part` has done by `rest` repetitions, in which everything moves by `jump`.
  private func fold(
    _ tasks: UnsafeBufferPointer<PlannedTask>, _ part: StepPlan.Part, _ rates: UnsafeBufferPointer<Int64>, rest: Int64,
    jump: Int64, _ ends: UnsafeMutableBufferPointer<Int64>, _ stepEnd: inout Int64
  ) {
    for index in part.start..<part.end {
      let task = tasks[index]
      let stream = Int(task.stream)
      let length = Self.length(task, rate: rates[stream]) &* rest
      ends[index] += jump
      state[stream] = ends[index]
      state[layout.busy(task)] &+= length
      state[layout.bytes + stream] &+= task.bytes &* rest
      if !task.isAhead, ends[index] > stepEnd { stepEnd = ends[index] }
    }
    for (ring, (base, size)) in layout.rings.enumerated()
    where tasks[part.start..<part.end].contains(where: { Int($0.ring) == ring }) {
      for place in base..<base + size { state[place] += jump }
    }
    state[layout.tasks] &+= rest * Int64(part.end - part.start)
  }

  /// The most repetitions that the rings of `part` remember; at least 1.
  private func ringDepth(_ tasks: UnsafeBufferPointer<PlannedTask>, _ part: StepPlan.Part) -> Int {
    var depth = 1
    for index in part.start..<part.end where tasks[index].ring >= 0 {
      depth = max(depth, layout.rings[Int(tasks[index].ring)].size)
    }
    return depth
  }

  /// The end of the task that `code` names.
  @inline(__always)
  private func moment(_ code: Int32, _ ends: UnsafeMutableBufferPointer<Int64>) -> Int64 {
    if code >= 0 { return ends[Int(code)] }
    if code == -1 { return 0 }
    return remembered(TaskRef(code: code))
  }

  private func remembered(_ ref: TaskRef) -> Int64 {
    let (base, size) = layout.rings[ref.ring]
    guard ref.back >= 1, ref.back <= size else { return 0 }
    let place = Int(state[layout.heads + ref.ring]) - ref.back
    return state[base + (place < 0 ? place + size : place)]
  }

  @inline(__always)
  private func push(_ ring: Int, _ end: Int64) {
    let (base, size) = layout.rings[ring]
    let head = Int(state[layout.heads + ring])
    state[base + head] = end
    state[layout.heads + ring] = Int64(head + 1 == size ? 0 : head + 1)
  }
}
