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
