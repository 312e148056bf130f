/// What one step of an engine computes, as sums over its sequences: all that a step's cost depends on.
///
/// Integers, so that the sums do not depend on the order of the sequences. Layers with sliding-window attention see
/// the same step through their window: the `windowed` sums, which are those of the whole context where there is none.
public struct StepShape: Hashable, Sendable {
  /// Tokens that a query of a windowed layer sees at most, itself included; 0 without windows.
  public let window: Int
  /// Prompt tokens computed in this step, over all prefill chunks.
  public var prefillTokens = 0
  /// Query-key pairs of the prefill chunks under a causal mask: a chunk of q tokens after c cached ones has
  /// q * c + q * (q + 1) / 2.
  public var prefillPairs = 0
  /// KV tokens that the prefill chunks read: the sum of c + q.
  public var prefillContext = 0
  /// Query-key pairs within the window: the sum of min(i, window) over the places i = c + 1 ... c + q.
  public var windowedPrefillPairs = 0
  /// KV tokens that the prefill chunks read within the window: the sum of min(c, window - 1) + q.
  public var windowedPrefillContext = 0
  /// Prefill chunks in the step.
  public var prefillChunks = 0
  /// Prefill chunks that end their prompt and so yield its first token.
  public var firstTokens = 0
  /// Sequences that decode one token each.
  public var decodes = 0
  /// KV tokens that the decoding sequences read, each one's own new token included.
  public var decodeContext = 0
  /// KV tokens that the decoding sequences read within the window: the sum of min(context, window).
  public var windowedDecodeContext = 0

  /// An empty step, of a model whose windowed layers, if any, see `window` tokens.
  @inlinable
  public init(window: Int = 0) { self.window = window }

  /// A step in which `decodes` sequences with `context` KV tokens in all, their new tokens included, decode: of equal
  /// lengths, where there is a window.
  ///
  /// Within the window they read min(context, decodes * window) tokens.
  @inlinable
  public init(decodes: Int, context: Int, window: Int = 0) {
    self.window = window
    self.decodes = decodes
    self.decodeContext = context
    self.windowedDecodeContext = window > 0 ? min(context, decodes * window) : context
  }

  /// The first of the steps of `run`.
  @inlinable
  public init(_ run: DecodeRun, window: Int = 0) {
    self.window = window
    decodes = run.batch
    decodeContext = run.context
    windowedDecodeContext = run.windowed
  }

  /// Adds a prefill chunk of `tokens` after `cached` tokens already in the KV cache.
  @inlinable
  public mutating func addChunk(tokens: Int, cached: Int, last: Bool) {
    let pairs = Self.pairs(tokens, after: cached)
    prefillTokens += tokens
    prefillPairs += pairs
    prefillContext += cached + tokens
    prefillChunks += 1
    firstTokens += last ? 1 : 0
    if window > 0 {
      // The first places see all before them, those from the window's length on see the window.
      let growing = max(0, min(tokens, window - cached))
      windowedPrefillPairs += Self.pairs(growing, after: cached) + (tokens - growing) * window
      windowedPrefillContext += min(cached, window - 1) + tokens
    } else {
      windowedPrefillPairs += pairs
      windowedPrefillContext += cached + tokens
    }
  }

  @inlinable
  static func pairs(_ tokens: Int, after cached: Int) -> Int { tokens * cached + tokens * (tokens + 1) / 2 }

  /// Adds the sums of another step.
  @inlinable
  public mutating func add(_ other: StepShape) {
    prefillTokens += other.prefillTokens
    prefillPairs += other.prefillPairs
    prefillContext += other.prefillContext
    windowedPrefillPairs += other.windowedPrefillPairs
    windowedPrefillContext += other.windowedPrefillContext
    prefillChunks += other.prefillChunks
    firstTokens += other.firstTokens
    decodes += other.decodes
    decodeContext += other.decodeContext
    windowedDecodeContext += other.windowedDecodeContext
  }

  /// Adds the sums of `steps` decode-only steps, the first of which is that of `run`.
  @inlinable
  public mutating func add(_ run: DecodeRun, steps: Int) {
    let later = steps * (steps - 1) / 2
    decodes += run.batch * steps
    decodeContext += run.context * steps + run.batch * later
    windowedDecodeContext += run.windowed * steps + run.growing * later
  }

  /// The step without its decodes.
  public var prompts: StepShape {
    var shape = self
    shape.decodes = 0
    shape.decodeContext = 0
    shape.windowedDecodeContext = 0
    return shape
  }

  /// The step without its prompts.
  public var decoding: StepShape {
    var shape = StepShape(window: window)
    shape.decodes = decodes
    shape.decodeContext = decodeContext
    shape.windowedDecodeContext = windowedDecodeContext
    return shape
  }

  /// The decoding sequences with `tokens` tokens each, as chunks after what is cached, every token sampled: what
  /// verifies drafts. Within a window exact where each sequence either fills it or ends before it.
  public func verifying(_ tokens: Int) -> StepShape {
    guard tokens > 1 else { return decoding }
    var shape = StepShape(window: window)
    let rows = decodes * tokens
    shape.prefillTokens = rows
    shape.prefillPairs = tokens * decodeContext + rows * (tokens - 1) / 2
    shape.prefillContext = decodeContext + rows - decodes
    shape.windowedPrefillPairs = tokens * windowedDecodeContext + rows * (tokens - 1) / 2
    if window > 0 { shape.windowedPrefillPairs = min(shape.windowedPrefillPairs, rows * window) }
    shape.windowedPrefillContext = windowedDecodeContext + rows - decodes
    shape.prefillChunks = decodes
    shape.firstTokens = rows
    return shape
  }

  /// The largest of `count` parts that are as equal as can be.
  public func part(of count: Int) -> StepShape { count > 1 ? part(from: count - 1, to: count, of: count) : self }

  /// What lies between two of the marks that cut it in `count` parts: the parts from 0 to `count` add up to the step, and the
  /// last is the largest.
  public func part(from: Int, to: Int, of count: Int) -> StepShape {
    func cut(_ sum: Int) -> Int { sum * to / count - sum * from / count }
    var part = StepShape(window: window)
    part.prefillTokens = cut(prefillTokens)
    part.prefillPairs = cut(prefillPairs)
    part.prefillContext = cut(prefillContext)
    part.windowedPrefillPairs = cut(windowedPrefillPairs)
    part.windowedPrefillContext = cut(windowedPrefillContext)
    part.prefillChunks = cut(prefillChunks)
    part.firstTokens = cut(firstTokens)
    part.decodes = cut(decodes)
    part.decodeContext = cut(decodeContext)
    part.windowedDecodeContext = cut(windowedDecodeContext)
    return part
  }

  /// Tokens that pass through the layers.
  @inlinable
  public var tokens: Int { prefillTokens + decodes }
  /// Rows of the output projection: tokens that are sampled.
  @inlinable
  public var sampled: Int { firstTokens + decodes }
}

/// Decode-only steps of one batch, one after another: every context grows by a token a step.
///
/// What is read within a window grows by one for each sequence that is shorter than it; a run lasts no longer than
/// until the first of them fills it.
public struct DecodeRun: Hashable, Sendable {
  /// Sequences that decode.
  public var batch: Int
  /// KV tokens that the first step reads, the new ones included; each later one reads `batch` more.
  public var context: Int
  /// KV tokens that the first step reads within the window.
  public var windowed: Int
  /// Sequences shorter than the window: what `windowed` grows by from step to step.
  public var growing: Int

  /// A run of a model without windows.
  @inlinable
  public init(batch: Int, context: Int) {
    self.init(batch: batch, context: context, windowed: context, growing: batch)
  }

  /// A run.
  @inlinable
  public init(batch: Int, context: Int, windowed: Int, growing: Int) {
    self.batch = batch
    self.context = context
    self.windowed = windowed
    self.growing = growing
  }

  /// The run from its step `steps` on.
  @inlinable
  public func after(_ steps: Int) -> DecodeRun {
    DecodeRun(
      batch: batch, context: context + steps * batch, windowed: windowed + steps * growing, growing: growing)
  }
}
