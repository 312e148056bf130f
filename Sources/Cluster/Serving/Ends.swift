import Kernel
import Units

extension ServingCore {
  /// Ends the step or segment that is due first, or goes on with it.
  @inline(__always)
  mutating func endNext() throws {
    guard let next = laneEnds.first else { return }
    if lanes[next.slot].tabulated < lanes[next.slot].decodes { goOn(next.slot) } else { try endStep(next.slot) }
  }

  /// Ends the step or segment of `lane`: its sequences advance, finish, leave or go on.
  mutating func endStep(_ index: Int) throws {
    let lane = lanes + index
    let replica = replicas + lane.pointee.replica
    events += 1
    trajectory.combine(UInt64(bitPattern: now))
    trajectory.combine(EventKind.stepEnd.tag(index))
    laneEnds.clear(index)
    lane.pointee.isBusy = false
    let steps = lane.pointee.decodes
    if isRecording { recordSteps(index, lane) }
    if lane.pointee.isSegment { accountSegment(lane, replica) }
    if steps > 0 { try advance(lane, replica, steps) }
    if lane.pointee.chunks.count > 0 {
      endChunks(index, lane, replica)
    } else {
      lane.pointee.decodesSincePrefill += steps
    }
    lane.pointee.hasEnded = true
    touch(lane.pointee.replica)
  }

  /// Gives every running sequence of `lane` the tokens of `steps` decode steps.
  @inline(__always)
  private mutating func advance(
    _ lane: UnsafeMutablePointer<Lane>, _ replica: UnsafeMutablePointer<Replica>, _ steps: Int
  ) throws {
    let batch = lane.pointee.running.count
    recordGaps(lane, batch, steps)
    if steps > 1 {
      replica.pointee.usedBlocks += lane.pointee.growth(ofSteps: 1..<steps)
      try makeRoom(replica, used: replica.pointee.usedBlocks)
    }
    accountOccupancy(replica, used: replica.pointee.usedBlocks)
    lane.pointee.counter += steps
    lane.pointee.phase = (lane.pointee.phase + steps) % replica.pointee.blockTokens
    lane.pointee.context += batch * steps
    if lane.pointee.window > 0 { lane.pointee.fillWindows(steps) }
    lane.pointee.lastDecodeEnd = now
    if lane.pointee.standing != .max { lane.pointee.standing -= steps }
    if let placed = replica.pointee.placed, placed.pointee.largestGain > 1 { gain(lane, placed) }
    guard lane.pointee.endings.leastKey == lane.pointee.counter else { return }
    let own = lane.pointee.replica
    while lane.pointee.endings.leastKey == lane.pointee.counter {
      let request = lane.pointee.endings.removeLeast()
      let held = Int(marks[Int(request)]) + lane.pointee.counter
      links.remove(request, &lane.pointee.running)
      lane.pointee.subtract(context: held)
      replica.pointee.sequences -= 1
      loads.base[own].decodes -= 1
      release(request, replica.pointee.blocks(for: held), computed: held, at: replica)
      complete(Int(request), at: own)
    }
    disturb(own)
  }

  private mutating func endChunks(
    _ index: Int, _ lane: UnsafeMutablePointer<Lane>, _ replica: UnsafeMutablePointer<Replica>
  ) {
    let own = lane.pointee.replica
    var hasCompleted = false
    for position in 0..<lane.pointee.chunks.count {
      let chunk = lane.pointee.chunks[position]
      let request = Int(chunk.request)
      enter(chunk, at: replica)
      guard chunk.isLast else {
        // Unfinished prompts stand in order of admission, and so do their chunks.
        for waiting in 0..<lane.pointee.prefilling.count
        where lane.pointee.prefilling[waiting].request == chunk.request {
          lane.pointee.prefilling.base[waiting].progress += chunk.tokens
        }
        continue
      }
      if chunk.cached > 0 { removePrefilling(lane, chunk.request) }
      let length = Int(chunk.cached + chunk.tokens)
      loads.base[own].pendingPromptTokens -= length
      let tokens = generated[request] + 1
      let isDone = tokens == requests[request].outputTokens
      if tokens == 1 {
        firstToken[request] = now
        if !isDone { loads.base[Int(decodeReplica[request])].decodes += 1 }
      } else {
        gaps.record(now - marks[request], count: 1)
      }
      generated[request] = tokens
      marks[request] = now
      if isDone {
        if tokens > 1 { loads.base[own].decodes -= 1 }
        replica.pointee.sequences -= 1
        accountOccupancy(replica, used: replica.pointee.usedBlocks)
        release(chunk.request, replica.pointee.blocks(for: length), computed: length, at: replica)
        complete(request, at: own)
        hasCompleted = true
      } else if Int(decodeReplica[request]) != own {
        replica.pointee.sequences -= 1
        loads.base[own].outstanding -= 1
        if isSerialized(from: own, to: Int(decodeReplica[request])) { departing.append(chunk.request) }
      } else {
        join(chunk.request, lane, context: length, lastToken: now)
      }
    }
    lane.pointee.chunks.removeAll()
    lane.pointee.decodesSincePrefill = 0
    lane.pointee.isDirty = true
    if hasCompleted { disturb(own) }
  }

  private func removePrefilling(_ lane: UnsafeMutablePointer<Lane>, _ request: Int32) {
    for index in 0..<lane.pointee.prefilling.count where lane.pointee.prefilling[index].request == request {
      lane.pointee.prefilling.remove(at: index)
      return
    }
  }

  /// Puts `request` at the tail of the running list of `lane` with `context` KV tokens.
  @inline(__always)
  func join(_ request: Int32, _ lane: UnsafeMutablePointer<Lane>, context: Int, lastToken: Int64) {
    let index = Int(request)
    let remaining = Int(requests[index].outputTokens - generated[index])
    links.pushBack(request, &lane.pointee.running)
    lane.pointee.fresh.append(Joined(request: request, lastToken: lastToken))
    marks[index] = Int64(context - lane.pointee.counter)
    lane.pointee.add(request, context: context, endingAfter: remaining)
  }

  /// Ends `request`, whose last token was generated now on replica `own`.
  @inline(__always)
  private mutating func complete(_ request: Int, at own: Int) {
    done[request] = now
    dependents.ended(request, at: now)
    unfinished -= 1
    completedCount += 1
    completedTokens += Int(requests[request].outputTokens)
    let destination = Int(decodeReplica[request])
    loads.base[own].outstanding -= 1
    if destination != own { loads.base[destination].outstanding -= 1 }
    loads.base[destination].reservedTokens -= Int(requests[request].promptTokens)
  }

  /// Frees the `count` blocks that `request` has at `replica`, of whose tokens `computed` are computed.
  @inline(__always)
  mutating func release(_ request: Int32, _ count: Int, computed: Int, at replica: UnsafeMutablePointer<Replica>) {
    giveBack(request, count, computed: computed, at: replica)
    if replica.pointee.inbound.count > 0 { receiving.append(Int32(replica - replicas)) }
  }

  /// Records the gaps that the segment of `lane` ends with: `steps` of them for each of `batch` sequences.
  @inline(__always)
  private mutating func recordGaps(_ lane: UnsafeMutablePointer<Lane>, _ batch: Int, _ steps: Int) {
    let first = lane.pointee.ends[0]
    let old = batch - lane.pointee.fresh.count
    if old > 0 { gaps.record(first - lane.pointee.lastDecodeEnd, count: old) }
    for index in 0..<lane.pointee.fresh.count {
      gaps.record(first - lane.pointee.fresh[index].lastToken, count: 1)
    }
    lane.pointee.fresh.removeAll()
    if steps > 1 { gaps.record(between: lane.pointee.ends.base, steps: steps, count: batch) }
  }
}
