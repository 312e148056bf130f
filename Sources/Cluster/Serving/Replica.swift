import Kernel
import Models
import Units

/// What an engine's power depends on.
enum PowerState: Int, BitwiseCopyable {
  case idle, prefill, decode
}

/// The state of one replica that its lanes share.
struct Replica: ~Copyable {
  let pool: Int
  /// Its lanes, by index into the core's lanes.
  let lanes: Range<Int>
  let blockTokens: Int
  let blocks: Int
  let watermark: Int
  let maxSequences: Int
  let maxBatchTokens: Int

  /// Whether requests that arrive during a step wait for the step after the next.
  let schedulesAhead: Bool

  var waiting: WaitingQueue
  /// Requests that came after the next step was composed, in order of arrival.
  var late = GrowingList<Int32>()
  var swapped = RequestList()
  var ready = RequestList()
  /// Requests whose KV waits for blocks here.
  var inbound = RequestList()

  /// Blocks in use: held, reserved for inbound sequences or not yet released by outbound ones. A segment's later
  /// steps are added when it ends.
  var usedBlocks = 0
  /// Blocks of the prefix cache that no sequence holds: free, until then kept.
  var cachedBlocks = 0
  /// The prefix cache; nil where prefixes are not kept.
  let prefixes: UnsafeMutablePointer<PrefixCache>?
  /// What places the steps over several devices; nil where the engine's cost times them.
  let placed: UnsafeMutablePointer<PlacedState>?
  /// Running and prefilling sequences over all lanes.
  var sequences = 0
  /// Whether this instant has done something here.
  var isTouched = false
  /// Ends of what each pipeline stage is given so far.
  let stageFree: Column<Int64>
  var outPortFree: Int64 = 0
  var inPortFree: Int64 = 0

  // Accounting.
  var powerState = PowerState.idle
  var powerSince: Int64 = 0
  let powerTimes = Column<Int64>(repeating: 0, count: 3)
  var occupancySince: Int64 = 0
  /// Blocks in use right after `occupancySince`.
  var occupancyBlocks = 0
  var nextSample: Int64 = 0
  var sampleSpacing: Int64 = 0
  var totals = ReplicaTotals()

  init(
    pool: Int, lanes: Range<Int>, engine: EngineDescription, classes: Int, evict: (any EvictPolicy)?,
    recording: RecordedWindow?
  ) {
    self.pool = pool
    self.lanes = lanes
    waiting = WaitingQueue(classes: classes)
    blockTokens = engine.cache.blockTokens
    blocks = engine.cache.blocks
    watermark = engine.cache.watermark
    maxSequences = engine.maxSequences
    maxBatchTokens = engine.maxBatchTokens
    schedulesAhead = engine.schedulesAhead
    let window = engine.cost.window
    stageFree = Column(repeating: 0, count: engine.cost.stageCount)
    totals.pool = pool
    if engine.cost.hasExperts { totals.totals.tokens = StepTokens() }
    placed = engine.placed.map { engine in
      let state = UnsafeMutablePointer<PlacedState>.allocate(capacity: 1)
      state.initialize(to: PlacedState(engine, window: window, recording: recording))
      return state
    }
    prefixes = evict.map { policy in
      let cache = UnsafeMutablePointer<PrefixCache>.allocate(capacity: 1)
      cache.initialize(to: PrefixCache(policy: policy))
      return cache
    }
  }

  deinit {
    prefixes?.deinitialize(count: 1)
    prefixes?.deallocate()
    placed?.deinitialize(count: 1)
    placed?.deallocate()
  }

  @inline(__always)
  func blocks(for tokens: Int) -> Int {
    blockTokens == 16 ? (tokens + 15) >> 4 : (tokens + blockTokens - 1) / blockTokens
  }

  @inline(__always)
  var hasSequenceRoom: Bool { sequences < maxSequences }

  /// Whether `count` more blocks may be given to a newcomer.
  @inline(__always)
  func hasRoom(_ count: Int) -> Bool { usedBlocks == 0 || blocks - usedBlocks - count >= watermark }
}
