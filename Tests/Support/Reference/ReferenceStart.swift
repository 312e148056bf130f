import Cluster
import Models
import Units

extension ReferenceSimulation {
  /// Starts lane `l` of replica `r`: joins, decision, growth, and the step.
  mutating func start(_ r: Int, _ l: Int) {
    var swappedTokens = joinSwapped(r, l)
    if mutant != .landingCutsNothing || !stands(r, l) { joinReady(r, l) }
    while true {
      switch decide(r, l) {
      case .wait:
        replicas[r].lanes[l].stepsLeft = 0
        if replicas[r].late.isEmpty { return }
        queueLate(r)
      case .prefill(let tokens):
        replicas[r].lanes[l].stepsLeft = 0
        begin(r, l, decoding: [], chunks: admit(r, l, tokens: tokens), swappedTokens)
        return
      case .decode(let steps):
        let preempted = grow(r, l, &swappedTokens)
        let running = replicas[r].lanes[l].running
        if preempted, running.isEmpty {
          result.counts.emptiedStarts += 1
          joinReady(r, l)
          continue
        }
        precondition(!running.isEmpty && steps >= 1, "a decode of nothing")
        replicas[r].lanes[l].stepsLeft = steps - 1
        begin(r, l, decoding: running, chunks: [], swappedTokens)
        return
      case .mixed(let tokens):
        let preempted = grow(r, l, &swappedTokens)
        let running = replicas[r].lanes[l].running
        let chunks = self.chunks(r, l, tokens: tokens, admitting: !preempted)
        if preempted, running.isEmpty, chunks.isEmpty {
          result.counts.emptiedStarts += 1
          joinReady(r, l)
          continue
        }
        precondition(!running.isEmpty || !chunks.isEmpty, "a mixed step of nothing")
        replicas[r].lanes[l].stepsLeft = 0
        begin(r, l, decoding: running, chunks: chunks, swappedTokens)
        return
      case .joint(let tokens):
        let preempted = grow(r, l, &swappedTokens)
        let running = replicas[r].lanes[l].running
        let chunks = preempted || !headFits(r) ? [] : admit(r, l, tokens: tokens - running.count)
        if preempted, running.isEmpty {
          result.counts.emptiedStarts += 1
          joinReady(r, l)
          continue
        }
        precondition(!running.isEmpty || !chunks.isEmpty, "a joint step of nothing")
        replicas[r].lanes[l].stepsLeft = 0
        begin(r, l, decoding: running, chunks: chunks, swappedTokens)
        return
      }
    }
  }

  /// Whether a lane may take one more sequence.
  private func limitAllows(_ r: Int) -> Bool { replicas[r].sequences < replicas[r].engine.maxSequences }

  /// Whether `blocks` blocks may be taken beside what is in use.
  func room(_ r: Int, _ blocks: Int) -> Bool {
    let watermark = mutant == .forgetsWatermark ? 0 : replicas[r].engine.cache.watermark
    if replicas[r].used == 0 { return true }
    return replicas[r].free - blocks >= watermark
  }

  /// Swapped sequences come back while they may; returns their contexts.
  private mutating func joinSwapped(_ r: Int, _ l: Int) -> Int {
    var tokens = 0
    while let id = replicas[r].swapped.first {
      let blocks = replicas[r].engine.cache.blocks(for: sequences[id].context)
      guard limitAllows(r), room(r, blocks) else { break }
      replicas[r].swapped.removeFirst()
      sequences[id].held = blocks
      replicas[r].used += blocks
      makeRoom(r)
      replicas[r].lanes[l].running.append(id)
      tokens += sequences[id].context
    }
    return tokens
  }

  /// Ready sequences join while the sequences limit allows.
  private mutating func joinReady(_ r: Int, _ l: Int) {
    while let id = replicas[r].ready.first, limitAllows(r) {
      replicas[r].ready.removeFirst()
      replicas[r].lanes[l].running.append(id)
    }
  }

  private func headFits(_ r: Int) -> Bool {
    guard let head = replicas[r].waiting.first, limitAllows(r) else { return false }
    if !replicas[r].swapped.isEmpty, mutant != .promptsOvertakeSwapped { return false }
    return room(r, need(r, head))
  }

  /// Whether the last decision of a lane, a decode, stands for another step.
  private func stands(_ r: Int, _ l: Int) -> Bool {
    let lane = replicas[r].lanes[l]
    return !lane.dirty && lane.stepsLeft > 0 && !lane.running.isEmpty
  }

  /// The decision that stands, or a new one.
  private mutating func decide(_ r: Int, _ l: Int) -> StepDecision {
    if stands(r, l) { return .decode(steps: replicas[r].lanes[l].stepsLeft) }
    let lane = replicas[r].lanes[l]
    replicas[r].lanes[l].dirty = false
    var view = LaneView()
    view.now = Instant(picoseconds: now)
    view.waiting = replicas[r].waiting.count
    view.headTokens = replicas[r].waiting.first.map { sequences[$0].length } ?? 0
    view.headFits = headFits(r)
    view.prefilling = lane.prefilling.count
    view.running = lane.running.count
    view.decodesSincePrefill = lane.decodesSincePrefill
    view.freeBlocks = replicas[r].free
    view.maxBatchTokens = replicas[r].engine.maxBatchTokens
    return replicas[r].batch.next(view)
  }

  /// Takes the head of the waiting queue into the prefilling list, with its blocks.
  private mutating func admitHead(_ r: Int, _ l: Int) -> Int {
    let id = replicas[r].waiting.removeFirst()
    takeBlocks(r, id)
    replicas[r].lanes[l].prefilling.append(id)
    return id
  }

  /// Whole prompts from the head of the waiting queue, at most `tokens` in all unless the first alone is longer.
  private mutating func admit(_ r: Int, _ l: Int, tokens: Int) -> [ReferenceChunk] {
    precondition(headFits(r) && tokens >= 1, "a prefill of nothing")
    var chunks: [ReferenceChunk] = []
    var sum = 0
    while headFits(r) {
      let own = uncached(r, replicas[r].waiting[0])
      if !chunks.isEmpty, sum + own > tokens { break }
      sum += own
      chunks.append(ReferenceChunk(request: admitHead(r, l), tokens: own, last: true))
    }
    return chunks
  }

  /// The chunks that fit beside the decodes in a budget of `tokens`.
  private mutating func chunks(_ r: Int, _ l: Int, tokens: Int, admitting: Bool) -> [ReferenceChunk] {
    var budget = tokens - (mutant == .budgetIgnoresDecodes ? 0 : replicas[r].lanes[l].running.count)
    var chunks: [ReferenceChunk] = []
    func chunk(_ id: Int) -> ReferenceChunk {
      let left = sequences[id].length - sequences[id].progress
      return ReferenceChunk(request: id, tokens: min(left, budget), last: left <= budget)
    }
    for id in replicas[r].lanes[l].prefilling where budget > 0 {
      chunks.append(chunk(id))
      budget -= chunks[chunks.count - 1].tokens
    }
    while admitting, budget > 0, headFits(r) {
      let id = admitHead(r, l)
      chunks.append(chunk(id))
      budget -= chunks[chunks.count - 1].tokens
    }
    return chunks
  }

  /// Whether a running sequence needs a block for its next token.
  private func needsBlock(_ r: Int, _ id: Int) -> Bool {
    let written = mutant == .growsEarly ? sequences[id].context + 1 : sequences[id].context
    return replicas[r].engine.cache.blocks(for: written + 1) > sequences[id].held
  }

  /// Preempts until the running sequences have the blocks of their next tokens; returns whether any was preempted.
  private mutating func grow(_ r: Int, _ l: Int, _ swappedTokens: inout Int) -> Bool {
    var preempted = false
    while replicas[r].lanes[l].running.count(where: { needsBlock(r, $0) }) > replicas[r].free {
      if !preempted { result.counts.growthFailures += 1 }
      preempted = true
      preempt(r, l, &swappedTokens)
    }
    for id in replicas[r].lanes[l].running where needsBlock(r, id) {
      sequences[id].held += 1
      replicas[r].used += 1
    }
    makeRoom(r)
    return preempted
  }

  private mutating func preempt(_ r: Int, _ l: Int, _ swappedTokens: inout Int) {
    let id: Int
    var swaps = false
    let computed: Int
    let lane = replicas[r].lanes[l]
    let least = mutant == .preemptsUrgent ? nil : (lane.prefilling + lane.running).map { ranks[$0] }.max()
    if let last = lane.prefilling.lastIndex(where: { least == nil || ranks[$0] == least }) {
      id = replicas[r].lanes[l].prefilling.remove(at: last)
      computed = sequences[id].progress
      result.counts.chunkPreemptions += 1
    } else {
      let last = lane.running.lastIndex { least == nil || ranks[$0] == least } ?? 0
      id = replicas[r].lanes[l].running.remove(at: mutant == .preemptsFirst ? 0 : last)
      computed = sequences[id].context
      if case .swap = replicas[r].engine.preemption { swaps = true }
      if !swaps {
        sequences[id].length = sequences[id].prompt + sequences[id].generated
        loads[r].pendingPromptTokens += sequences[id].length
      }
    }
    giveBack(r, id, blocks: sequences[id].held, computed: computed)
    sequences[id].held = 0
    if mutant != .victimKeepsProgress { sequences[id].progress = 0 }
    if swaps {
      replicas[r].swapped.insert(id, at: 0)
      swappedTokens += sequences[id].context
      result.counts.swaps += 1
    } else {
      wait(id, at: r, first: mutant != .victimToTail)
      result.counts.preemptions += 1
    }
    result.outcomes.preemptions[id] += 1
    change(r)
  }

  /// Puts a step under way.
  private mutating func begin(
    _ r: Int, _ l: Int, decoding: [Int], chunks: [ReferenceChunk], _ swappedTokens: Int
  ) {
    let window = replicas[r].engine.cost.window
    var shape = StepShape(window: window)
    for chunk in chunks {
      shape.addChunk(tokens: chunk.tokens, cached: sequences[chunk.request].progress, last: chunk.last)
      if result.outcomes.scheduled[chunk.request] == Outcomes.never {
        result.outcomes.scheduled[chunk.request] = Instant(picoseconds: now)
      }
      if chunk.last, sequences[chunk.request].progress > sequences[chunk.request].found {
        result.counts.chunkedPrompts += 1
      }
    }
    for id in decoding {
      shape.decodes += 1
      let read = sequences[id].context + 1
      shape.decodeContext += read
      shape.windowedDecodeContext += window > 0 && mutant != .forgetsWindow ? min(read, window) : read
    }
    let end = stepEnd(r, shape, from: now + swapTime(r, swappedTokens))
    replicas[r].lanes[l].step = ReferenceStep(start: now, end: end, decoding: decoding, chunks: chunks)
    result.counts.steps += 1
    for chunk in chunks where chunk.last {
      guard let path = transfer(of: chunk.request, from: r), path.mode == .layerwise else { continue }
      joining.append(
        ReferenceTransfer(request: chunk.request, source: r, lane: l, stepStart: now, stepEnd: end))
    }
  }

  private func swapTime(_ r: Int, _ tokens: Int) -> Int64 {
    guard tokens > 0, mutant != .swapsForFree,
      case .swap(let bandwidth, let latency) = replicas[r].engine.preemption
    else { return 0 }
    let bytes = Double(tokens) * replicas[r].engine.cache.bytesPerToken
    return picoseconds(latency.value + bytes / bandwidth.value)
  }

  /// The end of a step that enters the pipeline at `start`: each stage waits for the one before and for its own
  /// previous step.
  private mutating func stepEnd(_ r: Int, _ shape: StepShape, from start: Int64) -> Int64 {
    var x = start
    for stage in replicas[r].stageFree.indices {
      let interval = replicas[r].engine.cost.interval(of: shape, stage: stage).picoseconds
      x = (mutant == .stagesOverlap ? x : max(x, replicas[r].stageFree[stage])) + interval
      replicas[r].stageFree[stage] = x
    }
    return x
  }
}

/// Whole picoseconds of a length in seconds.
func picoseconds(_ seconds: Double) -> Int64 {
  guard let interval = Interval(seconds: seconds) else { preconditionFailure("\(seconds) s is no length of time") }
  return interval.picoseconds
}
