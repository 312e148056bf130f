import Cluster

/// The eviction policies, written down a second time.
public enum ReferenceEvict: Hashable, Sendable, CaseIterable {
  /// The entry whose last use is longest ago.
  case lru
  /// The entry that came in first.
  case fifo
  /// The entry that the fewest requests found.
  case lfu

  /// Which of `entries`, none of them held, leaves.
  func victim(_ entries: [ReferenceEntry]) -> Int32? {
    func rank(_ entry: ReferenceEntry) -> (Int, Int) {
      switch self {
      case .lru: (0, entry.lastUse)
      case .fifo: (0, entry.entered)
      case .lfu: (entry.touches, entry.lastUse)
      }
    }
    return entries.min { rank($0) < rank($1) }?.id
  }
}

/// An entry of a replica's prefix cache.
struct ReferenceEntry {
  let id: Int32
  /// KV blocks.
  let size: Int
  /// The requests that hold it.
  var holders: [Int]
  /// Its turn of coming in.
  let entered: Int
  /// The turn of its last use.
  var lastUse = 0
  /// Requests that found it.
  var touches = 0
}

/// What a replica has of a request's first tokens.
struct ReferenceMatch {
  /// The ids found.
  var found: [Int32] = []
  /// Of these, those whose entries are of use as a whole.
  var shared: [Int32] = []
  /// Tokens that need not be computed.
  var tokens = 0
}

extension ReferenceSimulation {
  /// Tokens of a request that its ids say something about.
  private func known(_ id: Int) -> Int {
    let sequence = sequences[id]
    let whole = sequence.ids.count * unit
    if (sequence.ids.count - 1) * unit < sequence.prompt { return min(whole, sequence.prompt) }
    return min(whole, sequence.prompt + sequence.output - 1)
  }

  private func end(_ id: Int, _ i: Int) -> Int { min((i + 1) * unit, known(id)) }

  private func size(_ r: Int, _ id: Int, _ i: Int) -> Int {
    (end(id, i) - i * unit) / replicas[r].engine.cache.blockTokens
  }

  private func keepsPrefixes(_ r: Int) -> Bool { unit > 0 && replicas[r].evict != nil }

  private func entry(_ r: Int, _ id: Int32) -> ReferenceEntry? { replicas[r].entries.first { $0.id == id } }

  /// What replica `r` has of what a request would have to compute.
  private func match(_ r: Int, _ id: Int) -> ReferenceMatch {
    var match = ReferenceMatch()
    guard keepsPrefixes(r) else { return match }
    let b = replicas[r].engine.cache.blockTokens
    let length = sequences[id].length
    let most = mutant == .lastTokenIsFound ? length : (length - 1) / b * b
    for (i, block) in sequences[id].ids.enumerated() where i * unit < min(known(id), length) {
      let own = (min(end(id, i), length) - i * unit) / b
      guard own > 0, let entry = entry(r, block) else { break }
      match.found.append(block)
      let use = min(own * b, entry.size * b, most - i * unit)
      match.tokens = i * unit + use
      if use == entry.size * b { match.shared.append(block) }
      if own < unit / b || entry.size < unit / b { break }
    }
    return match
  }

  /// Blocks that a waiting request takes from those that are free.
  func need(_ r: Int, _ id: Int) -> Int {
    var need = replicas[r].engine.cache.blocks(for: sequences[id].length)
    for block in match(r, id).shared {
      if let entry = entry(r, block), !entry.holders.isEmpty { need -= entry.size }
    }
    return need
  }

  /// Tokens that a waiting request would have to compute.
  func uncached(_ r: Int, _ id: Int) -> Int { sequences[id].length - match(r, id).tokens }

  /// An admitted request takes the blocks of its length, those that are there among them.
  mutating func takeBlocks(_ r: Int, _ id: Int) {
    let match = match(r, id)
    replicas[r].used += need(r, id)
    sequences[id].held = replicas[r].engine.cache.blocks(for: sequences[id].length)
    guard keepsPrefixes(r) else { return }
    for block in match.found {
      guard let at = replicas[r].entries.firstIndex(where: { $0.id == block }) else { continue }
      if match.shared.contains(block) { replicas[r].entries[at].holders.append(id) }
      replicas[r].entries[at].touches += 1
      if replicas[r].entries[at].holders.isEmpty { replicas[r].entries[at].lastUse = turn(r) }
    }
    makeRoom(r)
    sequences[id].progress = match.tokens
    sequences[id].found = match.tokens
    if match.tokens > 0 { result.counts.prefixesFound += 1 }
    if match.found.count > match.shared.count { result.counts.prefixCopies += 1 }
    if result.outcomes.preemptions[id] > 0 {
      result.prefixes[r].regainedTokens += match.tokens
    } else {
      result.prefixes[r].lookedUpBlocks += sequences[id].ids.indices.count {
        $0 * unit < min(known(id), sequences[id].length)
      }
      result.prefixes[r].foundBlocks += match.found.count
      result.prefixes[r].lookedUpTokens += sequences[id].length
      result.prefixes[r].savedTokens += match.tokens
    }
  }

  private mutating func turn(_ r: Int) -> Int {
    replicas[r].turns += 1
    return replicas[r].turns
  }

  /// What a chunk has computed from `x` to `y` becomes entries that the request holds.
  mutating func enter(_ r: Int, _ id: Int, from x: Int, to y: Int) {
    guard keepsPrefixes(r) else { return }
    for (i, block) in sequences[id].ids.enumerated().reversed() where x < end(id, i) && end(id, i) <= y {
      if size(r, id, i) > 0, entry(r, block) == nil {
        replicas[r].entries.append(
          ReferenceEntry(id: block, size: size(r, id, i), holders: [id], entered: turn(r)))
      }
    }
  }

  /// A request of which `y` tokens are computed frees its `blocks` blocks.
  mutating func giveBack(_ r: Int, _ id: Int, blocks: Int, computed y: Int) {
    var blocks = blocks
    if keepsPrefixes(r) {
      let order = mutant == .startsLeaveFirst ? Array(sequences[id].ids.indices) : sequences[id].ids.indices.reversed()
      for i in order where i * unit < y {
        let block = sequences[id].ids[i]
        if let at = replicas[r].entries.firstIndex(where: { $0.id == block && $0.holders.contains(id) }) {
          blocks -= replicas[r].entries[at].size
          replicas[r].entries[at].holders.removeAll { $0 == id }
          guard replicas[r].entries[at].holders.isEmpty else { continue }
          replicas[r].used -= replicas[r].entries[at].size
          replicas[r].entries[at].lastUse = turn(r)
        } else if size(r, id, i) > 0, end(id, i) <= y, entry(r, block) == nil {
          blocks -= size(r, id, i)
          replicas[r].used -= size(r, id, i)
          let entered = turn(r)
          replicas[r].entries.append(
            ReferenceEntry(id: block, size: size(r, id, i), holders: [], entered: entered, lastUse: entered))
        }
      }
    }
    replicas[r].used -= blocks
  }

  /// Entries that nobody holds leave until there is room for them beside what is in use.
  mutating func makeRoom(_ r: Int) {
    guard let evict = replicas[r].evict else { return }
    while true {
      let idle = replicas[r].entries.filter(\.holders.isEmpty)
      guard replicas[r].used + idle.reduce(0, { $0 + $1.size }) > replicas[r].engine.cache.blocks,
        let victim = evict.victim(idle)
      else { return }
      replicas[r].entries.removeAll { $0.id == victim }
      result.prefixes[r].evictedBlocks += 1
    }
  }
}
