import Cluster

/// The expert with the fewest uses for the layers until its own comes again.
///
/// Uses are counted also while it is away; the layer that is computed comes again after all others. Of equal ones the one
/// let go longest ago. Where each layer has slots of its own it goes by uses alone. Complexity: O(slots) an eviction.
/// Source: R. Yi, L. Guo, S. Wei, A. Zhou, S. Wang, M. Xu, "EdgeMoE: fast on-device inference of MoE-based large
/// language models", 2023, whose buffer goes by activation frequency and layer distance; that the two are divided is ours.
public struct ActivationAware: EvictPolicy {
  /// The name that scenarios and reports use.
  public static let name = "activation-aware"
  /// Only an expert cache tells layers.
  public static let isForExperts = true

  private var idle = IdleSet()
  private var uses = ByKey(0)
  private var releases = ByKey(0)
  private var clock = 0
  /// Experts of a layer; 0 where layers have slots of their own.
  private var experts: Int32 = 0
  private var layer: Int32 = 0
  private var layers: Int32 = 1

  /// The policy; it has no settings.
  public init() {}

  /// A layer was reached.
  public mutating func reach(_ layer: ReachedLayer) {
    experts = layer.isShared ? Int32(layer.scores.count) : 0
    self.layer = Int32(layer.layer)
    layers = Int32(layer.layers)
  }

  /// An expert came in.
  public mutating func insert(_ key: Int32) { uses[key] += 1 }

  /// An expert was found.
  public mutating func touch(_ key: Int32) { uses[key] += 1 }

  /// The expert is in use again.
  public mutating func retain(_ key: Int32) { idle.remove(key) }

  /// The expert may leave.
  public mutating func release(_ key: Int32) {
    idle.insert(key)
    releases[key] = clock
    clock += 1
  }

  /// The expert that leaves.
  public mutating func evict() -> Int32? {
    guard let key = idle.keys.min(by: { (worth($0), releases[$0]) < (worth($1), releases[$1]) }) else { return nil }
    idle.remove(key)
    return key
  }

  private func worth(_ key: Int32) -> Double {
    let distance = experts == 0 ? 1 : (key / experts - layer - 1 + layers) % layers + 1
    return Double(uses[key]) / Double(distance)
  }
}
