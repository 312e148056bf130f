/// What a cache of unbounded capacity would find if requests came one after another.
public struct PrefixReuse: Hashable, Sendable {
  /// Tokens of a block.
  public var unit = 0
  /// Ids looked up: those of all requests.
  public private(set) var lookups = 0
  /// Ids found: those at a request's beginning that an earlier request had.
  public private(set) var hits = 0
  /// Requests of which at least one id was found.
  public private(set) var hitRequests = 0
  /// Different ids.
  public private(set) var distinct = 0

  /// Nothing looked up.
  public init() {}

  /// Looks up the ids of the next request, dense in order of first appearance.
  mutating func add(_ ids: UnsafeBufferPointer<Int32>) {
    let known = distinct
    var isPrefix = true
    var found = 0
    for id in ids {
      isPrefix = isPrefix && Int(id) < known
      found += isPrefix ? 1 : 0
      distinct = max(distinct, Int(id) + 1)
    }
    lookups += ids.count
    hits += found
    hitRequests += found > 0 ? 1 : 0
  }

  /// Ids found over ids looked up; 0 where there were none.
  public var hitRate: Double { lookups > 0 ? Double(hits) / Double(lookups) : 0 }
}
