import Units

/// The events to come, delivered in the total order (moment, phase, order of scheduling).
///
/// A heap with four children a node over 128-bit keys for the near future and radix buckets beyond it; the events
/// themselves stay in cells and do not move. Chosen by measurement, see `swift run -c release bench queue`.
/// Keep it in a local variable or a final class: it is not copyable.
///
/// Limits: four phases, 2^24 events pending, 2^38 events scheduled in all; it traps beyond. Memory: 16 to 64 bytes an
/// event and its cell, which is 8 bytes and the event.
/// Complexity: ``next()`` and ``schedule(_:at:phase:)`` amortised O(log n), ``cancel(_:)`` amortised O(1): a cancelled
/// key is dropped when it is met, or all of them once they are the greater part. ``firstInstant`` O(1).
public struct Agenda<Event>: ~Copyable {
  /// The right to cancel one event; worth nothing once that event is delivered or cancelled, and never another's.
  public struct Ticket: Hashable, Sendable {
    /// Phase, sequence and cell: unique, since no sequence is used twice.
    @usableFromInline let stamp: UInt64

    @inlinable
    init(stamp: UInt64) { self.stamp = stamp }
  }

  /// An event whose moment has come.
  public struct Delivery {
    /// When.
    public let instant: Instant
    /// The phase of the moment, 0 to 3.
    public let phase: Int
    /// What.
    public let event: Event

    @inlinable
    init(instant: Instant, phase: Int, event: Event) {
      self.instant = instant
      self.phase = phase
      self.event = event
    }
  }

  @usableFromInline
  struct Cell {
    /// The lower half of the key of the event that lives here, or the next vacant cell (a sequence of zero).
    @usableFromInline var stamp: UInt64
    @usableFromInline var event: Event?

    @inlinable
    init(stamp: UInt64, event: Event?) {
      self.stamp = stamp
      self.event = event
    }
  }

  /// Keys are moment (64 bits), phase (2), sequence (38), cell (24).
  @usableFromInline var keys: KeyQueue
  @usableFromInline var cells: UnsafeMutablePointer<Cell>
  @usableFromInline var cellCapacity: Int
  /// The first vacant cell; a chain of vacant cells leads to `cellCapacity`.
  @usableFromInline var vacant: Int
  /// The last sequence given, in place within a stamp.
  @usableFromInline var sequence: UInt64
  /// Cancelled events whose keys are still in the heap. The first key is never one of them.
  @usableFromInline var stale = 0
  /// The last delivery's moment and phase, as a key.
  @usableFromInline var floor: UInt128 = 0

  /// An empty agenda at the start of the run, with room for some events before it first grows.
  public init(reserving capacity: Int = 64) {
    self.init(reserving: capacity, sequence: 0)
  }

  /// An empty agenda that has already numbered `sequence` events, for tests of the limit.
  init(reserving capacity: Int, sequence: UInt64) {
    let capacity = max(capacity, 1)
    keys = KeyQueue(reserving: capacity)
    cells = .allocate(capacity: capacity)
    cellCapacity = capacity
    vacant = 0
    self.sequence = sequence << 24
    for i in 0..<capacity { (cells + i).initialize(to: Cell(stamp: UInt64(i + 1), event: nil)) }
  }

  @inlinable
  deinit {
    cells.deinitialize(count: cellCapacity)
    cells.deallocate()
  }

  /// The moment of the last delivery; the start of the run before the first.
  @inlinable
  public var now: Instant { Instant(picoseconds: Int64(truncatingIfNeeded: floor >> 64)) }

  /// How many events are pending.
  @inlinable
  public var count: Int { keys.count - stale }

  /// Whether nothing is pending.
  @inlinable
  public var isEmpty: Bool { count == 0 }

  /// The moment of the next event; ``Instant/never`` where none is pending.
  @inlinable
  public var firstInstant: Instant {
    count == 0 ? .never : Instant(picoseconds: Int64(truncatingIfNeeded: keys.first >> 64))
  }

  /// Adds an event at a moment, in a phase from 0 to 3; events of one moment and phase keep the order they came in.
  ///
  /// Traps where (moment, phase) lies before that of the last delivery: time does not run backwards, and an event in
  /// an earlier phase of the present moment would. Traps beyond the limits of the type. The caller that passes on a
  /// moment chosen by others checks it first, against ``now``.
  @inlinable @discardableResult
  public mutating func schedule(_ event: Event, at instant: Instant, phase: Int = 0) -> Ticket {
    precondition(phase >= 0 && phase < 4, "phases are 0 to 3")
    let upper = UInt128(UInt64(bitPattern: instant.picoseconds)) << 64 | UInt128(UInt64(phase) << 62)
    // A negative moment would be a large key.
    precondition(instant.picoseconds >= 0 && upper >= floor, "an event lies in the past")
    if vacant == cellCapacity { grow() }
    let index = vacant
    sequence &+= 1 << 24
    precondition(sequence < 1 << 62, "an agenda numbers at most 2^38 - 1 events")
    let stamp = UInt64(phase) << 62 | sequence | UInt64(truncatingIfNeeded: index)
    vacant = Int(truncatingIfNeeded: cells[index].stamp)
    cells[index].stamp = stamp
    cells[index].event = event
    keys.insert(upper | UInt128(stamp))
    if keys.near.count == 0 { settle() }
    return Ticket(stamp: stamp)
  }

  /// Removes the next event, moves ``now`` to its moment and returns it; nil where none is pending.
  @inlinable
  public mutating func next() -> Delivery? {
    if count == 0 { return nil }
    let key = keys.first
    guard let event = vacate(Int(truncatingIfNeeded: key & 0xff_ffff)) else { return nil }
    keys.near.removeFirst()
    floor = key & ~(1 << 62 - 1)
    settle()
    return Delivery(
      instant: Instant(picoseconds: Int64(truncatingIfNeeded: key >> 64)),
      phase: Int(truncatingIfNeeded: UInt64(truncatingIfNeeded: key) >> 62), event: event)
  }

  /// Removes the event of a ticket and returns it; nil where it was already delivered or cancelled.
  @inlinable @discardableResult
  public mutating func cancel(_ ticket: Ticket) -> Event? {
    let index = Int(truncatingIfNeeded: ticket.stamp & 0xff_ffff)
    guard index < cellCapacity, cells[index].stamp == ticket.stamp else { return nil }
    let event = vacate(index)
    stale += 1
    if stale > keys.count / 2 + 32 {
      removeStale()
    }
    settle()
    return event
  }

  /// Whether the event of a ticket is still to come. Complexity: O(1).
  @inlinable
  public func isPending(_ ticket: Ticket) -> Bool {
    let index = Int(truncatingIfNeeded: ticket.stamp & 0xff_ffff)
    return index < cellCapacity && cells[index].stamp == ticket.stamp
  }

  @inlinable @inline(__always)
  mutating func vacate(_ index: Int) -> Event? {
    let event = cells[index].event.take()
    cells[index].stamp = UInt64(truncatingIfNeeded: vacant)
    vacant = index
    return event
  }

  /// Restores the order after a removal: the first key is in the heap and not cancelled.
  @inlinable @inline(__always)
  mutating func settle() {
    if stale > 0 || keys.near.count == 0 { settleSlowly() }
  }

  @usableFromInline
  mutating func settleSlowly() {
    let cells = cells
    while true {
      if keys.near.count == 0 {
        if keys.farCount == 0 { break }
        // Looking at every event here, many at a time, also brings the cells into the cache before their turn.
        let before = keys.count
        keys.pour { key in Self.isPending(key, cells) }
        stale -= before - keys.count
      } else if stale > 0, !Self.isPending(keys.first, cells) {
        keys.near.removeFirst()
        stale -= 1
      } else {
        return
      }
    }
    keys.nearLast = .max
  }

  /// Whether the event of a key was not cancelled.
  @inlinable @inline(__always)
  static func isPending(_ key: UInt128, _ cells: UnsafeMutablePointer<Cell>) -> Bool {
    let stamp = UInt64(truncatingIfNeeded: key)
    return cells[Int(truncatingIfNeeded: stamp & 0xff_ffff)].stamp == stamp
  }

  /// Removes all cancelled keys: once there are more than half, so that their cost is shared.
  @usableFromInline
  mutating func removeStale() {
    let cells = cells
    keys.removeAll { key in !Self.isPending(key, cells) }
    stale = 0
  }

  @usableFromInline
  mutating func grow() {
    precondition(cellCapacity < 1 << 24, "an agenda holds at most 2^24 pending events")
    let capacity = min(2 * cellCapacity, 1 << 24)
    let grown = UnsafeMutablePointer<Cell>.allocate(capacity: capacity)
    grown.moveInitialize(from: cells, count: cellCapacity)
    for i in cellCapacity..<capacity { (grown + i).initialize(to: Cell(stamp: UInt64(i + 1), event: nil)) }
    cells.deallocate()
    cells = grown
    cellCapacity = capacity
  }
}
