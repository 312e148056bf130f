import Cluster

/// The block used once or the block used often whose last use is longest ago, as what was missed lately teaches.
///
/// Blocks seen once (T1) and those seen again (T2) share the room; what left either is remembered (B1, B2), and a miss
/// on what was remembered moves the share of T1 towards it. The room is what is there when one has to leave.
/// Complexity: O(log blocks). Source: N. Megiddo, D. S. Modha, "ARC: a self-tuning, low overhead replacement cache",
/// FAST 2003.
public struct AdaptiveReplacement: EvictPolicy {
  /// The name that scenarios and reports use.
  public static let name = "arc"

  /// Where a missed block was remembered.
  private enum Memory { case nowhere, once, often }

  /// T1 and T2: whether each key's block was seen again, how many of either there are, and those that may leave.
  private var isOften = ByKey(false)
  private var counts = (once: 0, often: 0)
  private var once = EvictionHeap()
  private var often = EvictionHeap()
  private var identities = ByKey<Int32>(0)
  /// B1 and B2.
  private var ghosts = (once: GhostList(), often: GhostList())
  /// The share of T1, in blocks.
  private var target = 0.0
  private var clock = 0
  private var missed: (identity: Int32, memory: Memory)?

  /// The policy; it has no settings.
  public init() {}

  private var room: Int { counts.once + counts.often }

  /// A block is missed, for which room is made next.
  public mutating func miss(_ identity: Int32) { missed = (identity, learn(identity)) }

  /// Moves the share of T1 by a miss, and forgets what was remembered of it.
  private mutating func learn(_ identity: Int32) -> Memory {
    let (b1, b2) = (Double(ghosts.once.count), Double(ghosts.often.count))
    if ghosts.once.remove(identity) {
      target = min(Double(room), target + max(1, b2 / b1))
      return .once
    }
    if ghosts.often.remove(identity) {
      target = max(0, target - max(1, b1 / b2))
      return .often
    }
    return .nowhere
  }

  /// A block came in whose identity is its key.
  public mutating func insert(_ key: Int32) { insert(key, of: key) }

  /// A block came in.
  public mutating func insert(_ key: Int32, of identity: Int32) {
    let memory = missed.flatMap { $0.identity == identity ? $0.memory : nil } ?? learn(identity)
    missed = nil
    identities[key] = identity
    isOften[key] = memory != .nowhere
    if isOften[key] { counts.often += 1 } else { counts.once += 1 }
  }

  /// A request found the block.
  public mutating func touch(_ key: Int32) {
    let isIdle = once.contains(key) || often.contains(key)
    if isIdle { retain(key) }
    if !isOften[key] {
      isOften[key] = true
      counts.once -= 1
      counts.often += 1
    }
    if isIdle { release(key) }
  }

  /// The block is in use again.
  public mutating func retain(_ key: Int32) {
    if isOften[key] { often.remove(key) } else { once.remove(key) }
  }

  /// The block may leave.
  public mutating func release(_ key: Int32) {
    if isOften[key] { often.insert(key, clock, 0) } else { once.insert(key, clock, 0) }
    clock += 1
  }

  /// The block that leaves.
  public mutating func evict() -> Int32? {
    let memory = missed?.memory ?? .nowhere
    let room = room
    if memory == .nowhere {
      if counts.once + ghosts.once.count >= room {
        if counts.once >= room, let key = once.removeFirst() {
          counts.once -= 1
          return key
        }
        ghosts.once.removeFirst()
      } else if room + ghosts.once.count + ghosts.often.count >= 2 * room {
        ghosts.often.removeFirst()
      }
    }
    let prefersOnce = Double(counts.once) > target || (memory == .often && Double(counts.once) == target)
    if counts.once > 0, prefersOnce { return leave(once: true) ?? leave(once: false) }
    return leave(once: false) ?? leave(once: true)
  }

  /// Lets the block of T1 or T2 leave whose last use is longest ago, and remembers it.
  private mutating func leave(once isOnce: Bool) -> Int32? {
    guard let key = isOnce ? once.removeFirst() : often.removeFirst() else { return nil }
    if isOnce {
      counts.once -= 1
      ghosts.once.append(identities[key])
    } else {
      counts.often -= 1
      ghosts.often.append(identities[key])
    }
    return key
  }
}

/// What left, in the order of leaving. Complexity: O(1) amortised.
private struct GhostList: Sendable {
  private var turns: [Int32: Int] = [:]
  private var queue: [(identity: Int32, turn: Int)] = []
  private var first = 0
  private var turn = 0

  var count: Int { turns.count }

  mutating func append(_ identity: Int32) {
    turns[identity] = turn
    queue.append((identity, turn))
    turn += 1
    if first > 64, 2 * first > queue.count {
      queue.removeFirst(first)
      first = 0
    }
  }

  /// Whether it was there.
  mutating func remove(_ identity: Int32) -> Bool { turns.removeValue(forKey: identity) != nil }

  /// Forgets the one that left first.
  mutating func removeFirst() {
    while first < queue.count {
      let (identity, turn) = queue[first]
      first += 1
      if turns[identity] == turn {
        turns[identity] = nil
        return
      }
    }
  }
}
