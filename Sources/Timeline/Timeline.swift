import Kernel
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
  let rates: [Int64]
  /// What the tasks of the plan under way did in their last repetition.
  private(set) var times: UnsafeMutablePointer<TaskTimes>
  private var room = 64
  /// For each stream the task of a part that was looked at last.
  let latest: UnsafeMutablePointer<Int>
  let flows: UnsafeMutablePointer<SharedFlows>?
  /// What steps left ahead where streams share no channels, of which it is not known whether it ends in time; see
  /// ``settle(at:)``.
  var leftAhead: [LeftAhead] = []
  /// How much of that is kept before what has ended is looked for.
  private var mostLeftAhead = 64
  /// What of the plan under way may be left ahead, of parts that repeat.
  let noted: UnsafeMutablePointer<GrowingList<Repetitions>>

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
    /// How many tasks are left ahead, which tells what a snapshot had.
    var leftAhead: Int
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
      leftAhead = tasks + 1
      count = leftAhead + 1
    }

    /// Where the time of a task is counted.
    @inline(__always)
    func busy(_ task: PlannedTask) -> Int {
      busy &+ Int(task.stream) &* Timeline.boundCount &+ Int(task.bound) % Timeline.boundCount
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
    times = .allocate(capacity: room)
    times.initialize(repeating: TaskTimes(), count: room)
    latest = .allocate(capacity: layout.streams)
    latest.initialize(repeating: 0, count: layout.streams)
    noted = .allocate(capacity: 1)
    noted.initialize(to: GrowingList())
    flows = isShared ? .allocate(capacity: 1) : nil
    flows?.initialize(to: SharedFlows(resources, layout))
  }

  deinit {
    state.deallocate()
    times.deallocate()
    latest.deallocate()
    noted.deinitialize(count: 1)
    noted.deallocate()
    flows?.deinitialize(count: 1)
    flows?.deallocate()
  }

  /// Things that may bound a task.
  public static var boundCount: Int { 8 }
  /// Tasks that were computed one by one; the others were folded.
  public var computedTasks: Int64 { computed + (flows?.pointee.computed ?? 0) }
  /// Those of them without shared channels.
  var computed: Int64 = 0
  /// Whether nothing that a plan left ahead is still under way, as far as it matters to how fast bytes flow.
  public var isDrained: Bool { flows?.pointee.isDrained ?? true }
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

  /// Goes back to a snapshot that was taken since the last ``settle(at:)``. Complexity: O(streams + rings).
  public mutating func restore(from snapshot: UnsafePointer<Int64>) {
    state.update(from: snapshot, count: layout.count)
    leftAhead.removeLast(max(0, leftAhead.count - Int(state[layout.leftAhead])))
    flows?.pointee.rewind()
  }

  /// Says that nothing goes back to before `moment`, so that what had ended by then is forgotten but for its totals.
  @inline(__always)
  public mutating func settle(at moment: Instant) {
    if leftAhead.count >= mostLeftAhead { forget(until: moment.picoseconds) }
  }

  @inline(never)
  private mutating func forget(until moment: Int64) {
    dropEnded(by: moment)
    mostLeftAhead = max(64, 2 * leftAhead.count)
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
  public func ends(of plan: borrowing StepPlan) -> PlanEnds? {
    isShared ? nil : PlanEnds(UnsafeBufferPointer(start: times, count: min(plan.count, room)))
  }

  /// Runs `plan` and adds its tasks to `recording`, which nothing but this timeline has written.
  public mutating func record(_ plan: inout StepPlan, release: Instant, into recording: inout Recording) -> Instant {
    plan.finish()
    // Moved, since a second reference would have the arrays copied.
    let whole = recording
    recording = Recording()
    var recorded: Recording? = consume whole
    recorded?.begin(plan)
    let left = leftAhead.count
    let end = advance(plan, release.picoseconds, &recorded)
    dropEnded(from: left, by: end)
    let crossed = flows?.pointee.crossed(until: end, state, &recorded) ?? crossed(until: end)
    recorded?.end(release: release.picoseconds, end: end, crossed)
    recording = recorded ?? recording
    return Instant(picoseconds: end)
  }

  private mutating func advance(_ plan: borrowing StepPlan, _ release: Int64, _ recording: inout Recording?) -> Int64 {
    let end = flows?.pointee.advance(plan, release, state, &recording) ?? maxPlus(plan, release, &recording)
    return max(end, release + 1)
  }

  /// Makes room for the times of `count` tasks.
  @inline(__always)
  mutating func makeRoom(for count: Int) { if room < count { grow(for: count) } }

  @inline(never)
  private mutating func grow(for count: Int) {
    times.deallocate()
    room = max(count, 2 * room)
    times = .allocate(capacity: room)
    times.initialize(repeating: TaskTimes(), count: room)
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
}
