import Cluster

extension AccessSequence {
  /// The most hits that a cache of `slots` slots can have which holds `held` at first and fetches only what it is asked
  /// for.
  ///
  /// Between two asks for a key it stays or it does not; to stay it takes a slot all the while. Where more would stay than
  /// there are slots, the one that is asked for last leaves, as L. A. Belady has it. No policy of an expert cache has more:
  /// there what is in use keeps its slot until the layer has been computed, here it may leave as soon as it was asked for.
  /// Complexity: O(keys slots).
  func mostHits(slots: Int, held: some Sequence<Int32>) -> Int {
    let never = count
    // By key from the end: the set that asks for it next.
    var next: [Int32: Int] = [:]
    var following = Array(repeating: never, count: keys.count)
    for set in stride(from: count - 1, through: 0, by: -1) {
      for place in self[set].indices { following[place] = next[keys[place]] ?? never }
      for key in self[set] { next[key] = set }
    }
    // Of each key that stays the set that asks for it, in rising order.
    var staying: [Int] = []
    func stay(until set: Int) {
      guard set < never else { return }
      var (low, high) = (0, staying.count)
      while low < high {
        let middle = (low + high) / 2
        if staying[middle] <= set { low = middle + 1 } else { high = middle }
      }
      staying.insert(set, at: low)
      if staying.count > slots { staying.removeLast() }
    }
    for key in held { stay(until: next[key] ?? never) }
    var hits = 0
    for set in 0..<count {
      let found = staying.prefix { $0 == set }.count
      hits += found
      staying.removeFirst(found)
      for place in self[set].indices { stay(until: following[place]) }
    }
    return hits
  }
}
