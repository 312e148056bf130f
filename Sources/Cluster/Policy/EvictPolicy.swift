/// Decides which blocks of a prefix cache make room when room is needed: one family of policy.
///
/// A block is known by a key, a small number from 0: keys of blocks that left are used again. A block is in use while
/// a sequence holds it, and may leave only while none does. The blocks of one request are named deepest first where it
/// puts them in or lets them go, so that a policy which goes by that order gives up ends before their beginnings. The
/// cluster throws ``PolicyError`` where `evict` names a block that may not leave.
public protocol EvictPolicy: Sendable {
  /// The name that scenarios and reports use.
  static var name: String { get }
  /// A block came in; it is in use.
  mutating func insert(_ key: Int32)
  /// A request found the block, in use or not.
  mutating func touch(_ key: Int32)
  /// The block, which may leave, is in use again.
  mutating func retain(_ key: Int32)
  /// The block, which was in use, may leave now.
  mutating func release(_ key: Int32)
  /// The block that leaves, one of those that may; it is forgotten. Nil where there is none.
  mutating func evict() -> Int32?
}
