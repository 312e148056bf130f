import Models

/// Shares of a time by what it was spent on; they add up to 1, or to 0 where there was no time.
public struct TimeShares: Hashable, Sendable {
  /// Under each roof, indexed by `Roof.rawValue`.
  public var roofs = RoofTimes()
  /// Waiting before the first step.
  public var queue = 0.0
  /// Waiting for KV to cross between pools.
  public var transfer = 0.0
  /// Waiting for KV to be swapped.
  public var swap = 0.0
  /// Nothing to do.
  public var idle = 0.0

  /// No time.
  public init() {}

  /// Every share with its name, in a fixed order: the roofs, queue, transfer, swap, idle.
  public var named: [(name: String, share: Double)] {
    Roof.allCases.map { ($0.name, roofs[$0]) }
      + [("queue", queue), ("transfer", transfer), ("swap", swap), ("idle", idle)]
  }

  /// What most of the time was spent on, idleness aside; the first of equals, nil where there was no time.
  public var bottleneck: String? {
    var best: (name: String, share: Double)?
    for entry in named where entry.name != "idle" && entry.share > (best?.share ?? 0) { best = entry }
    return best?.name
  }

  /// The times divided by their sum.
  var normalised: TimeShares {
    let total = named.reduce(0) { $0 + $1.share }
    guard total > 0 else { return TimeShares() }
    var shares = self
    shares.roofs.scale(by: 1 / total)
    shares.queue /= total
    shares.transfer /= total
    shares.swap /= total
    shares.idle /= total
    return shares
  }

  /// Adds `weight` times the shares of `other`.
  mutating func add(_ other: TimeShares, weight: Double) {
    roofs.add(other.roofs, count: weight)
    queue += other.queue * weight
    transfer += other.transfer * weight
    swap += other.swap * weight
    idle += other.idle * weight
  }
}
