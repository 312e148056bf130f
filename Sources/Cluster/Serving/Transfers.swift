import Kernel
import Units

extension ServingCore {
  /// Whether KV moves from `source` to `destination` only after the prompt's last step.
  func isSerialized(from source: Int, to destination: Int) -> Bool {
    path(from: source, to: destination)?.mode == .serialized
  }

  private func path(from source: Int, to destination: Int) -> TransferDescription? {
    cluster.transfers[PoolPair(from: replicas[source].pool, to: replicas[destination].pool)]
  }

  /// Remembers the step that ends the prompt of `request`, and lets its KV leave layer by layer where it does.
  mutating func noteDeparture(_ request: Int32, from source: Int, until end: Int64) {
    let index = Int(request)
    let destination = Int(decodeReplica[index])
    guard destination != source, generated[index] == 0, requests[index].outputTokens > 1 else { return }
    promptStepStart[index] = now
    promptStepEnd[index] = end
    if !isSerialized(from: source, to: destination) { departing.append(request) }
  }

  /// Queues this instant's departures at their destinations and begins the transfers that may.
  mutating func beginTransfers() throws {
    // Ends precede starts in an instant, so departures of both modes may be out of order by source.
    sortDepartures()
    for position in 0..<departing.count {
      let request = departing[position]
      let destination = Int(decodeReplica[Int(request)])
      links.pushBack(request, &replicas[destination].inbound)
      receiving.append(Int32(destination))
    }
    departing.removeAll()
    receiving.sort()
    for position in 0..<receiving.count {
      let destination = Int(receiving[position])
      while replicas[destination].inbound.count > 0, mayBegin(at: destination) { try begin(at: destination) }
    }
    receiving.removeAll()
  }

  /// Sorts the departures by source replica, keeping the order of each source.
  private func sortDepartures() {
    for index in 1..<max(1, departing.count) {
      let request = departing[index]
      let source = prefillReplica[Int(request)]
      var place = index
      while place > 0, source < prefillReplica[Int(departing[place - 1])] {
        departing[place] = departing[place - 1]
        place -= 1
      }
      departing[place] = request
    }
  }

  /// Blocks in use at `replica`, those of the steps of a segment under way that have started by `moment` included.
  private func usedBlocks(_ replica: Int, by moment: Int64) -> Int {
    let lane = replicas[replica].lanes.lowerBound
    guard replicas[replica].lanes.count == 1, lanes[lane].isBusy, lanes[lane].decodes > 1 else {
      return replicas[replica].usedBlocks
    }
    return replicas[replica].usedBlocks + lanes[lane].growth(ofSteps: 1..<startedSteps(lane, by: moment))
  }

  /// Steps of the segment under way in `lane` that have started by `moment`, those that start then included.
  private func startedSteps(_ lane: Int, by moment: Int64) -> Int {
    min(lanes[lane].decodes, lanes[lane].stepsEnded(by: moment) + 1)
  }

  private func mayBegin(at destination: Int) -> Bool {
    let replica = replicas + destination
    guard replica.pointee.swapped.count == 0 else { return false }
    if replica.pointee.waiting.count > 0, generated[Int(replica.pointee.waiting.head)] > 0 { return false }
    let used = usedBlocks(destination, by: now)
    let need = replica.pointee.blocks(for: Int(requests[Int(replica.pointee.inbound.head)].promptTokens))
    return used == 0 || replica.pointee.blocks - used - need >= replica.pointee.watermark
  }

  /// Begins the transfer at the head of the inbound queue of `destination`.
  /// - Throws: ``SimulationError/tooLong`` where the ports are not free before the horizon.
  private mutating func begin(at destination: Int) throws {
    let request = links.popFront(&replicas[destination].inbound)
    let index = Int(request)
    let source = Int(prefillReplica[index])
    guard let path = path(from: source, to: destination) else { return }
    let prompt = Int(requests[index].promptTokens)
    try reserve(replicas[destination].blocks(for: prompt), at: destination)
    let engine = cluster.pools[replicas[source].pool].engine
    let bytes = (Double(prompt) * engine.cache.bytesPerToken).rounded(.up)
    let service = max(1, boundedPicoseconds(bytes / path.bandwidth.value))
    let layer = max(1, boundedPicoseconds(bytes / path.bandwidth.value / Double(path.layers)))
    let start = promptStepStart[index]
    let end = promptStepEnd[index]
    let isLayerwise = path.mode == .layerwise
    let first = isLayerwise ? start + (end - start) / Int64(path.layers) : end
    let last = isLayerwise ? end + layer : end
    let begin = max(now, first, replicas[source].outPortFree, replicas[destination].inPortFree)
    guard begin <= Self.horizon else { throw SimulationError.tooLong }
    replicas[source].outPortFree = begin + service
    replicas[destination].inPortFree = begin + service
    let landing = max(begin + service, last) + boundedPicoseconds(path.latency.value)
    landings.insert(key: Int(landing), request: request)
    accountTransfer(from: source, to: destination, bytes: bytes, busy: service, exposed: landing - end)
    guard isRecording else { return }
    recordTransfer(
      RunRecording.Transfer(
        request: request, destination: Int32(destination), bytes: bytes, start: Instant(picoseconds: begin),
        end: Instant(picoseconds: begin + service), landing: Instant(picoseconds: landing)))
  }

  /// Takes `count` blocks at `replica`, whose segment under way may have to end before they run out.
  private mutating func reserve(_ count: Int, at replica: Int) throws {
    accountOccupancy(replicas + replica, used: usedBlocks(replica, by: now))
    replicas[replica].usedBlocks += count
    try makeRoom(replicas + replica, used: usedBlocks(replica, by: now))
    settleOccupancy(replicas + replica, used: usedBlocks(replica, by: now))
    let lane = replicas[replica].lanes.lowerBound
    guard replicas[replica].lanes.count == 1, lanes[lane].isBusy, lanes[lane].decodes > 1 else { return }
    let started = startedSteps(lane, by: now)
    let free = replicas[replica].blocks - usedBlocks(replica, by: now)
    let steps = stepsWithRoom(
      lanes + lane, replicas + replica, from: started, to: lanes[lane].decodes, free: free)
    truncate(lane, to: steps)
  }

  /// Ends the transfer of `request`: its source frees the blocks, its destination may run it.
  mutating func land(_ request: Int32) throws {
    events += 1
    trajectory.combine(UInt64(bitPattern: now))
    trajectory.combine(EventKind.landing.tag(Int(request)))
    let source = Int(prefillReplica[Int(request)])
    let destination = Int(decodeReplica[Int(request)])
    let prompt = Int(requests[Int(request)].promptTokens)
    accountOccupancy(replicas + source, used: usedBlocks(source, by: now))
    // A step that would start now has not taken its blocks yet: ends and landings precede starts.
    try makeRoom(replicas + source, used: usedBlocks(source, by: now - 1))
    release(request, replicas[source].blocks(for: prompt), computed: prompt, at: replicas + source)
    disturb(source)
    links.pushBack(request, &replicas[destination].ready)
    disturb(destination)
  }
}
