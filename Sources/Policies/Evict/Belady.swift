import Cluster

/// The expert whose next use is furthest away.
///
/// No policy hits more often where it was told the whole future, which the experiment has to own, every expert that is
/// missed comes in, and there are as many slots as are in use at once. Where fewer are, or experts may be used without
/// staying, it is near what can be done but no bound: what is in use cannot make room. Told less, such as what a queue asks
/// for, it goes by that, and of experts that are not in it the one that was let go longest ago leaves. Complexity: O(slots)
/// an eviction. Source: L. A. Belady, "A study of replacement algorithms for a virtual-storage computer", IBM Systems
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
  /// When each key was let go last, counted in keys let go.
  private var releases = ByKey(0)
  private var released = 0

  /// The policy; it has no settings.
  public init() {}

  /// The experiment tells what comes.
  public mutating func foresee(_ future: AccessSequence, slots: Int) {
    uses = NextUses(future)
    now = -1
  }

  /// A layer was reached.
  public mutating func reach(_ layer: ReachedLayer) { now += 1 }

  /// An expert came in.
  public mutating func insert(_ key: Int32) {}

  /// An expert was found.
  public mutating func touch(_ key: Int32) {}

  /// The expert is in use again.
  public mutating func retain(_ key: Int32) { idle.remove(key) }

  /// The expert may leave.
  public mutating func release(_ key: Int32) {
    idle.insert(key)
    released += 1
    releases[key] = released
  }

  /// Whether it is used again before one that would leave for it, or nothing is known of either.
  public func admits(_ key: Int32) -> Bool {
    let own = uses.next(key, after: now)
    return idle.keys.contains {
      let use = uses.next($0, after: now)
      return use > own || use == .max
    }
  }

  /// The expert that leaves.
  public mutating func evict() -> Int32? {
    var latest: (use: Int, age: Int, key: Int32)?
    for key in idle.keys {
      let candidate = (use: uses.next(key, after: now), age: -releases[key], key: key)
      if latest.map({ candidate > $0 }) ?? true { latest = candidate }
    }
    guard let key = latest?.key else { return nil }
    idle.remove(key)
    return key
  }
}
