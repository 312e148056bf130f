import Kernel
import Models
import Units

extension ServingCore {
  /// Starts what can start at the replicas where this instant did something, in order.
  mutating func startLanes() throws {
    if touched.count > 1 { touched.sort() }
    for position in 0..<touched.count {
      let replica = Int(touched[position])
      replicas[replica].isTouched = false
      for lane in replicas[replica].lanes where !lanes[lane].isBusy && (lanes[lane].isDirty || lanes[lane].hasEnded) {
        lanes[lane].hasEnded = false
        try start(lane)
        queueLate(at: replicas + replica)
      }
      accountPower(replica)
      settleOccupancy(replicas + replica, used: replicas[replica].usedBlocks)
    }
    touched.removeAll()
  }

  private mutating func start(_ index: Int) throws {
    let lane = lanes + index
    let replica = replicas + lane.pointee.replica
    if replica.pointee.inbound.count > 0 { receiving.append(Int32(lane.pointee.replica)) }
    var swappedTokens = 0
    if replica.pointee.swapped.count > 0 { try joinSwapped(lane, replica, &swappedTokens) }
    while true {
      if replica.pointee.ready.count > 0 { joinReady(lane, replica) }
      var decision = StepDecision.decode(steps: lane.pointee.standing)
      if lane.pointee.isDirty || lane.pointee.standing < 1 || lane.pointee.running.count == 0 {
        lane.pointee.isDirty = false
        decision = lane.pointee.policy.next(view(lane, replica))
        record(decision)
      }
      lane.pointee.standing = 0
      switch decision {
      case .wait:
        guard replica.pointee.late.count > 0 else { return }
        queueLate(at: replica)
      case .decode(let steps):
        guard steps >= 1 else { throw refusal(lane, decision, "the number of steps must be at least 1") }
        guard lane.pointee.running.count > 0 else { throw refusal(lane, decision, "no sequence of the lane runs") }
        _ = try grow(lane, replica, &swappedTokens)
        guard lane.pointee.running.count > 0 else { continue }
        lane.pointee.standing = steps
        launchDecode(index, lane, replica, swappedTokens)
        return
      case .prefill(let tokens):
        guard tokens >= 1 else { throw refusal(lane, decision, "the number of tokens must be at least 1") }
        guard headFits(replica) else { throw refusal(lane, decision, "the first waiting request may not be admitted") }
        try admitWhole(lane, replica, tokens)
        launchStep(index, lane, replica, decodes: false, swappedTokens)
        return
      case .mixed(let tokens):
        guard tokens >= 1 else { throw refusal(lane, decision, "the number of tokens must be at least 1") }
        guard lane.pointee.running.count + lane.pointee.prefilling.count > 0 || headFits(replica) else {
          throw refusal(lane, decision, "there is nothing to compute")
        }
        let hasPreempted = try grow(lane, replica, &swappedTokens)
        try fill(lane, replica, budget: tokens - lane.pointee.running.count, admitting: !hasPreempted)
        guard lane.pointee.running.count + lane.pointee.chunks.count > 0 else { continue }
        launchStep(index, lane, replica, decodes: lane.pointee.running.count > 0, swappedTokens)
        return
      case .joint(let tokens):
        guard tokens >= 1 else { throw refusal(lane, decision, "the number of tokens must be at least 1") }
        guard headFits(replica) else { throw refusal(lane, decision, "the first waiting request may not be admitted") }
        let hasPreempted = try grow(lane, replica, &swappedTokens)
        if !hasPreempted, headFits(replica) {
          try admitWhole(lane, replica, tokens - lane.pointee.running.count)
        }
        guard lane.pointee.running.count + lane.pointee.chunks.count > 0 else { continue }
        launchStep(index, lane, replica, decodes: lane.pointee.running.count > 0, swappedTokens)
        return
      }
    }
  }

  @inline(__always)
  private func view(_ lane: UnsafeMutablePointer<Lane>, _ replica: UnsafeMutablePointer<Replica>) -> LaneView {
    var view = LaneView()
    view.now = Instant(picoseconds: now)
    view.waiting = replica.pointee.waiting.count
    if replica.pointee.waiting.count > 0 {
      view.headTokens = length(replica.pointee.waiting.head)
      view.headFits = headFits(replica)
    }
    view.prefilling = lane.pointee.prefilling.count
    view.running = lane.pointee.running.count
    view.decodesSincePrefill = lane.pointee.decodesSincePrefill
    view.freeBlocks = replica.pointee.blocks - replica.pointee.usedBlocks
    view.maxBatchTokens = replica.pointee.maxBatchTokens
    return view
  }

  /// Tokens that a waiting request must prefill: its prompt and what it had generated before a preemption.
  @inline(__always)
  private func length(_ request: Int32) -> Int {
    Int(requests[Int(request)].promptTokens + generated[Int(request)])
  }

  @inline(__always)
  private func headFits(_ replica: UnsafeMutablePointer<Replica>) -> Bool {
    replica.pointee.waiting.count > 0 && replica.pointee.swapped.count == 0 && replica.pointee.hasSequenceRoom
      && hasRoom(for: replica.pointee.waiting.head, length: length(replica.pointee.waiting.head), at: replica)
  }

  /// Swapped sequences for which there is room join the running list.
  private func joinSwapped(
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
  private func joinReady(_ lane: UnsafeMutablePointer<Lane>, _ replica: UnsafeMutablePointer<Replica>) {
    while replica.pointee.ready.count > 0, replica.pointee.hasSequenceRoom {
      let request = links.popFront(&replica.pointee.ready)
      replica.pointee.sequences += 1
      join(request, lane, context: length(request) - 1, lastToken: marks[Int(request)])
    }
  }

  /// Takes the blocks that the running sequences' next tokens need, preempting from the tail until they are there.
  /// - Returns: whether a sequence was preempted.
  @inline(__always)
  private mutating func grow(
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
  private mutating func admitWhole(
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
  private mutating func fill(
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

  /// Launches a segment of decode steps as long as nothing changes in it.
  @inline(__always)
  private mutating func launchDecode(
    _ index: Int, _ lane: UnsafeMutablePointer<Lane>, _ replica: UnsafeMutablePointer<Replica>, _ swappedTokens: Int
  ) {
    if let placed = replica.pointee.placed {
      launchPlaced(index, lane, replica, placed, swappedTokens)
      return
    }
    guard replica.pointee.lanes.count == 1 else {
      launchStep(index, lane, replica, decodes: true, swappedTokens)
      return
    }
    let steps = segmentLength(lane, replica)
    let swap = swapTime(replica, swappedTokens)
    lane.pointee.isBusy = true
    lane.pointee.start = now
    lane.pointee.decodes = steps
    lane.pointee.tabulated = steps
    lane.pointee.isSegment = true
    costs[replica.pointee.pool].tabulateDecode(
      lane.pointee.decodeRun, steps: steps, from: Instant(picoseconds: now + swap), into: lane.pointee.ends.base)
    laneEnds.set(index, Instant(picoseconds: lane.pointee.ends[steps - 1]))
  }

  /// Decode steps through which nothing changes, as far as can be told, at most ``segmentSteps``.
  @inline(__always)
  func segmentLength(_ lane: UnsafeMutablePointer<Lane>, _ replica: UnsafeMutablePointer<Replica>) -> Int {
    var steps = min(lane.pointee.endings.leastKey - lane.pointee.counter, lane.pointee.standing, segmentSteps)
    if lane.pointee.window > 0 { steps = min(steps, lane.pointee.fillings.leastKey - lane.pointee.counter) }
    if lane.pointee.isDirty || replica.pointee.late.count > 0 { steps = 1 }
    return stepsWithRoom(
      lane, replica, from: 1, to: steps, free: replica.pointee.blocks - replica.pointee.usedBlocks)
  }

  /// How many steps of a segment, of which those before `from` have their blocks, can take theirs from `free`.
  @inline(__always)
  func stepsWithRoom(
    _ lane: UnsafeMutablePointer<Lane>, _ replica: UnsafeMutablePointer<Replica>, from: Int, to steps: Int, free: Int
  ) -> Int {
    // Over as many steps as a block has tokens, every sequence takes one block.
    let block = replica.pointee.blockTokens
    let periods = block == 16 ? (steps - from + 15) >> 4 : (steps - from + block - 1) / block
    if periods * lane.pointee.running.count <= free { return steps }
    var left = free
    for step in from..<max(from, steps) {
      left -= Int(lane.pointee.residues[lane.pointee.growing(after: step)])
      if left < 0 { return step }
    }
    return steps
  }

  /// Launches one step: the chunks of `lane`, and its running sequences where `decodes`.
  private mutating func launchStep(
    _ index: Int, _ lane: UnsafeMutablePointer<Lane>, _ replica: UnsafeMutablePointer<Replica>, decodes: Bool,
    _ swappedTokens: Int
  ) {
    let shape = stepShape(lane, decodes: decodes)
    lane.pointee.isBusy = true
    lane.pointee.start = now
    lane.pointee.decodes = decodes ? 1 : 0
    lane.pointee.tabulated = lane.pointee.decodes
    lane.pointee.isSegment = false
    replica.pointee.totals.totals.add(shape)
    var end = now + swapTime(replica, swappedTokens)
    if let placed = replica.pointee.placed {
      placed.pointee.readSequences(of: lane, self, decodes: decodes)
      end = placed.pointee.run(shape, from: end)
    }
    for stage in 0..<(replica.pointee.placed == nil ? replica.pointee.lanes.count : 0) {
      end = max(end, replica.pointee.stageFree[stage]) + accountStep(shape, replica, stage: stage)
      replica.pointee.stageFree[stage] = end
    }
    lane.pointee.ends[0] = end
    laneEnds.set(index, Instant(picoseconds: end))
    guard promptStepStart.count > 0 else { return }
    for position in 0..<lane.pointee.chunks.count where lane.pointee.chunks[position].isLast {
      noteDeparture(lane.pointee.chunks[position].request, from: lane.pointee.replica, until: end)
    }
  }

  /// The shape of the step that `lane` is about to run.
  func stepShape(_ lane: UnsafeMutablePointer<Lane>, decodes: Bool) -> StepShape {
    var shape = StepShape(window: lane.pointee.window)
    for position in 0..<lane.pointee.chunks.count {
      let chunk = lane.pointee.chunks[position]
      shape.addChunk(tokens: Int(chunk.tokens), cached: Int(chunk.cached), last: chunk.isLast)
    }
    if decodes {
      let run = lane.pointee.decodeRun
      shape.decodes = run.batch
      shape.decodeContext = run.context
      shape.windowedDecodeContext = run.windowed
    }
    return shape
  }

  /// The time that `tokens` KV tokens take to or from host memory, in picoseconds.
  @inline(__always)
  func swapTime(_ replica: UnsafeMutablePointer<Replica>, _ tokens: Int) -> Int64 {
    guard tokens > 0 else { return 0 }
    let engine = cluster.pools[replica.pointee.pool].engine
    guard case .swap(let bandwidth, let latency) = engine.preemption else { return 0 }
    let seconds = latency.value + Double(tokens) * engine.cache.bytesPerToken / bandwidth.value
    let time = boundedPicoseconds(seconds)
    replica.pointee.totals.swapTime += Interval(picoseconds: time)
    replica.pointee.totals.swappedTokens += tokens
    return time
  }

  @inline(__always)
  private mutating func record(_ decision: StepDecision) {
    switch decision {
    case .wait: decisions.combine(1)
    case .prefill(let tokens): decisions.combine(UInt64(truncatingIfNeeded: tokens) << 2 | 2)
    case .decode(let steps): decisions.combine(UInt64(truncatingIfNeeded: steps) << 2 | 3)
    case .mixed(let tokens): decisions.combine(UInt64(truncatingIfNeeded: tokens) << 2)
    case .joint(let tokens): decisions.combine(UInt64(truncatingIfNeeded: -tokens) << 2)
    }
  }

  private func refusal(_ lane: UnsafeMutablePointer<Lane>, _ decision: StepDecision, _ why: String) -> PolicyError {
    PolicyError(
      policy: type(of: lane.pointee.policy).name, moment: Instant(picoseconds: now), decision: "\(decision)", why: why)
  }
}

/// The nearest whole picoseconds of `seconds`, at most 2^56 (20 hours); at least 0.
func boundedPicoseconds(_ seconds: Double) -> Int64 {
  let scaled = (seconds * 1e12).rounded(.toNearestOrEven)
  return scaled < 0x1p56 ? max(0, Int64(scaled)) : 1 << 56
}
