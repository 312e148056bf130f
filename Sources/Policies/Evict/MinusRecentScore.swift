import Cluster

/// The expert whose recent router scores are least: S becomes a TopP(s) + (1 - a) S whenever its layer is reached, where
/// TopP keeps the scores of the p highest, p being twice the experts of a token.
///
/// Of equal ones the one let go longest ago. Experts keep S while they are away. Where a missed expert may be used
/// without staying, it stays only if another's S is lower. Complexity: O(experts) a layer, O(slots) an eviction.
/// Source: S. Zhong, Y. Sun, L. Liang, R. Wang, R. Huang, M. Li, "HybriMoE: hybrid CPU-GPU scheduling and cache
/// management for efficient MoE inference", DAC 2025, section IV-D; its artifact has a = 0.5 (PKU-SEC-Lab/HybriMoE at
/// 0f6e78b, `KScoreAwareCache`).
public struct MinusRecentScore: EvictPolicy {
  /// The name that scenarios and reports use.
  public static let name = "mrs"
  /// Only an expert cache tells scores.
  public static let isForExperts = true

  /// The artifact's a.
  public static let share = 0.5

  private var idle = IdleSet()
  private var recent: RecentScores
  private var releases = ByKey(0)
  private var clock = 0

  /// The policy with a = `share`, above 0 and at most 1.
  public init(share: Double) { recent = RecentScores(share: share) }

  /// A layer was reached.
  public mutating func reach(_ layer: ReachedLayer) { recent.reach(layer) }

  /// An expert came in.
  public mutating func insert(_ key: Int32) {}

  /// An expert was found; its score says more.
  public mutating func touch(_ key: Int32) {}

  /// The expert is in use again.
  public mutating func retain(_ key: Int32) { idle.remove(key) }

  /// The expert may leave.
  public mutating func release(_ key: Int32) {
    idle.insert(key)
    releases[key] = clock
    clock += 1
  }

  /// Whether another's score is lower.
  public func admits(_ key: Int32) -> Bool { idle.keys.contains { recent[$0] < recent[key] } }

  /// The expert that leaves.
  public mutating func evict() -> Int32? {
    guard let key = idle.keys.min(by: { (recent[$0], releases[$0]) < (recent[$1], releases[$1]) }) else { return nil }
    idle.remove(key)
    return key
  }
}
