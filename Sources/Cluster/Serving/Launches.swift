import Kernel
import Models
import Units

extension ServingCore {
  /// Launches a segment of decode steps as long as nothing changes in it.
  @inline(__always)
  mutating func launchDecode(
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
  mutating func launchStep(
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
}

/// The nearest whole picoseconds of `seconds`, at most 2^56 (20 hours); at least 0.
func boundedPicoseconds(_ seconds: Double) -> Int64 {
  let scaled = (seconds * 1e12).rounded(.toNearestOrEven)
  return scaled < 0x1p56 ? max(0, Int64(scaled)) : 1 << 56
}
