import Kernel
import Units

extension ServingCore {
  /// Routes request `index`, which arrives now, and queues or rejects it.
  mutating func arrive(_ index: Int) throws {
    events += 1
    if arrived.count > 0 { arrived[index] = now }
    trajectory.combine(UInt64(bitPattern: now))
    trajectory.combine(EventKind.arrival.tag(index))
    let prompt = Int(requests[index].promptTokens)
    let output = Int(requests[index].outputTokens)
    let decision = route.route(
      RequestView(index: index, arrival: Instant(picoseconds: now), promptTokens: prompt),
      ClusterView(
        replicas: UnsafeBufferPointer(start: loads.base, count: replicaCount),
        meanOutputTokens: completedCount == 0 ? 0 : completedTokens / completedCount))
    try check(decision)
    decisions.combine(UInt64(truncatingIfNeeded: decision.prefill << 32 | decision.decode))
    let source = decision.prefill
    let destination = decision.decode
    prefillReplica[index] = Int32(source)
    decodeReplica[index] = Int32(destination)
    guard replicas[source].blocks(for: prompt) <= replicas[source].blocks,
      replicas[destination].blocks(for: prompt + output - 1) <= replicas[destination].blocks
    else {
      unfinished -= 1
      dependents.ended(index, at: now)
      return
    }
    loads.base[source].outstanding += 1
    if destination != source { loads.base[destination].outstanding += 1 }
    loads.base[source].pendingPromptTokens += prompt
    loads.base[destination].reservedTokens += prompt
    if isAhead(source) {
      replicas[source].late.append(Int32(index))
    } else {
      replicas[source].waiting.pushBack(Int32(index), class: rank(index), links)
    }
    disturb(source)
  }

  /// Whether the next step of each lane of `replica` is composed already.
  @inline(__always)
  private func isAhead(_ replica: Int) -> Bool {
    replicas[replica].schedulesAhead
      && replicas[replica].lanes.allSatisfy { lanes[$0].isBusy || lanes[$0].hasEnded }
  }

  /// Queues the requests that came too late for the step that starts now, or for whom nothing need be waited.
  mutating func queueLate(at replica: UnsafeMutablePointer<Replica>) {
    guard replica.pointee.late.count > 0 else { return }
    for position in 0..<replica.pointee.late.count {
      let request = replica.pointee.late[position]
      replica.pointee.waiting.pushBack(request, class: rank(Int(request)), links)
    }
    replica.pointee.late.removeAll()
    for lane in replica.pointee.lanes { lanes[lane].isDirty = true }
  }

  private func check(_ decision: RouteDecision) throws {
    let valid = 0..<replicaCount
    guard valid.contains(decision.prefill), valid.contains(decision.decode) else {
      throw refusal(decision, "the replicas are 0 to \(replicaCount - 1)")
    }
    guard decision.prefill != decision.decode else { return }
    let pair = PoolPair(from: replicas[decision.prefill].pool, to: replicas[decision.decode].pool)
    guard cluster.transfers[pair] != nil else {
      let from = cluster.pools[pair.from].name
      throw refusal(decision, "no link joins pool '\(from)' to pool '\(cluster.pools[pair.to].name)'")
    }
  }

  private func refusal(_ decision: RouteDecision, _ why: String) -> PolicyError {
    PolicyError(
      policy: routeName, moment: Instant(picoseconds: now),
      decision: "prefill on replica \(decision.prefill) and decode on \(decision.decode)", why: why)
  }
}

/// What the agenda delivers.
enum EventKind: UInt64 {
  case arrival = 1, stepEnd, landing

  /// The kind and its subject in one word, for the trajectory's fingerprint.
  @inline(__always)
  func tag(_ subject: Int) -> UInt64 { rawValue << 56 | UInt64(truncatingIfNeeded: subject) }
}
