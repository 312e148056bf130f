import Cluster

/// The block whose last use is longest ago, the deepest of a request's first.
///
/// A use is a request's finding it, and its being let go. Complexity: O(1). Source: as the free list of vLLM's block
/// pool, which its documentation of automatic prefix caching describes.
public struct LeastRecentlyUsed: EvictPolicy {
  /// The name that scenarios and reports use.
  public static let name = "lru"

  /// Not in the list.
  private static let absent: Int32 = -2
  /// The neighbours of each key in the list of those that may leave; -1 at its ends.
  private var before: [Int32] = []
  private var after: [Int32] = []
  private var oldest: Int32 = -1
  private var newest: Int32 = -1

  /// The policy; it has no settings.
  public init() {}

  /// A block came in.
  public mutating func insert(_ key: Int32) {
    while before.count <= Int(key) {
      before.append(Self.absent)
      after.append(Self.absent)
    }
  }

  /// A request found the block.
  public mutating func touch(_ key: Int32) {
    guard before[Int(key)] != Self.absent else { return }
    retain(key)
    release(key)
  }

  /// The block is in use again.
  public mutating func retain(_ key: Int32) {
    let (previous, next) = (before[Int(key)], after[Int(key)])
    if previous < 0 { oldest = next } else { after[Int(previous)] = next }
    if next < 0 { newest = previous } else { before[Int(next)] = previous }
    before[Int(key)] = Self.absent
    after[Int(key)] = Self.absent
  }

  /// The block may leave.
  public mutating func release(_ key: Int32) {
    before[Int(key)] = newest
    after[Int(key)] = -1
    if newest < 0 { oldest = key } else { after[Int(newest)] = key }
    newest = key
  }

  /// The block that leaves.
  public mutating func evict() -> Int32? {
    guard oldest >= 0 else { return nil }
    let key = oldest
    retain(key)
    return key
  }
}
