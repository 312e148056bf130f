import Units

extension ServingCore {
  /// The blocks of the trace that `request` fills, in KV blocks of `replica`; nil where that keeps no prefixes.
  @inline(__always)
  private func prefixBlocks(_ request: Int32, _ replica: UnsafeMutablePointer<Replica>) -> PrefixBlocks? {
    guard replica.pointee.prefixes != nil else { return nil }
    let index = Int(request)
    return contents?.blocks(
      of: index, prompt: Int(requests[index].promptTokens), output: Int(requests[index].outputTokens),
      blockTokens: replica.pointee.blockTokens)
  }

  /// What the prefix cache of `replica` has of the first `length` tokens of `request`.
  @inline(__always)
  func prefixMatch(_ request: Int32, _ replica: UnsafeMutablePointer<Replica>, length: Int) -> PrefixMatch {
    guard let cache = replica.pointee.prefixes, let blocks = prefixBlocks(request, replica) else {
      return PrefixMatch()
    }
    return cache.pointee.match(blocks, length: length)
  }

  /// Whether a newcomer of `length` tokens may be given the blocks that it does not find.
  @inline(__always)
  func hasRoom(for request: Int32, length: Int, at replica: UnsafeMutablePointer<Replica>) -> Bool {
    let need = replica.pointee.blocks(for: length)
    if replica.pointee.hasRoom(need) { return true }
    guard replica.pointee.prefixes != nil else { return false }
    let match = prefixMatch(request, replica, length: length)
    return replica.pointee.hasRoom(need - match.shared + match.idle)
  }

  /// Gives `request` the blocks of `length` tokens at `replica`: those that are there, and new ones.
  /// - Returns: the tokens that need not be computed.
  @inline(__always)
  mutating func take(_ request: Int32, length: Int, at replica: UnsafeMutablePointer<Replica>) throws -> Int {
    let need = replica.pointee.blocks(for: length)
    guard let cache = replica.pointee.prefixes, let blocks = prefixBlocks(request, replica) else {
      replica.pointee.usedBlocks += need
      return 0
    }
    let match = cache.pointee.match(blocks, length: length)
    for index in 0..<match.found {
      let key = cache.pointee.found[index]
      if index < match.whole {
        replica.pointee.cachedBlocks -= cache.pointee.hold(key)
        blocks.held[index] = key
      }
      cache.pointee.policy.touch(key)
    }
    replica.pointee.usedBlocks += need - match.shared + match.idle
    try makeRoom(replica, used: replica.pointee.usedBlocks)
    if preemptions[Int(request)] > 0 {
      cache.pointee.totals.regainedTokens += match.tokens
    } else {
      cache.pointee.totals.lookedUpBlocks += blocks.count(within: length)
      cache.pointee.totals.foundBlocks += match.found
      cache.pointee.totals.lookedUpTokens += length
      cache.pointee.totals.savedTokens += match.tokens
    }
    return match.tokens
  }

  /// Enters what `chunk`, which has ended at `replica`, has filled.
  @inline(__always)
  func enter(_ chunk: Chunk, at replica: UnsafeMutablePointer<Replica>) {
    guard let cache = replica.pointee.prefixes, let blocks = prefixBlocks(chunk.request, replica) else { return }
    let computed = Int(chunk.cached + chunk.tokens)
    let new = blocks.count(filledBy: Int(chunk.cached))..<blocks.count(filledBy: computed)
    for index in new.reversed() where blocks.held[index] < 0 {
      blocks.held[index] = cache.pointee.enter(blocks, index) ?? -1
    }
  }

  /// Takes `count` blocks from `request`, of whose tokens `replica` has computed `computed`; what they fill stays until
  /// its room is needed.
  @inline(__always)
  func giveBack(_ request: Int32, _ count: Int, computed: Int, at replica: UnsafeMutablePointer<Replica>) {
    guard let cache = replica.pointee.prefixes, let blocks = prefixBlocks(request, replica) else {
      replica.pointee.usedBlocks -= count
      return
    }
    var own = count
    let filled = blocks.count(filledBy: computed)
    for index in (0..<blocks.count(within: computed)).reversed() {
      var key = blocks.held[index]
      if key < 0, index < filled { key = cache.pointee.enter(blocks, index) ?? -1 }
      guard key >= 0 else { continue }
      blocks.held[index] = -1
      own -= Int(cache.pointee.entries[Int(key)].blocks)
      let left = cache.pointee.release(key)
      replica.pointee.cachedBlocks += left
      replica.pointee.usedBlocks -= left
    }
    replica.pointee.usedBlocks -= own
  }

  /// Lets entries that nobody holds leave until the `used` blocks of `replica` have room beside the others.
  /// - Throws: ``PolicyError`` where the policy names none of them.
  @inline(__always)
  func makeRoom(_ replica: UnsafeMutablePointer<Replica>, used: Int) throws {
    if used + replica.pointee.cachedBlocks > replica.pointee.blocks { try evict(replica, used: used) }
  }

  @inline(never)
  private func evict(_ replica: UnsafeMutablePointer<Replica>, used: Int) throws {
    guard let cache = replica.pointee.prefixes else { return }
    while used + replica.pointee.cachedBlocks > replica.pointee.blocks {
      var choice: Int32?
      guard let blocks = cache.pointee.evict(&choice) else {
        throw PolicyError(
          policy: type(of: cache.pointee.policy).name, moment: Instant(picoseconds: now),
          decision: choice.map { "that block \($0) leaves" } ?? "that no block leaves",
          why: "\(replica.pointee.cachedBlocks) KV blocks are of entries that nobody holds, and room is needed")
      }
      replica.pointee.cachedBlocks -= blocks
    }
  }
}
