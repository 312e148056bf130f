/// What happened in an expert cache. An access is one expert of one layer of one step.
public struct ExpertTotals: Hashable, Sendable {
  /// Accesses that found their expert there, or on its way.
  public var hits = 0
  /// Accesses that did not.
  public var misses = 0
  /// Misses whose expert was used without staying.
  public var streamed = 0
  /// Experts that left for others.
  public var evictions = 0
  /// Experts that were fetched before their layer was reached.
  public var prefetches = 0
  /// Of these, those that were used.
  public var usefulPrefetches = 0
  /// Of these, those that left unused.
  public var wastedPrefetches = 0

  /// Nothing yet.
  public init() {}

  /// Hits and misses.
  public var accesses: Int { hits + misses }
  /// The share of accesses that were hits; 0 where there were none.
  public var hitRate: Double { accesses == 0 ? 0 : Double(hits) / Double(accesses) }
  /// Experts that were moved.
  public var fetches: Int { misses + prefetches }
}

/// An eviction policy named an expert that may not leave.
public struct EvictionFault: Error, Hashable, Sendable, CustomStringConvertible {
  /// The policy's name.
  public var policy: String
  /// What it named.
  public var key: Int32
  /// The layer that room was needed for.
  public var layer: Int

  /// "evict policy 'own' lets 3 leave for layer 5, which is in use or not there".
  public var description: String {
    "evict policy '\(policy)' lets \(key) leave for layer \(layer), which is in use or not there"
  }
}
