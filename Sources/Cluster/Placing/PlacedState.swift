import Kernel
import Models
import Timeline
import Units

/// The placed engine of one replica while a run lasts: its policy's copy, its timeline, and what may be taken back.
struct PlacedState: ~Copyable {
  private var policy: any PlacePolicy
  private var timeline: Timeline
  private var plan = StepPlan()
  private var steps = 0
  /// The timeline before the steps under way, and after each of them.
  private let snapshots: UnsafeMutablePointer<Int64>
  private let window: Int
  /// Steps that are tabulated and may be cut.
  private var tabulated = 0
  var sequences = GrowingList<StepSequence>()
  /// The tasks of the steps in ``recordedWindow``; nil where none is recorded.
  private(set) var recording: Recording?
  private let recordedWindow: RecordedWindow?
  /// Steps recorded before those that are tabulated, and after each of them.
  private var recordedSteps: [Int] = []
  /// Whether there were more tasks in the window than are recorded.
  private(set) var isCut = false

  let readsSequences: Bool
  let isSteady: Bool
  let largestGain: Int

  init(_ engine: PlacedEngine, window: Int, recording recorded: RecordedWindow? = nil) {
    policy = engine.policy
    recordedWindow = recorded
    recording = recorded.map { _ in Recording() }
    timeline = Timeline(engine.resources)
    self.window = window
    readsSequences = policy.readsSequences
    isSteady = policy.isSteady && !policy.readsSequences
    largestGain = max(1, policy.largestGain)
    snapshots = .allocate(capacity: (segmentSteps + 1) * timeline.snapshotCount)
    snapshots.initialize(repeating: 0, count: (segmentSteps + 1) * timeline.snapshotCount)
    policy.begin(&plan)
  }

  deinit { snapshots.deallocate() }

  /// The end of a step of `shape` that is released at `release`.
  mutating func run(_ shape: StepShape, from release: Int64) -> Int64 {
    plan.removeAll()
    policy.place(
      StepView(
        shape: shape, sequences: UnsafeBufferPointer(start: sequences.base, count: sequences.count), step: steps),
      into: &plan)
    steps += 1
    sequences.removeAll()
    let end = advance(Instant(picoseconds: release)).picoseconds
    if !isSteady, let ends = timeline.ends(of: plan) { policy.note(ends) }
    return end
  }

  /// The end of the step whose plan is laid, recorded where it is released in the window.
  @inline(__always)
  private mutating func advance(_ release: Instant) -> Instant {
    guard let window = recordedWindow else { return timeline.run(&plan, release: release) }
    return recorded(release, window)
  }

  @inline(never)
  private mutating func recorded(_ release: Instant, _ window: RecordedWindow) -> Instant {
    guard release >= window.from, release < window.until, var tasks = recording.take() else {
      return timeline.run(&plan, release: release)
    }
    defer { recording = tasks }
    guard tasks.tasks.count < window.most else {
      isCut = true
      return timeline.run(&plan, release: release)
    }
    return timeline.record(&plan, release: release, into: &tasks)
  }

  /// The ends of `steps` of `run` from `release` on, up to the first at or after `limit`: how many of the run have ends
  /// now, and whether those after them can have theirs later.
  mutating func tabulate(
    _ run: DecodeRun, _ steps: Range<Int>, from release: Int64, until limit: Int64,
    into ends: UnsafeMutablePointer<Int64>
  ) -> (count: Int, isOpen: Bool) {
    let width = timeline.snapshotCount
    var now = release
    tabulated = steps.lowerBound
    if tabulated == 0, let recorded = recording?.steps.count { recordedSteps = [recorded] }
    while tabulated < steps.upperBound {
      now = self.run(StepShape(run.after(tabulated), window: window), from: now)
      ends[tabulated] = now
      tabulated += 1
      if let recorded = recording?.steps.count { recordedSteps.append(recorded) }
      guard isSteady, timeline.isDrained else { return (tabulated, false) }
      timeline.save(into: snapshots + tabulated * width)
      if now >= limit { break }
    }
    return (tabulated, true)
  }

  /// Keeps the first `count` of the steps tabulated last, and forgets those after them.
  mutating func keep(_ count: Int) {
    guard count < tabulated else { return }
    timeline.restore(from: snapshots + count * timeline.snapshotCount)
    steps -= tabulated - count
    tabulated = count
    if recording != nil { recording?.keep(recordedSteps[count]) }
  }

  /// Tokens that `sequence` gains in a decode step.
  func gain(of sequence: StepSequence) -> Int { min(max(1, policy.gain(of: sequence)), largestGain) }

  private func roofs(of stream: Int) -> RoofTimes {
    var times = RoofTimes()
    for roof in Roof.allCases { times[roof] = Double(timeline.busy(stream, bound: roof.rawValue)) * 1e-12 }
    return times
  }

  /// What it did over a run of `end` picoseconds. What a step left ahead may go on after the run: a stream that would be
  /// busy for longer than it was so throughout, and moved as much less.
  func totals(until end: Int64) -> PlacedTotals {
    let streams = timeline.resources.streams.indices
    return PlacedTotals(
      streams: streams.map { stream in
        let busy = timeline.busy(stream)
        let share = busy > end ? Double(end) / Double(busy) : 1
        var bounds = RoofTimes()
        bounds.add(roofs(of: stream), count: share)
        return PlacedTotals.Stream(
          name: timeline.resources.streams[stream].name, busy: Interval(picoseconds: min(busy, end)), bounds: bounds,
          bytes: share < 1 ? Int64(Double(timeline.bytes(stream)) * share) : timeline.bytes(stream),
          carries: !timeline.resources.streams[stream].route.isEmpty)
      }, tasks: timeline.taskCount, figures: policy.figures)
  }
}

/// What a placed engine did over a run.
public struct PlacedTotals: Hashable, Sendable {
  /// What one stream did.
  public struct Stream: Hashable, Sendable {
    /// Its name.
    public var name: String
    /// Time in which it ran tasks.
    public var busy: Interval
    /// The same in seconds by the roof that bounds the tasks.
    public var bounds: RoofTimes
    /// Bytes that crossed its route.
    public var bytes: Int64
    /// Whether it has a route.
    public var carries: Bool
  }

  /// Its streams.
  public var streams: [Stream]
  /// Tasks that ran.
  public var tasks: Int64
  /// What its policy counted.
  public var figures: [PlacedFigure]
}
