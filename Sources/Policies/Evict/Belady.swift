import Cluster

/// The expert whose next use is furthest away: the bound of what any policy can do.
///
/// It needs the future, which the experiment has to own, and goes by keys where none was told. Complexity: O(slots) an
/// eviction. Source: L. A. Belady, "A study of replacement algorithms for a virtual-storage computer", IBM Systems
/// Journal 5(2), 1966.
public struct Belady: EvictPolicy {
  /// The name that scenarios and reports use.
  public static let name = "belady"
  /// Only an expert cache tells what comes.
  public static let isForExperts = true

  private var idle = IdleSet()
  private var uses = NextUses(AccessSequence())
  /// The set that is being asked for; -1 before the first.
  private var now = -1

  /// The policy; it has no settings.
  public init() {}

  /// The experiment tells what comes.
  public mutating func foresee(_ future: AccessSequence, slots: Int) { uses = NextUses(future) }

  /// A layer was reached.
  public mutating func reach(_ layer: ReachedLayer) { now += 1 }

  /// An expert came in.
  public mutating func insert(_ key: Int32) {}

  /// An expert was found.
  public mutating func touch(_ key: Int32) {}

  /// The expert is in use again.
  public mutating func retain(_ key: Int32) { idle.remove(key) }

  /// The expert may leave.
  public mutating func release(_ key: Int32) { idle.insert(key) }

  /// Whether it is used again before one that would leave for it.
  public func admits(_ key: Int32) -> Bool {
    let own = uses.next(key, after: now)
    return idle.keys.contains { uses.next($0, after: now) > own }
  }

  /// The expert that leaves.
  public mutating func evict() -> Int32? {
    var latest: (use: Int, key: Int32)?
    for key in idle.keys {
      let use = uses.next(key, after: now)
      if latest.map({ (use, key) > $0 }) ?? true { latest = (use, key) }
    }
    guard let key = latest?.key else { return nil }
    idle.remove(key)
    return key
  }
}
