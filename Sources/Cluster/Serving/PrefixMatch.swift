/// What a prefix cache has of a request's prompt.
struct PrefixMatch {
  /// Blocks of the trace that were found; their keys are in `PrefixCache.found`.
  var found = 0
  /// Of these, the first ones whose entries the request would hold; the last may be of use in part or not at all.
  var whole = 0
  /// Tokens that need not be computed.
  var tokens = 0
  /// KV blocks that the request would hold together with others.
  var shared = 0
  /// Of these, those that nobody holds yet.
  var idle = 0
}

extension PrefixCache {
  /// What is there of the first `length` tokens of a request, whose last token is computed in any case.
  ///
  /// Complexity: O(blocks found).
  mutating func match(_ blocks: PrefixBlocks, length: Int) -> PrefixMatch {
    var match = PrefixMatch()
    found.removeAll()
    let most = (length - 1) / blocks.blockTokens * blocks.blockTokens
    let perUnit = blocks.unit / blocks.blockTokens
    for index in 0..<blocks.count(within: length) {
      let own = blocks.size(index, within: length)
      let key = own > 0 ? self.key(of: blocks.ids[index]) : -1
      guard key >= 0 else { break }
      let entry = entries[Int(key)]
      let size = Int(entry.blocks)
      let start = index * blocks.unit
      let used = min(size, own, (most - start) / blocks.blockTokens)
      found.append(key)
      match.found += 1
      match.tokens = start + used * blocks.blockTokens
      if used == size {
        match.whole += 1
        match.shared += size
        if entry.holders == 0 { match.idle += size }
      }
      guard min(size, own) == perUnit else { break }
    }
    return match
  }
}
