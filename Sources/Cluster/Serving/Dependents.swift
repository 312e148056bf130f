import Workload

/// The requests of a run that arrive when another has ended, and those whose moment is known.
struct Dependents: ~Copyable {
  /// The follower of each request, -1 where it has none; empty where no request has.
  private let followers: Column<Int32>
  private let delays: Column<Int64>
  private let independent: Int
  private var due = RequestHeap()

  init(_ followers: Followers?, count: Int) {
    let own = followers ?? Followers(independent: count)
    independent = own.independent
    self.followers = Column(repeating: -1, count: own.predecessors.isEmpty ? 0 : count)
    delays = Column(repeating: 0, count: own.delays.count)
    for (offset, predecessor) in own.predecessors.enumerated() {
      self.followers[Int(predecessor)] = Int32(independent + offset)
      delays[offset] = own.delays[offset].picoseconds
    }
  }

  /// Whether there are any.
  var isEmpty: Bool {
    @inline(__always)
    get { followers.count == 0 }
  }

  /// When the next arrives; `Int64.max` where none is known to.
  var next: Int64 {
    @inline(__always)
    get { Int64(due.leastKey) }
  }

  /// Lets the follower of `request`, if any, arrive after its delay from `now` on.
  @inline(__always)
  mutating func ended(_ request: Int, at now: Int64) {
    guard followers.count > 0, followers[request] >= 0 else { return }
    let follower = followers[request]
    due.insert(key: Int(now + delays[Int(follower) - independent]), request: follower)
  }

  /// Takes the one that arrives next, of two at one moment that of the lower index.
  mutating func removeNext() -> Int { Int(due.removeLeast()) }
}
