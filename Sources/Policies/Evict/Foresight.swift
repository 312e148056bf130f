import Cluster

/// When each key is asked for.
struct NextUses: Sendable {
  /// The sets that have each key, in rising order.
  private var sets: [[Int32]] = []

  init(_ future: AccessSequence) {
    for set in 0..<future.count {
      for key in future[set] {
        while sets.count <= Int(key) { sets.append([]) }
        sets[Int(key)].append(Int32(set))
      }
    }
  }

  /// The first set after `set` that has `key`; `Int.max` where none has. Complexity: O(log sets).
  func next(_ key: Int32, after set: Int) -> Int {
    guard Int(key) < sets.count else { return .max }
    let own = sets[Int(key)]
    var (low, high) = (0, own.count)
    while low < high {
      let middle = (low + high) / 2
      if Int(own[middle]) > set { high = middle } else { low = middle + 1 }
    }
    return low < own.count ? Int(own[low]) : .max
  }
}

extension AccessSequence {
  /// Whether ``Belady`` with `slots` slots lets each key go before it is asked for again.
  func discards(slots: Int) -> [Bool] {
    let uses = NextUses(self)
    var advice = Array(repeating: false, count: keys.count)
    // The place in `keys` of the last use of what is there.
    var last: [Int32: Int] = [:]
    var there: [Int32] = []
    for set in 0..<count {
      let asked = self[set]
      for place in asked.indices {
        let key = asked[place]
        if last[key] == nil {
          let victims = there.filter { !asked.contains($0) }
          if there.count >= slots {
            guard let victim = victims.max(by: { (uses.next($0, after: set), $0) < (uses.next($1, after: set), $1) })
            else { continue }
            there.removeAll { $0 == victim }
            last.removeValue(forKey: victim).map { advice[$0] = true }
          }
          there.append(key)
        }
        last[key] = place
      }
    }
    return advice
  }

  /// Whether the phase after each key's use does not use it: a phase goes on while it has asked for at most `slots` keys.
  func absences(slots: Int) -> [Bool] {
    var phases: [Range<Int>] = []
    var first = 0
    var seen: Set<Int32> = []
    for set in 0..<count {
      let together = seen.union(self[set])
      if together.count > slots, set > first {
        phases.append(first..<set)
        first = set
        seen = Set(self[set])
      } else {
        seen = together
      }
    }
    phases.append(first..<count)
    var advice = Array(repeating: true, count: keys.count)
    for (phase, next) in zip(phases, phases.dropFirst()) {
      let used = Set(next.flatMap { self[$0] })
      for set in phase { for place in self[set].indices { advice[place] = !used.contains(keys[place]) } }
    }
    return advice
  }
}
