import Kernel
import Models
import Units

/// Most occupancy samples of a replica.
private let mostSamples = 512

extension ServingCore {
  /// Adds the segment of `lane` that ends now to its replica's sums.
  @inline(__always)
  func accountSegment(_ lane: UnsafeMutablePointer<Lane>, _ replica: UnsafeMutablePointer<Replica>) {
    let run = lane.pointee.decodeRun
    let steps = lane.pointee.decodes
    replica.pointee.totals.totals.add(run, steps: steps)
    if let placed = replica.pointee.placed {
      placed.pointee.keep(steps)
      return
    }
    costs[replica.pointee.pool].addDecodeRoofs(
      run, steps: steps, total: Interval(picoseconds: now - lane.pointee.start), to: &replica.pointee.totals.roofs)
  }

  /// Adds a step of `shape` to the sums of `replica` and returns its time on `stage`.
  @inline(__always)
  func accountStep(_ shape: StepShape, _ replica: UnsafeMutablePointer<Replica>, stage: Int) -> Int64 {
    let (interval, roofs) = costs[replica.pointee.pool].explained(shape, stage: stage)
    replica.pointee.totals.roofs.add(roofs, count: 1)
    return interval.picoseconds
  }

  /// Brings the occupancy of `replica` up to now, at which `used` blocks are in use, before that changes.
  @inline(__always)
  func accountOccupancy(_ replica: UnsafeMutablePointer<Replica>, used: Int) {
    let since = replica.pointee.occupancySince
    guard now > since else { return }
    let mean = Double(used + replica.pointee.occupancyBlocks) * 0.5
    replica.pointee.totals.blockSeconds += mean * Double(now - since) * 1e-12
    replica.pointee.occupancySince = now
    if now >= replica.pointee.nextSample { sampleOccupancy(replica, used) }
  }

  /// Notes the blocks in use at `replica` once this instant's changes are made.
  @inline(__always)
  func settleOccupancy(_ replica: UnsafeMutablePointer<Replica>, used: Int) {
    replica.pointee.occupancyBlocks = used
    if used > replica.pointee.totals.peakBlocks { replica.pointee.totals.peakBlocks = used }
  }

  private func sampleOccupancy(_ replica: UnsafeMutablePointer<Replica>, _ used: Int) {
    replica.pointee.totals.occupancy.append(
      OccupancySample(instant: Instant(picoseconds: now), blocks: Int32(clamping: used)))
    if replica.pointee.totals.occupancy.count == mostSamples {
      let samples = replica.pointee.totals.occupancy
      replica.pointee.totals.occupancy = stride(from: 0, to: samples.count, by: 2).map { samples[$0] }
      let span = now - samples[0].instant.picoseconds
      replica.pointee.sampleSpacing = span / Int64(mostSamples / 2)
    }
    replica.pointee.nextSample = now + replica.pointee.sampleSpacing
  }

  /// Brings the power of `replica` up to now, after its lanes have started what they start.
  @inline(__always)
  mutating func accountPower(_ replica: Int) {
    var state = PowerState.idle
    for lane in replicas[replica].lanes where lanes[lane].isBusy {
      if lanes[lane].chunks.count > 0 {
        state = .prefill
      } else if state == .idle {
        state = .decode
      }
    }
    let before = replicas[replica].powerState
    guard state != before else { return }
    replicas[replica].powerTimes[before.rawValue] += now - replicas[replica].powerSince
    replicas[replica].powerSince = now
    replicas[replica].powerState = state
    let pool = replicas[replica].pool * 3
    clusterMilliwatts += milliwatts[pool + state.rawValue] - milliwatts[pool + before.rawValue]
  }

  /// Adds a transfer of `bytes` whose bytes cross in `busy` and that lands `exposed` after its first token.
  mutating func accountTransfer(from source: Int, to destination: Int, bytes: Double, busy: Int64, exposed: Int64) {
    let pair = PoolPair(from: replicas[source].pool, to: replicas[destination].pool)
    guard let index = transfers.firstIndex(where: { $0.pair == pair }) else { return }
    transfers[index].count += 1
    let (sum, overflow) = transfers[index].bytes.addingReportingOverflow(Int(min(bytes, 0x1p62)))
    transfers[index].bytes = overflow ? .max : sum
    transfers[index].busyPicoseconds += Int128(busy)
    transfers[index].exposed += Double(exposed) * 1e-12
  }

  /// The result of a run that has ended.
  func result() -> RunResult {
    var metrics = Fingerprint()
    var end: Int64 = 0
    for index in 0..<requests.count {
      end = max(end, done[index])
      metrics.combine(UInt64(bitPattern: scheduled[index]))
      metrics.combine(UInt64(bitPattern: firstToken[index]))
      metrics.combine(UInt64(bitPattern: done[index]))
    }
    let histogram = gaps.histogram()
    metrics.combine(histogram.totalCount)
    metrics.combine(gaps.sum)
    let outcomes = Outcomes(
      scheduled: instants(scheduled), firstToken: instants(firstToken), done: instants(done),
      preemptions: preemptions.array, prefillReplica: prefillReplica.array, decodeReplica: decodeReplica.array)
    let totals = (0..<replicaCount).map { index in
      var totals = replicas[index].totals
      var times = (0..<3).map { replicas[index].powerTimes[$0] }
      times[replicas[index].powerState.rawValue] += max(0, end - replicas[index].powerSince)
      totals.idleTime = Interval(picoseconds: times[PowerState.idle.rawValue])
      totals.prefillTime = Interval(picoseconds: times[PowerState.prefill.rawValue])
      totals.decodeTime = Interval(picoseconds: times[PowerState.decode.rawValue])
      totals.prefixes = replicas[index].prefixes?.pointee.totals
      if let placed = replicas[index].placed?.pointee.totals(until: end) { totals.add(placed) }
      return totals
    }
    return RunResult(
      outcomes: outcomes, arrivals: instants(arrived), gaps: histogram, replicas: totals, transfers: transfers,
      end: Instant(picoseconds: end),
      events: events, peakPower: Power(Double(peakMilliwatts) / 1000),
      fingerprints: Fingerprints(
        trajectory: trajectory.value, decisions: decisions.value, metrics: metrics.value), recording: recorded())
  }

  private func instants(_ column: borrowing Column<Int64>) -> [Instant] {
    column.base.withMemoryRebound(to: Instant.self, capacity: column.count) {
      Array(UnsafeBufferPointer(start: $0, count: column.count))
    }
  }
}
