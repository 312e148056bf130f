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

  /// The end of a step of `shape` that is released at `release`, and stays.
  mutating func run(_ shape: StepShape, from release: Int64) -> Int64 {
    timeline.settle(at: Instant(picoseconds: release))
    return place(shape, from: release)
  }

  /// The end of a step of `shape` that is released at `release`.
  private mutating func place(_ shape: StepShape, from release: Int64) -> Int64 {
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
    if tabulated == 0 {
      timeline.settle(at: Instant(picoseconds: release))
      if let recorded = recording?.steps.count { recordedSteps = [recorded] }
    }
    while tabulated < steps.upperBound {
      now = place(StepShape(run.after(tabulated), window: window), from: now)
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

  /// What it did up to `end`, when the run ended.
  func totals(until end: Int64) -> PlacedTotals {
    let did = timeline.totals(until: Instant(picoseconds: end))
    return PlacedTotals(
      streams: timeline.resources.streams.enumerated().map { index, stream in
        var bounds = RoofTimes()
        for roof in Roof.allCases { bounds[roof] = Double(did.busy(index, bound: roof.rawValue)) * 1e-12 }
        return PlacedTotals.Stream(
          name: stream.name, busy: Interval(picoseconds: did.busy(index)), bounds: bounds, bytes: did.bytes(index),
          carries: !stream.route.isEmpty)
      }, tasks: did.tasks, figures: policy.figures)
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
