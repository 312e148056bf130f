import Kernel
import Models
import Units

/// A piece of a prompt that a step computes.
struct Chunk: BitwiseCopyable {
  var request: Int32
  var tokens: Int32
  /// Tokens of the prompt computed before.
  var cached: Int32
  /// Whether the chunk ends its prompt.
  var isLast: Bool
}

/// A sequence in the middle of its prompt, or one that joined the running list since the lane's last decode step.
struct Joined: BitwiseCopyable {
  var request: Int32
  /// Tokens of the prompt computed so far.
  var progress: Int32 = 0
  /// When its last token was generated.
  var lastToken: Int64 = 0
}

/// Most decode steps tabulated at once.
let segmentSteps = 64

/// One lane of a replica: a step or a segment of decode steps under way, and the sequences that belong to it.
///
/// A running sequence is described by `offset` = its context minus the lane's step counter when it joined, so that
/// nothing per sequence changes from step to step: its context is offset + counter, and it ends when the counter
/// reaches prompt + output - 1 - offset.
struct Lane: ~Copyable {
  var policy: any BatchPolicy
  let replica: Int

  // The running sequences.
  /// Decode steps the lane has completed.
  var counter = 0
  /// `counter` modulo the tokens of a block.
  var phase = 0
  var running = RequestList()
  /// Sum of the running sequences' contexts.
  var context = 0
  /// The running sequences by the counter at which they end.
  var endings = RequestHeap()
  /// Running sequences by offset modulo the tokens of a block.
  let residues: Column<Int32>
  /// Tokens that windowed layers see at most; 0 without them.
  let window: Int
  /// Sum of the running sequences' contexts within the window: of min(context, window).
  var windowedContext = 0
  /// Running sequences shorter than the window.
  var growing = 0
  /// Running sequences that fill the window before they end, by the counter at which they do.
  var fillings = RequestHeap()
  /// End of the lane's last decode step: the time of the last token of every running sequence not in `fresh`.
  var lastDecodeEnd: Int64 = 0
  /// Sequences that joined the running list since the last decode step.
  var fresh = GrowingList<Joined>()

  /// Sequences in the middle of a chunked prefill, in order of admission.
  var prefilling = GrowingList<Joined>()

  // The step or segment under way.
  var isBusy = false
  var start: Int64 = 0
  /// Ends of the steps under way; one for a step with chunks.
  let ends = Column<Int64>(repeating: 0, count: segmentSteps)
  /// Whether what is under way is a segment of decode steps, summed up when it ends, and not one step.
  var isSegment = false
  /// Decode steps of the segment under way, or 1 for a mixed step; 0 where running sequences do not decode.
  var decodes = 0
  /// Those of them whose ends are known; the others are computed when these have ended.
  var tabulated = 0
  var chunks = GrowingList<Chunk>()
  /// Blocks that the first decode step under way took.
  var growth = 0

  // Its policy's standing decision.
  var isDirty = false
  /// Decode steps left of it.
  var standing = 0
  var decodesSincePrefill = 0
  /// Whether a step of the lane has ended in this instant.
  var hasEnded = false

  init(policy: any BatchPolicy, replica: Int, blockTokens: Int, window: Int) {
    self.policy = policy
    self.window = window
    self.replica = replica
    residues = Column(repeating: 0, count: blockTokens)
  }

  /// The class, by offset modulo block, of the sequences that need a block for their next token after `steps` more.
  @inline(__always)
  func growing(after steps: Int) -> Int {
    let block = residues.count
    let p = (phase + steps) % block
    return p == 0 ? 0 : block - p
  }

  /// Adds a sequence with `tokens` of context to the sums; the caller links it and stores its offset.
  @inline(__always)
  mutating func add(_ request: Int32, context tokens: Int, endingAfter steps: Int) {
    context += tokens
    residues[residue(tokens - counter)] += 1
    endings.insert(key: counter + steps, request: request)
    guard window > 0 else { return }
    windowedContext += min(tokens, window)
    guard tokens < window else { return }
    growing += 1
    if window - tokens <= steps { fillings.insert(key: counter + window - tokens, request: request) }
  }

  /// Takes a sequence with `tokens` of context out of the sums, `endings` and `fillings` apart.
  @inline(__always)
  mutating func subtract(context tokens: Int) {
    context -= tokens
    residues[residue(tokens - counter)] -= 1
    guard window > 0 else { return }
    windowedContext -= min(tokens, window)
    if tokens < window { growing -= 1 }
  }

  /// Brings what is seen through the window to the counter, which `steps` steps have just advanced.
  mutating func fillWindows(_ steps: Int) {
    windowedContext += growing * steps
    while fillings.leastKey == counter {
      _ = fillings.removeLeast()
      growing -= 1
    }
  }

  /// The decode steps that would come next.
  @inline(__always)
  var decodeRun: DecodeRun {
    let batch = running.count
    guard window > 0 else { return DecodeRun(batch: batch, context: context + batch) }
    return DecodeRun(
      batch: batch, context: context + batch, windowed: windowedContext + growing, growing: growing)
  }

  @inline(__always)
  private func residue(_ offset: Int) -> Int {
    let r = offset % residues.count
    return r < 0 ? r + residues.count : r
  }

  /// The steps of the segment under way that have ended by `now`, by binary search.
  @inline(__always)
  func stepsEnded(by now: Int64) -> Int {
    var low = 0
    var high = min(decodes, tabulated)
    while low < high {
      let middle = (low + high) / 2
      if ends[middle] <= now { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Blocks that steps `range` of the segment under way take.
  @inline(__always)
  func growth(ofSteps range: Range<Int>) -> Int {
    var kind = growing(after: range.lowerBound)
    var sum = 0
    for _ in range {
      sum += Int(residues[kind])
      kind = kind == 0 ? residues.count - 1 : kind - 1
    }
    return sum
  }
}
