import Cluster
import Units

/// A request inside the reference.
struct ReferenceSequence {
  /// Tokens of the prompt.
  let prompt: Int
  /// Tokens it will generate.
  let output: Int
  /// The replica that decodes it.
  var decodeReplica = -1
  /// Tokens generated so far.
  var generated = 0
  /// Tokens its prefill computes: the prompt, and after a preemption what was generated too.
  var length: Int
  /// The ids of its blocks in the trace; empty where nothing is known.
  var ids: [Int32] = []
  /// Tokens of `length` that are computed.
  var progress = 0
  /// Of these, those that were found at admission.
  var found = 0
  /// Blocks it holds at the replica that prefills it, or that decodes it once it is there.
  var held = 0
  /// Blocks it holds at the destination of its transfer before it lands.
  var reserved = 0
  /// When its last token was generated.
  var lastToken: Int64 = -1

  /// Tokens whose KV it holds while it decodes: the last token's is written by the next step.
  var context: Int { prompt + generated - 1 }
}

/// A part of a prompt in a step.
struct ReferenceChunk {
  let request: Int
  let tokens: Int
  /// Whether it ends the prompt.
  let last: Bool
}

/// A step under way.
struct ReferenceStep {
  let start: Int64
  let end: Int64
  let decoding: [Int]
  let chunks: [ReferenceChunk]
}

/// A micro-batch of a replica.
struct ReferenceLane {
  var running: [Int] = []
  var prefilling: [Int] = []
  var step: ReferenceStep?
  /// Whether something changed since the policy was last asked.
  var dirty = false
  /// Whether a step of it ended at this instant.
  var ended = false
  /// Steps for which the last decode decision still stands.
  var stepsLeft = 0
  var decodesSincePrefill = 0
}

/// A replica.
struct ReferenceReplica {
  let pool: Int
  let engine: EngineDescription
  let batch: ReferenceBatch
  /// How entries of the prefix cache leave; nil where prefixes are not kept.
  let evict: ReferenceEvict?
  /// The prefix cache.
  var entries: [ReferenceEntry] = []
  /// Turns given to what happened to entries.
  var turns = 0
  var lanes: [ReferenceLane]
  var waiting: [Int] = []
  /// Requests that came after the next step of every lane was composed.
  var late: [Int] = []
  var swapped: [Int] = []
  var ready: [Int] = []
  /// Blocks in use, reserved and in-transit ones included.
  var used = 0
  /// When each stage of the pipeline is free.
  var stageFree: [Int64]
  var outPortFree: Int64 = 0
  var inPortFree: Int64 = 0
  /// Transfers to this replica that have not begun.
  var inbound: [ReferenceTransfer] = []
  /// Whether something happened here at this instant.
  var touched = false

  init(pool: Int, _ description: ReferenceCluster.Pool) {
    self.pool = pool
    engine = description.engine
    batch = description.batch
    evict = description.evict
    lanes = Array(repeating: ReferenceLane(), count: engine.cost.stageCount)
    stageFree = Array(repeating: 0, count: engine.cost.stageCount)
  }

  /// Blocks in use by nobody.
  var free: Int { engine.cache.blocks - used }
  /// Sequences that run or prefill.
  var sequences: Int { lanes.reduce(0) { $0 + $1.running.count + $1.prefilling.count } }
}

/// The KV of a request on its way.
struct ReferenceTransfer {
  let request: Int
  let source: Int
  let lane: Int
  /// Start and end of the step that ends the prompt.
  let stepStart: Int64
  let stepEnd: Int64
  /// When it lands, once it has begun.
  var land: Int64 = -1
}
