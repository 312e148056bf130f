import Cluster
import Kernel

/// Any block, each with the same chance, that was not used in the present phase; a phase ends when all were.
///
/// Expects at most 2 H(k) times the misses of the best policy with k slots, H being the harmonic numbers.
/// Complexity: O(1), and O(blocks) at the end of a phase. Source: A. Fiat, R. M. Karp, M. Luby, L. A. McGeoch,
/// D. D. Sleator, N. E. Young, "Competitive paging algorithms", Journal of Algorithms 12(4), 1991.
public struct Marker: EvictPolicy {
  /// The name that scenarios and reports use.
  public static let name = "marker"

  private var marks = Marks()
  private var stream: RandomStream

  /// The policy with draws from `seed`.
  public init(seed: UInt64) { stream = RandomStream(seed: seed, consumer: .cache) }

  /// A block came in.
  public mutating func insert(_ key: Int32) { marks.mark(key) }

  /// A request found the block.
  public mutating func touch(_ key: Int32) { marks.mark(key) }

  /// The block is in use again.
  public mutating func retain(_ key: Int32) { marks.retain(key) }

  /// The block may leave.
  public mutating func release(_ key: Int32) { marks.release(key) }

  /// The block that leaves.
  public mutating func evict() -> Int32? {
    guard let old = marks.unmarked else { return nil }
    let key = old[Int(stream.below(UInt64(old.count)))]
    marks.retain(key)
    return key
  }
}

/// Which blocks were used in the present phase.
struct Marks: Sendable {
  private var isMarked = ByKey(false)
  /// Those that may leave, marked or not.
  private var fresh = IdleSet()
  private var old = IdleSet()

  /// Marks a block. What is in use keeps its mark when a phase begins: the step that begins it belongs to it.
  mutating func mark(_ key: Int32) {
    isMarked[key] = true
    guard old.contains(key) else { return }
    old.remove(key)
    fresh.insert(key)
  }

  mutating func retain(_ key: Int32) {
    if old.contains(key) { old.remove(key) } else { fresh.remove(key) }
  }

  mutating func release(_ key: Int32) {
    if isMarked[key] { fresh.insert(key) } else { old.insert(key) }
  }

  /// The blocks that may leave and were not used in this phase, after beginning another where there are none; nil where
  /// none may leave.
  var unmarked: [Int32]? {
    mutating get {
      if old.keys.isEmpty {
        for key in fresh.keys {
          isMarked[key] = false
          old.insert(key)
        }
        fresh = IdleSet()
      }
      return old.keys.isEmpty ? nil : old.keys
    }
  }
}
