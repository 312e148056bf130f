import Cluster

/// The block that the fewest requests found since it came in, of equals the one let go or found longest ago.
///
/// Complexity: O(log blocks).
public struct LeastFrequentlyUsed: EvictPolicy {
  /// The name that scenarios and reports use.
  public static let name = "lfu"

  private var heap = EvictionHeap()
  /// How many requests found each key's block.
  private var uses = ByKey(0)
  private var clock = 0

  /// The policy; it has no settings.
  public init() {}

  /// A block came in.
  public mutating func insert(_ key: Int32) { uses[key] = 0 }

  /// A request found the block.
  public mutating func touch(_ key: Int32) {
    uses[key] += 1
    guard heap.contains(key) else { return }
    heap.remove(key)
    release(key)
  }

  /// The block is in use again.
  public mutating func retain(_ key: Int32) { heap.remove(key) }

  /// The block may leave.
  public mutating func release(_ key: Int32) {
    heap.insert(key, uses[key], clock)
    clock += 1
  }

  /// The block that leaves.
  public mutating func evict() -> Int32? { heap.removeFirst() }
}
