import Models
import Units

extension ServingCore {
  /// Launches decode steps of a placed engine: as many as its policy lets be computed at once.
  mutating func launchPlaced(
    _ index: Int, _ lane: UnsafeMutablePointer<Lane>, _ replica: UnsafeMutablePointer<Replica>,
    _ placed: UnsafeMutablePointer<PlacedState>, _ swappedTokens: Int
  ) {
    let isSteady = placed.pointee.isSteady && placed.pointee.largestGain == 1
    let most = isSteady ? segmentLength(lane, replica) : 1
    lane.pointee.isBusy = true
    lane.pointee.start = now
    lane.pointee.isSegment = true
    lane.pointee.decodes = most
    lane.pointee.tabulated = 0
    placed.pointee.readSequences(of: lane, self, decodes: true)
    tabulate(index, lane, placed, from: now + swapTime(replica, swappedTokens))
  }

  /// Goes on with the segment of `lane`, whose tabulated steps have ended uncut.
  mutating func goOn(_ index: Int) {
    let lane = lanes + index
    guard let placed = replicas[lane.pointee.replica].placed else { return }
    tabulate(index, lane, placed, from: lane.pointee.ends[lane.pointee.tabulated - 1])
  }

  /// Tabulates steps of the segment of `lane` from `release` on, no further than the first that ends when the next request
  /// arrives or lands, which may cut it.
  private mutating func tabulate(
    _ index: Int, _ lane: UnsafeMutablePointer<Lane>, _ placed: UnsafeMutablePointer<PlacedState>, from release: Int64
  ) {
    let arrival = cursor < independent ? requests[cursor].arrival.picoseconds : Int64.max
    let (count, isOpen) = placed.pointee.tabulate(
      lane.pointee.decodeRun, lane.pointee.tabulated..<lane.pointee.decodes, from: release,
      until: min(arrival, dependents.next, Int64(landings.leastKey)), into: lane.pointee.ends.base)
    lane.pointee.tabulated = count
    if !isOpen { lane.pointee.decodes = count }
    laneEnds.set(index, Instant(picoseconds: lane.pointee.ends[count - 1]))
  }

  /// The decode of running `request` that comes next, and the most tokens it may gain: those it still lacks.
  private func decode(of request: Int32, _ lane: UnsafeMutablePointer<Lane>) -> (sequence: StepSequence, most: Int) {
    let index = Int(request)
    let context = Int(marks[index]) + lane.pointee.counter
    let last = Int(requests[index].promptTokens + requests[index].outputTokens) - 1
    return (StepSequence(request: request, position: Int32(context), tokens: 1, isPrompt: false), last - context)
  }

  /// Takes the blocks that the tokens need which the running sequences are about to gain, preempting until they are
  /// there; whether a sequence was preempted.
  mutating func growGaining(
    _ lane: UnsafeMutablePointer<Lane>, _ replica: UnsafeMutablePointer<Replica>,
    _ placed: UnsafeMutablePointer<PlacedState>, _ swappedTokens: inout Int
  ) throws -> Bool {
    var hasPreempted = false
    var need = gainedBlocks(lane, replica, placed)
    while need > replica.pointee.blocks - replica.pointee.usedBlocks {
      preempt(lane, replica, &swappedTokens)
      hasPreempted = true
      need = gainedBlocks(lane, replica, placed)
    }
    lane.pointee.growth = need
    if need > 0 {
      accountOccupancy(replica, used: replica.pointee.usedBlocks)
      replica.pointee.usedBlocks += need
      try makeRoom(replica, used: replica.pointee.usedBlocks)
    }
    return hasPreempted
  }

  private func gainedBlocks(
    _ lane: UnsafeMutablePointer<Lane>, _ replica: UnsafeMutablePointer<Replica>,
    _ placed: UnsafeMutablePointer<PlacedState>
  ) -> Int {
    var need = 0
    var request = lane.pointee.running.head
    while request >= 0 {
      let (sequence, most) = decode(of: request, lane)
      let context = Int(sequence.position)
      let gain = min(placed.pointee.gain(of: sequence), most)
      need += replica.pointee.blocks(for: context + gain) - replica.pointee.blocks(for: context)
      request = links.after(request)
    }
    return need
  }

  /// Gives every running sequence of `lane`, whose step has just given it one token, the others that it gained.
  mutating func gain(_ lane: UnsafeMutablePointer<Lane>, _ placed: UnsafeMutablePointer<PlacedState>) {
    var request = lane.pointee.running.head
    while request >= 0 {
      let index = Int(request)
      var (sequence, left) = decode(of: request, lane)
      sequence.position -= 1
      let extra = min(placed.pointee.gain(of: sequence), left + 1) - 1
      if extra > 0 {
        let context = Int(sequence.position) + 1
        lane.pointee.endings.remove(request)
        if context < lane.pointee.window { lane.pointee.fillings.remove(request) }
        lane.pointee.subtract(context: context)
        marks[index] += Int64(extra)
        lane.pointee.add(request, context: context + extra, endingAfter: left - extra)
        gaps.record(0, count: extra)
      }
      request = links.after(request)
    }
  }
}

extension PlacedState {
  /// Takes note of the sequences of the step that `lane` is about to run, where the policy reads them.
  @inline(__always)
  mutating func readSequences(of lane: UnsafeMutablePointer<Lane>, _ core: borrowing ServingCore, decodes: Bool) {
    guard readsSequences else { return }
    sequences.removeAll()
    for position in 0..<lane.pointee.chunks.count {
      let chunk = lane.pointee.chunks[position]
      sequences.append(
        StepSequence(request: chunk.request, position: chunk.cached, tokens: chunk.tokens, isPrompt: true))
    }
    guard decodes else { return }
    var request = lane.pointee.running.head
    while request >= 0 {
      let context = Int(core.marks[Int(request)]) + lane.pointee.counter
      sequences.append(StepSequence(request: request, position: Int32(context), tokens: 1, isPrompt: false))
      request = core.links.after(request)
    }
  }
}
