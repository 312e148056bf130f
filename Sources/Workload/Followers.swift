import Units

/// Requests that begin when another has ended: turns of a session, users who wait for their answer.
///
/// The first `independent` requests of a trace arrive at their own moments, in order. Each later one, `index`, arrives
/// `delays[index - independent]` after `predecessors[index - independent]` completes, or is rejected; the arrival that
/// it has in the trace is not looked at. A request has at most one follower, and an earlier index than it.
public struct Followers: Hashable, Sendable {
  /// Requests that arrive at their own moments: at least 1.
  public var independent: Int
  /// The request that each other one follows, by index; no request twice.
  public var predecessors: [Int32]
  /// What each waits after its predecessor has ended.
  public var delays: [Interval]

  /// Followers of `independent` requests, in order of their indices.
  public init(independent: Int, predecessors: [Int32] = [], delays: [Interval] = []) {
    self.independent = independent
    self.predecessors = predecessors
    self.delays = delays
  }

  /// Whether these can be the followers of `count` requests.
  ///
  /// Complexity: O(count).
  public func isValid(count: Int) -> Bool {
    guard independent >= 1, independent + predecessors.count == count, delays.count == predecessors.count else {
      return false
    }
    var isFollowed = [Bool](repeating: false, count: count)
    for (offset, predecessor) in predecessors.enumerated() {
      guard 0..<independent + offset ~= Int(predecessor), !isFollowed[Int(predecessor)], delays[offset] >= .zero,
        delays[offset] < Interval(picoseconds: Request.latestArrival.picoseconds)
      else { return false }
      isFollowed[Int(predecessor)] = true
    }
    return true
  }
}
