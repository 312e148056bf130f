extension ServingCore {
  /// Tokens that a waiting request must prefill: its prompt and what it had generated before a preemption.
  @inline(__always)
  func length(_ request: Int32) -> Int {
    Int(requests[Int(request)].promptTokens + generated[Int(request)])
  }

  @inline(__always)
  func headFits(_ replica: UnsafeMutablePointer<Replica>) -> Bool {
    replica.pointee.waiting.count > 0 && replica.pointee.swapped.count == 0 && replica.pointee.hasSequenceRoom
      && hasRoom(for: replica.pointee.waiting.head, length: length(replica.pointee.waiting.head), at: replica)
  }

  /// Swapped sequences for which there is room join the running list.
  func joinSwapped(
    _ lane: UnsafeMutablePointer<Lane>, _ replica: UnsafeMutablePointer<Replica>, _ swappedTokens: inout Int
  ) throws {
    while replica.pointee.swapped.count > 0, replica.pointee.hasSequenceRoom {
      let context = length(replica.pointee.swapped.head) - 1
      let need = replica.pointee.blocks(for: context)
      guard replica.pointee.hasRoom(need) else { break }
      let request = links.popFront(&replica.pointee.swapped)
      accountOccupancy(replica, used: replica.pointee.usedBlocks)
      replica.pointee.usedBlocks += need
      try makeRoom(replica, used: replica.pointee.usedBlocks)
      replica.pointee.sequences += 1
      swappedTokens += context
      join(request, lane, context: context, lastToken: marks[Int(request)])
    }
  }

  /// Transferred sequences join the running list; their blocks are already reserved.
  func joinReady(_ lane: UnsafeMutablePointer<Lane>, _ replica: UnsafeMutablePointer<Replica>) {
    while replica.pointee.ready.count > 0, replica.pointee.hasSequenceRoom {
      let request = links.popFront(&replica.pointee.ready)
      replica.pointee.sequences += 1
      join(request, lane, context: length(request) - 1, lastToken: marks[Int(request)])
    }
  }

  /// Takes the head of the waiting queue, which fits, with the tokens of it that need not be computed.
  @inline(__always)
  private mutating func admit(_ replica: UnsafeMutablePointer<Replica>) throws -> (request: Int32, cached: Int) {
    let request = replica.pointee.waiting.popFront(links)
    accountOccupancy(replica, used: replica.pointee.usedBlocks)
    let cached = try take(request, length: length(request), at: replica)
    replica.pointee.sequences += 1
    if scheduled[Int(request)] < 0 { scheduled[Int(request)] = now }
    return (request, cached)
  }

  /// Admits the head, and those after it while what is to be computed sums to no more than `tokens` and they fit.
  @inline(__always)
  mutating func admitWhole(
    _ lane: UnsafeMutablePointer<Lane>, _ replica: UnsafeMutablePointer<Replica>, _ tokens: Int
  ) throws {
    var left = tokens
    repeat {
      let (request, cached) = try admit(replica)
      let own = length(request) - cached
      left -= own
      lane.pointee.chunks.append(
        Chunk(request: request, tokens: Int32(own), cached: Int32(cached), isLast: true))
    } while left > 0 && headFits(replica) && uncached(replica.pointee.waiting.head, at: replica) <= left
  }

  /// Tokens that a waiting request would have to compute if it were admitted now.
  @inline(__always)
  private func uncached(_ request: Int32, at replica: UnsafeMutablePointer<Replica>) -> Int {
    length(request) - prefixMatch(request, replica, length: length(request)).tokens
  }

  /// Spends `budget` tokens on chunks: unfinished prompts first, then, if `admitting`, waiting requests that fit.
  mutating func fill(
    _ lane: UnsafeMutablePointer<Lane>, _ replica: UnsafeMutablePointer<Replica>, budget: Int, admitting: Bool
  ) throws {
    var left = budget
    for index in 0..<lane.pointee.prefilling.count where left > 0 {
      let sequence = lane.pointee.prefilling[index]
      let rest = length(sequence.request) - Int(sequence.progress)
      let tokens = min(rest, left)
      left -= tokens
      lane.pointee.chunks.append(
        Chunk(
          request: sequence.request, tokens: Int32(tokens), cached: sequence.progress, isLast: tokens == rest))
    }
    while admitting, left > 0, headFits(replica) {
      let (request, cached) = try admit(replica)
      let own = length(request) - cached
      let tokens = min(own, left)
      left -= tokens
      lane.pointee.chunks.append(
        Chunk(request: request, tokens: Int32(tokens), cached: Int32(cached), isLast: tokens == own))
      if tokens < own { lane.pointee.prefilling.append(Joined(request: request, progress: Int32(cached))) }
    }
  }
}
