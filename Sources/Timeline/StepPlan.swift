import Kernel

/// A task that another may wait for: one of the same plan, or what a ring remembers.
public struct TaskRef: Hashable, Sendable {
  /// A task of the plan from 0, ``none``, or a place in a ring below it.
  @usableFromInline var code: Int32

  @inlinable
  init(code: Int32) { self.code = code }

  /// No task: nothing is waited for.
  public static let none = TaskRef(code: -1)

  /// The task put in `ring` `back` tasks ago, 1 for the last, of those issued before.
  @inlinable
  public static func last(of ring: RingID, back: Int = 1) -> TaskRef {
    TaskRef(code: -2 - Int32(truncatingIfNeeded: ring.index << 8 | (back & 0xff)))
  }

  /// Whether it is a place in a ring.
  @inlinable
  var isRing: Bool { code <= -2 }
  @inlinable
  var ring: Int { Int(-2 - code) >> 8 }
  @inlinable
  var back: Int { Int(-2 - code) & 0xff }
}

/// What a task is called, by index into the labels of a timeline's plans.
public struct TaskLabel: Hashable, Sendable {
  /// Index into ``StepPlan/labels``.
  public var index: Int16

  @inlinable
  init(index: Int16) { self.index = index }

  /// The label of a policy that has not begun: that of a plan's first label.
  public static let unnamed = TaskLabel(index: 0)
}

/// One task of a plan.
public struct PlannedTask: BitwiseCopyable, Sendable {
  /// Its stream.
  public var stream: Int16
  /// Its label.
  public var label: Int16
  /// The ring it is put in; -1 for none.
  public var ring: Int16
  /// What bounds it, as the one who reads the plan counts: an index below ``Timeline/boundCount``.
  public var bound: UInt8
  /// Whether the step does not wait for it.
  public var isAhead: Bool
  /// Codes of the tasks it waits for.
  @usableFromInline var first: Int32
  @usableFromInline var second: Int32
  @usableFromInline var third: Int32
  @usableFromInline var fourth: Int32
  /// Picoseconds before its bytes flow.
  public var latency: Int64
  /// Picoseconds it takes at least.
  public var least: Int64
  /// Bytes that cross its stream's route.
  public var bytes: Int64

  /// A task that waits for `awaited`, its times in picoseconds.
  @inlinable
  init(
    _ label: TaskLabel, _ stream: StreamID, _ latency: Int64, _ least: Int64, _ bytes: Int64,
    _ awaited: (TaskRef, TaskRef, TaskRef, TaskRef), _ ring: RingID?, _ bound: UInt8, _ isAhead: Bool
  ) {
    self.stream = Int16(truncatingIfNeeded: stream.index)
    self.label = label.index
    self.ring = Int16(truncatingIfNeeded: ring?.index ?? -1)
    (self.bound, self.isAhead) = (bound, isAhead)
    (first, second, third, fourth) = (awaited.0.code, awaited.1.code, awaited.2.code, awaited.3.code)
    (self.latency, self.least, self.bytes) = (latency, least, bytes)
  }
}

/// The tasks of one step in the order of issue, parts of which repeat.
public struct StepPlan: ~Copyable {
  /// A part of a plan that is run `count` times.
  @usableFromInline
  struct Part: BitwiseCopyable {
    @usableFromInline var start: Int
    @usableFromInline var end: Int
    @usableFromInline var count: Int

    @inlinable
    init(start: Int, end: Int, count: Int) { (self.start, self.end, self.count) = (start, end, count) }
  }

  /// The names of labels.
  public private(set) var labels: [String] = []
  /// The tasks, those of a repeated part once.
  @usableFromInline var tasks = GrowingList<PlannedTask>(capacity: 64)
  /// The parts, in order; the last is closed when the plan runs.
  @usableFromInline var parts = GrowingList<Part>()
  @usableFromInline var partStart = 0
  @usableFromInline var isRepeating = false
  /// Whether one of its tasks is ahead.
  @usableFromInline var hasAhead = false

  /// How many tasks it has, those of a repeated part counting once.
  @inlinable public var count: Int { tasks.count }

  /// An empty plan.
  public init() {}

  /// The label called `name`, which is added where it is new. Complexity: O(labels).
  public mutating func label(_ name: String) -> TaskLabel {
    if let index = labels.firstIndex(of: name) { return TaskLabel(index: Int16(index)) }
    labels.append(name)
    return TaskLabel(index: Int16(labels.count - 1))
  }

  /// Forgets the tasks and keeps the labels.
  public mutating func removeAll() {
    tasks.removeAll()
    parts.removeAll()
    hasAhead = false
    partStart = 0
  }

  /// The task issued as number `index` of this plan, from 0, a repeated part counting once.
  public func ref(of index: Int) -> TaskRef { TaskRef(code: Int32(truncatingIfNeeded: index)) }

  /// Issues a task of `seconds` on `stream` once the tasks it names have ended.
  @discardableResult
  @inlinable
  public mutating func run(
    _ label: TaskLabel, on stream: StreamID, for seconds: Double, after first: TaskRef = .none,
    _ second: TaskRef = .none, _ third: TaskRef = .none, _ fourth: TaskRef = .none, into ring: RingID? = nil,
    bound: UInt8 = 0, ahead: Bool = false
  ) -> TaskRef {
    append(
      PlannedTask(
        label, stream, 0, Self.picoseconds(seconds), 0, (first, second, third, fourth), ring, bound, ahead))
  }

  /// Issues a task that moves `bytes` over the route of `stream` from `latency` seconds after its start on, and takes
  /// `least` seconds at least: a copy, or a kernel that reads memory which others read too.
  @discardableResult
  public mutating func move(
    _ label: TaskLabel, over stream: StreamID, bytes: Double, latency: Double = 0, least: Double = 0,
    after first: TaskRef = .none, _ second: TaskRef = .none, _ third: TaskRef = .none, _ fourth: TaskRef = .none,
    into ring: RingID? = nil, bound: UInt8 = 0, ahead: Bool = false
  ) -> TaskRef {
    append(
      PlannedTask(
        label, stream, Self.picoseconds(latency), Self.picoseconds(least),
        Int64(min(max(bytes.isNaN ? 0 : bytes, 0), 0x1p56).rounded()), (first, second, third, fourth), ring, bound,
        ahead))
  }

  /// Issues what `body` issues `count` times in a row.
  ///
  /// What it names is of the same repetition or of before the part; what the repetition before did is in rings.
  /// Repeated parts do not nest: a part within a part is issued as often as it says, each time anew.
  @inlinable
  public mutating func repeating(_ count: Int, _ body: (inout StepPlan) -> Void) {
    guard count > 0 else { return }
    if isRepeating {
      for _ in 0..<count { body(&self) }
      return
    }
    closePart(1)
    isRepeating = true
    body(&self)
    isRepeating = false
    closePart(count)
  }

  @inlinable
  mutating func closePart(_ repetitions: Int) {
    if count > partStart { parts.append(Part(start: partStart, end: count, count: repetitions)) }
    partStart = count
  }

  /// Ends the last part, so that the parts are whole.
  @inlinable
  mutating func finish() { closePart(1) }

  @inlinable
  @inline(__always)
  mutating func append(_ task: PlannedTask) -> TaskRef {
    let ref = TaskRef(code: Int32(truncatingIfNeeded: count))
    tasks.append(task)
    if task.isAhead { hasAhead = true }
    return ref
  }

  /// Whole picoseconds, ties to even, from 0 to 2^56 (20 hours).
  @inlinable
  static func picoseconds(_ seconds: Double) -> Int64 {
    let scaled = seconds * 1e12
    guard scaled > 0 else { return scaled.isNaN ? 1 << 56 : 0 }
    // Adding 1.5 * 2^52 leaves no bits after the point: the sum is rounded to nearest even by the addition itself, and
    // its bits are those of the number added and as many more.
    if scaled < 0x1p51 {
      return Int64(bitPattern: (scaled + 0x1.8p52).bitPattern &- (0x1.8p52).bitPattern)
    }
    return scaled < 0x1p56 ? Int64(scaled.rounded(.toNearestOrEven)) : 1 << 56
  }
}
