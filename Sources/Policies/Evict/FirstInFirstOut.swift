import Cluster

/// The block that came in first, whether it was used since or not.
///
/// Complexity: O(log blocks).
public struct FirstInFirstOut: EvictPolicy {
  /// The name that scenarios and reports use.
  public static let name = "fifo"

  private var heap = EvictionHeap()
  /// How many blocks had come in before each key.
  private var turns = ByKey(0)
  private var count = 0

  /// The policy; it has no settings.
  public init() {}

  /// A block came in.
  public mutating func insert(_ key: Int32) {
    turns[key] = count
    count += 1
  }

  /// A request found the block, which changes nothing.
  public mutating func touch(_ key: Int32) {}

  /// The block is in use again.
  public mutating func retain(_ key: Int32) { heap.remove(key) }

  /// The block may leave.
  public mutating func release(_ key: Int32) { heap.insert(key, 0, turns[key]) }

  /// The block that leaves.
  public mutating func evict() -> Int32? { heap.removeFirst() }
}
