import Cluster

/// A hand goes round what is kept, in the order in which it came in: what was found since the hand came by last stays
/// for another round, the first that was not leaves.
///
/// Complexity: O(1), spread over the finds. Source: F. J. Corbató, "A paging experiment with the Multics system", MIT
/// Project MAC, 1968.
public struct Clock: EvictPolicy {
  /// The name that scenarios and reports use.
  public static let name = "clock"

  /// The key after each on the face of the clock; the hand stands between `last` and the key after it.
  private var after: [Int32] = []
  private var last: Int32 = -1
  /// By key: whether it was found since the hand came by, and whether it may leave.
  private var wasFound: [Bool] = []
  private var isIdle: [Bool] = []
  private var idle = 0

  /// The policy; it has no settings.
  public init() {}

  /// What comes in stands where the hand comes last.
  public mutating func insert(_ key: Int32) {
    while after.count <= Int(key) {
      after.append(-1)
      wasFound.append(false)
      isIdle.append(false)
    }
    after[Int(key)] = last < 0 ? key : after[Int(last)]
    if last >= 0 { after[Int(last)] = key }
    last = key
    wasFound[Int(key)] = false
  }

  /// A request found it.
  public mutating func touch(_ key: Int32) { wasFound[Int(key)] = true }

  /// It is in use again.
  public mutating func retain(_ key: Int32) {
    isIdle[Int(key)] = false
    idle -= 1
  }

  /// It may leave.
  public mutating func release(_ key: Int32) {
    isIdle[Int(key)] = true
    idle += 1
  }

  /// The hand goes on to the first that may leave and was not found.
  public mutating func evict() -> Int32? {
    guard idle > 0 else { return nil }
    while true {
      let key = after[Int(last)]
      guard isIdle[Int(key)], !wasFound[Int(key)] else {
        // What is in use while the hand comes by counts as found.
        wasFound[Int(key)] = !isIdle[Int(key)]
        last = key
        continue
      }
      retain(key)
      after[Int(last)] = after[Int(key)]
      if last == key { last = -1 }
      return key
    }
  }
}
