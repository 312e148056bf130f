import Cluster
import Kernel

/// Any block that may leave, each with the same chance.
///
/// Complexity: O(1).
public struct RandomEviction: EvictPolicy {
  /// The name that scenarios and reports use.
  public static let name = "random"

  private var idle = IdleSet()
  private var stream: RandomStream

  /// The policy with draws from `seed`.
  public init(seed: UInt64) { stream = RandomStream(seed: seed, consumer: .cache) }

  /// A block came in.
  public mutating func insert(_ key: Int32) {}

  /// A request found the block, which changes nothing.
  public mutating func touch(_ key: Int32) {}

  /// The block is in use again.
  public mutating func retain(_ key: Int32) { idle.remove(key) }

  /// The block may leave.
  public mutating func release(_ key: Int32) { idle.insert(key) }

  /// The block that leaves.
  public mutating func evict() -> Int32? {
    guard !idle.keys.isEmpty else { return nil }
    let key = idle.keys[Int(stream.below(UInt64(idle.keys.count)))]
    idle.remove(key)
    return key
  }
}
