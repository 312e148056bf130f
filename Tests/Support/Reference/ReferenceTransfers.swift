import Cluster
import Units

extension ReferenceSimulation {
  /// The path that a request's KV takes from replica `r` when its prompt ends there; nil where it stays.
  func transfer(of id: Int, from r: Int) -> TransferDescription? {
    let destination = sequences[id].decodeReplica
    guard destination != r, sequences[id].output > 1 else { return nil }
    return path(from: r, to: destination)
  }

  private func path(from a: Int, to b: Int) -> TransferDescription? {
    cluster.transfers[PoolPair(from: replicas[a].pool, to: replicas[b].pool)]
  }

  /// Phase 0, second part: transfers land, by request index. Returns the source blocks that are still to be freed,
  /// which only a mutant leaves.
  @discardableResult
  mutating func landings() -> [(source: Int, request: Int, blocks: Int)] {
    let landing = flying.filter { $0.land == now }.sorted { $0.request < $1.request }
    flying.removeAll { $0.land == now }
    var late: [(source: Int, request: Int, blocks: Int)] = []
    for transfer in landing {
      let id = transfer.request
      let destination = sequences[id].decodeReplica
      if mutant == .landingFreesLate {
        late.append((transfer.source, id, sequences[id].held))
      } else {
        giveBack(transfer.source, id, blocks: sequences[id].held, computed: sequences[id].prompt)
      }
      change(transfer.source)
      sequences[id].held = sequences[id].reserved
      sequences[id].reserved = 0
      noteCut(destination)
      replicas[destination].ready.append(id)
      landed(at: destination)
    }
    return late
  }

  /// A sequence became ready: every lane asks again.
  private mutating func landed(at destination: Int) {
    guard mutant == .landingCutsNothing else { return change(destination) }
    replicas[destination].touched = true
    for l in replicas[destination].lanes.indices where replicas[destination].lanes[l].step == nil {
      replicas[destination].lanes[l].dirty = true
    }
  }

  /// Phase 3: new transfers queue at their destinations, and the heads of the queues begin while they may.
  mutating func transfers() {
    let ordered = joining.enumerated().sorted {
      ($0.element.source, $0.element.lane, $0.offset) < ($1.element.source, $1.element.lane, $1.offset)
    }
    for (_, transfer) in ordered { replicas[sequences[transfer.request].decodeReplica].inbound.append(transfer) }
    for b in replicas.indices {
      while let head = replicas[b].inbound.first, mayBegin(head, b) {
        replicas[b].inbound.removeFirst()
        begin(head, b)
      }
    }
    for transfer in joining {
      let waits = replicas[sequences[transfer.request].decodeReplica].inbound
      if waits.contains(where: { $0.request == transfer.request }) { result.counts.destinationWaits += 1 }
    }
    joining = []
  }

  private func mayBegin(_ transfer: ReferenceTransfer, _ b: Int) -> Bool {
    if mutant != .transfersOvertakeVictims {
      if !replicas[b].swapped.isEmpty { return false }
      if let head = replicas[b].waiting.first, sequences[head].generated > 0 { return false }
    }
    return room(b, replicas[b].engine.cache.blocks(for: sequences[transfer.request].prompt))
  }

  /// Reserves the blocks at the destination and the two ports, and settles when the KV lands.
  private mutating func begin(_ transfer: ReferenceTransfer, _ b: Int) {
    let a = transfer.source
    let id = transfer.request
    guard let path = path(from: a, to: b) else { preconditionFailure("a transfer without a path") }
    let blocks = replicas[b].engine.cache.blocks(for: sequences[id].prompt)
    sequences[id].reserved = blocks
    replicas[b].used += blocks
    makeRoom(b)

    let volume = (Double(sequences[id].prompt) * replicas[a].engine.cache.bytesPerToken).rounded(.up)
    let service = max(1, picoseconds(volume / path.bandwidth.value))
    let oneLayer = max(1, picoseconds(volume / path.bandwidth.value / Double(path.layers)))
    let s = transfer.stepStart
    let e = transfer.stepEnd
    let first: Int64
    var last: Int64
    switch path.mode {
    case .layerwise:
      first = s + (e - s) / Int64(path.layers)
      last = e + oneLayer
      result.counts.layerwiseTransfers += 1
    case .serialized:
      first = e
      last = e
      result.counts.serializedTransfers += 1
    }
    if mutant == .forgetsLastLayer { last = e + 1 }
    let outPort = mutant == .forgetsOutPort ? 0 : replicas[a].outPortFree
    let start = [now, first, outPort, replicas[b].inPortFree].max() ?? now
    replicas[a].outPortFree = start + service
    replicas[b].inPortFree = start + service
    var landing = transfer
    landing.land = max(start + service, last) + picoseconds(path.latency.value)
    flying.append(landing)
  }
}
