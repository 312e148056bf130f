import Cluster
import Timeline
import Units

/// What happens in mixture layers over a run: experts asked for and fetched, and how long layers took.
struct ExpertCounts: Sendable {
  /// A mixture layer of the step: from the end of attention to that of its experts, and seconds of it that are computed.
  private struct Block {
    var start: TaskRef
    var end: TaskRef
    var busy: Double
  }

  private var step: [Block] = []
  private var blocks = 0
  /// Of these, those whose ends were told, and how long they took.
  private var timed = 0
  private var seconds = 0.0
  private var waited = 0.0
  private var asked = 0
  private var fetches = 0
  private var bytes = 0.0
  private var faults = 0
  private var decodeHits = 0
  private var decodeAccesses = 0

  init() {}

  mutating func begin() { step.removeAll(keepingCapacity: true) }

  /// A layer asks for `experts` distinct experts.
  mutating func asked(_ experts: Int) { asked += experts }

  /// So many experts are fetched.
  mutating func fetched(_ experts: Int, bytes: Double) {
    fetches += experts
    self.bytes += bytes
  }

  /// An eviction named what may not leave: the layer's experts pass through buffers.
  mutating func evictionFailed() { faults += 1 }

  /// A mixture layer is computed from the end of `start` to that of `end`, the device being busy for `busy` seconds.
  mutating func block(from start: TaskRef, to end: TaskRef, busy: Double) {
    blocks += 1
    step.append(Block(start: start, end: end, busy: busy))
  }

  /// Takes note of when they ended.
  mutating func note(_ ends: PlanEnds) {
    for block in step {
      guard let start = ends.end(of: block.start), let end = ends.end(of: block.end) else { continue }
      let length = (end - start).seconds
      timed += 1
      seconds += length
      waited += max(0, length - block.busy)
    }
  }

  /// A step without prompts changed what the cache counts.
  mutating func decoded(from before: ExpertTotals, to after: ExpertTotals) {
    decodeHits += after.hits - before.hits
    decodeAccesses += after.accesses - before.accesses
  }

  var decodeHitRate: PlacedFigure {
    PlacedFigure("expert-hit-rate-decode", Double(decodeHits), of: Double(decodeAccesses))
  }

  var figures: [PlacedFigure] {
    [
      PlacedFigure("block-latency", seconds, of: Double(timed), unit: "s"),
      PlacedFigure("block-wait", waited, of: Double(timed), unit: "s"),
      PlacedFigure("block-experts", Double(asked), of: Double(blocks), unit: "count"),
      PlacedFigure("experts-fetched", Double(fetches)),
      PlacedFigure("expert-bytes", bytes, unit: "B"),
    ] + (faults > 0 ? [PlacedFigure("eviction-faults", Double(faults))] : [])
  }
}
