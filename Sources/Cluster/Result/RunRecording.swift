import Timeline
import Units

/// The part of a run that is recorded step by step.
public struct RecordedWindow: Hashable, Sendable {
  /// Steps, transfers and tasks that end after this are recorded, and those that start before ``until``.
  public var from: Instant
  /// The end of the part.
  public var until: Instant
  /// The most steps that are recorded, and the most tasks of each placed engine; the first ones are.
  public var most: Int

  /// A part of a run; all of it unless told.
  public init(from: Instant = .start, until: Instant = Instant(picoseconds: .max), most: Int) {
    self.from = from
    self.until = until
    self.most = most
  }

  /// Whether anything from `start` to `end` is to be seen in it.
  public func shows(_ start: Instant, _ end: Instant) -> Bool { end > from && start < until }
}

/// What a run did step by step in a window of it.
public struct RunRecording: Sendable {
  /// One step of an engine.
  public struct Step: Hashable, Sendable {
    /// The replica, and the lane of it.
    public var replica: Int32
    /// The lane of the replica, from 0: a stage's worth of sequences under pipeline parallelism.
    public var lane: Int32
    /// Prompt tokens that it computes.
    public var promptTokens: Int32
    /// Sequences that decode in it.
    public var decodes: Int32
    /// When it started.
    public var start: Instant
    /// When it ended.
    public var end: Instant
  }

  /// The KV of one prompt on its way to another replica.
  public struct Transfer: Hashable, Sendable {
    /// The request.
    public var request: Int32
    /// Where it goes.
    public var destination: Int32
    /// Bytes that move.
    public var bytes: Double
    /// When the first byte leaves.
    public var start: Instant
    /// When the ports are free again.
    public var end: Instant
    /// When the request may decode.
    public var landing: Instant
  }

  /// The window.
  public let window: RecordedWindow
  /// Its steps, in the order in which they, or the segments that they belong to, end.
  public internal(set) var steps: [Step] = []
  /// Its transfers, in the order in which they begin.
  public internal(set) var transfers: [Transfer] = []
  /// The tasks of each replica's placed engine; nil where the engine is not placed.
  public internal(set) var tasks: [Recording?] = []
  /// Whether there were more steps or tasks in the window than are recorded.
  public internal(set) var isCut = false

  init(_ window: RecordedWindow) { self.window = window }
}

extension ServingCore {
  /// Records the steps of `lane` that end now, or have ended since it started.
  @inline(never)
  mutating func recordSteps(_ index: Int, _ lane: UnsafeMutablePointer<Lane>) {
    guard let window = recording?.window else { return }
    var tokens: Int32 = 0
    for position in 0..<lane.pointee.chunks.count { tokens += lane.pointee.chunks[position].tokens }
    let replica = lane.pointee.replica
    var start = Instant(picoseconds: lane.pointee.start)
    for step in 0..<max(1, lane.pointee.decodes) {
      let end = Instant(picoseconds: lane.pointee.ends[step])
      if window.shows(start, end) {
        if recording?.steps.count ?? 0 < window.most {
          recording?.steps.append(
            RunRecording.Step(
              replica: Int32(replica), lane: Int32(index - replicas[replica].lanes.lowerBound), promptTokens: tokens,
              decodes: lane.pointee.decodes > 0 ? Int32(lane.pointee.running.count) : 0, start: start, end: end))
        } else {
          recording?.isCut = true
        }
      }
      start = end
    }
  }

  /// Records a transfer that begins.
  @inline(never)
  mutating func recordTransfer(_ transfer: RunRecording.Transfer) {
    guard let window = recording?.window, window.shows(transfer.start, transfer.landing) else { return }
    if recording?.transfers.count ?? 0 < window.most {
      recording?.transfers.append(transfer)
    } else {
      recording?.isCut = true
    }
  }

  /// What was recorded, with the tasks of placed engines.
  func recorded() -> RunRecording? {
    guard var all = recording else { return nil }
    all.tasks = (0..<replicaCount).map { replicas[$0].placed?.pointee.recording }
    if (0..<replicaCount).contains(where: { replicas[$0].placed?.pointee.isCut ?? false }) { all.isCut = true }
    return all
  }
}
