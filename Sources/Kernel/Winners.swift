import Units

/// The earliest of a fixed number of slots, each of which holds one moment or none: at most one next event per lane.
///
/// A winner tree: a complete binary tree whose leaves are the slots and whose inner nodes repeat the earlier of their
/// two children, the lower slot where they are equal. So the order of delivery is total: (moment, slot). A caller
/// with phases gives earlier phases lower slots.
///
/// Complexity: ``first`` O(1); ``set(_:_:)`` and ``clear(_:)`` one choice without a branch for each of the log2(slots)
/// levels. Memory: 32 bytes a slot.
/// Source: D. E. Knuth, The Art of Computer Programming 3, section 5.4.1.
public struct Winners: ~Copyable {
  @usableFromInline
  struct Node {
    @usableFromInline var key: Int64
    @usableFromInline var slot: Int

    @inlinable
    init(key: Int64, slot: Int) {
      self.key = key
      self.slot = slot
    }
  }

  /// How many slots there are.
  public let slots: Int
  @usableFromInline let leaves: Int
  /// Node 1 is the root, node i has the children 2i and 2i + 1, the leaves begin at `leaves`.
  @usableFromInline let nodes: UnsafeMutablePointer<Node>

  /// Slots 0 to `slots` - 1, all empty; traps where there is none.
  public init(slots: Int) {
    precondition(slots > 0, "winners need a slot")
    self.slots = slots
    var leaves = 1
    while leaves < slots { leaves *= 2 }
    self.leaves = leaves
    nodes = .allocate(capacity: 2 * leaves)
    for i in 0..<2 * leaves {
      // The leftmost leaf below node i.
      var leaf = max(i, 1)
      while leaf < leaves { leaf *= 2 }
      (nodes + i).initialize(to: Node(key: .max, slot: leaf - leaves))
    }
  }

  @inlinable
  deinit { nodes.deallocate() }

  /// The earliest slot and its moment, the lowest slot among equals; nil where all are empty.
  @inlinable
  public var first: (slot: Int, instant: Instant)? {
    let root = nodes[1]
    return root.key == .max ? nil : (root.slot, Instant(picoseconds: root.key))
  }

  /// The earliest moment; ``Instant/never`` where all slots are empty.
  @inlinable
  public var firstInstant: Instant { Instant(picoseconds: nodes[1].key) }

  /// The moment of a slot; ``Instant/never`` where it is empty.
  @inlinable
  public subscript(slot: Int) -> Instant {
    precondition(slot >= 0 && slot < slots, "there is no such slot")
    return Instant(picoseconds: nodes[leaves + slot].key)
  }

  /// Gives a slot its moment in place of any it had; ``Instant/never`` empties it. Traps where there is no such slot
  /// or the moment is before the start of the run.
  @inlinable
  public mutating func set(_ slot: Int, _ instant: Instant) {
    precondition(slot >= 0 && slot < slots, "there is no such slot")
    precondition(instant >= .start, "a moment lies before the start of the run")
    var winner = Node(key: instant.picoseconds, slot: slot)
    var i = leaves + slot
    nodes[i] = winner
    while i > 1 {
      let rival = nodes[i ^ 1]
      // A rival to the left (i is odd) wins ties. Keys are never negative, so that no difference overflows, and its
      // sign as a mask chooses without a branch, which would be guessed wrong half of the time.
      let odd = Int64(truncatingIfNeeded: i & 1)
      let lead = rival.key &- odd &- winner.key
      let rivalWins = lead >> 63
      winner.key &+= (lead &+ odd) & rivalWins
      winner.slot ^= (winner.slot ^ rival.slot) & Int(truncatingIfNeeded: rivalWins)
      i >>= 1
      nodes[i] = winner
    }
  }

  /// Empties a slot; traps where there is no such slot.
  @inlinable
  public mutating func clear(_ slot: Int) { set(slot, .never) }

  /// Empties all slots. Complexity: O(slots).
  public mutating func clear() {
    for i in 0..<2 * leaves { nodes[i].key = .max }
  }
}
