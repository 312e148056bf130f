extension ServingCore {
  /// Takes the blocks that the running sequences' next tokens need, preempting from the tail until they are there.
  /// - Returns: whether a sequence was preempted.
  @inline(__always)
  mutating func grow(
    _ lane: UnsafeMutablePointer<Lane>, _ replica: UnsafeMutablePointer<Replica>, _ swappedTokens: inout Int
  ) throws -> Bool {
    if let placed = replica.pointee.placed, placed.pointee.largestGain > 1 {
      return try growGaining(lane, replica, placed, &swappedTokens)
    }
    let kind = lane.pointee.growing(after: 0)
    var hasPreempted = false
    while Int(lane.pointee.residues[kind]) > replica.pointee.blocks - replica.pointee.usedBlocks {
      preempt(lane, replica, &swappedTokens)
      hasPreempted = true
    }
    lane.pointee.growth = Int(lane.pointee.residues[kind])
    if lane.pointee.growth > 0 {
      accountOccupancy(replica, used: replica.pointee.usedBlocks)
      replica.pointee.usedBlocks += lane.pointee.growth
      try makeRoom(replica, used: replica.pointee.usedBlocks)
    }
    return hasPreempted
  }

  /// Preempts, of the sequences of `lane` in the least urgent class there is, the last prefilling one or else the last
  /// running one.
  mutating func preempt(
    _ lane: UnsafeMutablePointer<Lane>, _ replica: UnsafeMutablePointer<Replica>, _ swappedTokens: inout Int
  ) {
    accountOccupancy(replica, used: replica.pointee.usedBlocks)
    let own = lane.pointee.replica
    let victim: Int32
    if let position = lastPrefilling(lane) {
      let last = lane.pointee.prefilling[position]
      victim = last.request
      lane.pointee.prefilling.remove(at: position)
      release(victim, replica.pointee.blocks(for: length(victim)), computed: Int(last.progress), at: replica)
      replica.pointee.waiting.pushFront(victim, class: rank(Int(victim)), links)
    } else {
      victim = lastRunning(lane)
      let request = Int(victim)
      let context = Int(marks[request]) + lane.pointee.counter
      links.remove(victim, &lane.pointee.running)
      lane.pointee.endings.remove(victim)
      if context < lane.pointee.window { lane.pointee.fillings.remove(victim) }
      lane.pointee.subtract(context: context)
      generated[request] = Int32(context + 1) - requests[request].promptTokens
      marks[request] = lastToken(of: victim, lane)
      release(victim, replica.pointee.blocks(for: context), computed: context, at: replica)
      switch cluster.pools[replica.pointee.pool].engine.preemption {
      case .recompute:
        loads.base[own].pendingPromptTokens += context + 1
        replica.pointee.waiting.pushFront(victim, class: rank(Int(victim)), links)
      case .swap:
        swappedTokens += context
        links.pushFront(victim, &replica.pointee.swapped)
      }
    }
    preemptions[Int(victim)] += 1
    replica.pointee.totals.preemptions += 1
    replica.pointee.sequences -= 1
    for other in replica.pointee.lanes { lanes[other].isDirty = true }
  }

  /// Where the prefilling sequence stands that is to be preempted; nil where a running one is.
  private func lastPrefilling(_ lane: UnsafeMutablePointer<Lane>) -> Int? {
    let count = lane.pointee.prefilling.count
    guard classCount > 1, count > 0 else { return count > 0 ? count - 1 : nil }
    let running = lastRunning(lane)
    var victim: Int?
    var highest = running < 0 ? 0 : rank(Int(running))
    for position in 0..<count {
      let own = rank(Int(lane.pointee.prefilling[position].request))
      if own >= highest {
        victim = position
        highest = own
      }
    }
    return victim
  }

  /// The running sequence that is to be preempted: the last of the least urgent class.
  private func lastRunning(_ lane: UnsafeMutablePointer<Lane>) -> Int32 {
    var victim = lane.pointee.running.tail
    guard classCount > 1 else { return victim }
    var request = victim
    while request >= 0 {
      if rank(Int(request)) > rank(Int(victim)) { victim = request }
      request = links.before(request)
    }
    return victim
  }

  /// When a running sequence generated its last token; it is forgotten as a fresh one.
  private func lastToken(of request: Int32, _ lane: UnsafeMutablePointer<Lane>) -> Int64 {
    for index in 0..<lane.pointee.fresh.count where lane.pointee.fresh[index].request == request {
      let time = lane.pointee.fresh[index].lastToken
      lane.pointee.fresh.remove(at: index)
      return time
    }
    return lane.pointee.lastDecodeEnd
  }
}
