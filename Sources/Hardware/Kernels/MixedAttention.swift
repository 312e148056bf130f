/// Attention of a chunk of a prompt and of one new token of each of some sequences, in one call.
///
/// One kernel without split contexts serves both: a block takes 64 queries of a prompt, or the one of a sequence, for one
/// head, and walks over all keys before it. Blocks are dealt out by head, then by sequence, each sequence padded to the
/// blocks of the longest. The call ends when the longest walk has ended and all work is shared among the processors; the
/// two overlap in part. Heads that share keys read them once only where their blocks run side by side, which many
/// sequences prevent, or where one head's keys of all sequences stay in the cache.
/// Sources: T. Dao, "FlashAttention-2", 2023 (grid of blocks, heads, sequences); A. Agrawal et al., "Sarathi-Serve",
/// OSDI 2024 (chunked prompts beside decodes).
public struct MixedAttention: KernelModel {
  /// A chunk beside equal decodes.
  public struct Shape: KernelShape {
    /// Heads of queries.
    public var heads: Double
    /// Heads of keys and values, at most ``heads``.
    public var keyHeads: Double
    /// Elements of a head.
    public var headSize: Double
    /// Tokens of the prompt that are computed.
    public var chunk: Double
    /// Tokens of the prompt that were computed before.
    public var prefix: Double
    /// Sequences that decode.
    public var decodes: Double
    /// Tokens in the context of each.
    public var context: Double

    /// Sizes of the chunk and of the decodes.
    public static let columns = [
      "heads", "kv_heads", "head_dim", "prefill_chunk", "kv_prefill", "n_decode", "kv_decode",
    ]

    /// A chunk beside equal decodes; all but `prefix` are above 0.
    public init(
      heads: Double, keyHeads: Double, headSize: Double, chunk: Double, prefix: Double, decodes: Double, context: Double
    ) {
      self.heads = heads
      self.keyHeads = min(keyHeads, heads)
      self.headSize = headSize
      self.chunk = chunk
      self.prefix = prefix
      self.decodes = decodes
      self.context = context
    }

    /// The chunk and the decodes that a row states.
    public init(_ row: KernelRow) throws(KernelRow.Fault) {
      self.init(
        heads: try row.count("heads"), keyHeads: try row.count("kv_heads"), headSize: try row.count("head_dim"),
        chunk: try row.count("prefill_chunk"), prefix: try row.number("kv_prefill"),
        decodes: try row.count("n_decode"), context: try row.count("kv_decode"))
    }

    /// By the keys that each part reads.
    public var regimes: [String] { [decodes * context > chunk * (prefix + chunk) ? "mostly decode" : "mostly prompt"] }
  }

  /// The operator class.
  public static let name = "attention_mixed"
  /// What it is.
  public static let summary = "Attention of a chunk of a prompt beside decodes."
  /// How work is dealt out.
  public static let variants = ["a grid of heads, sequences and blocks"]

  /// What is fitted.
  public static func parameters(_ variant: String, _ format: KernelFormat) -> [KernelParameter] {
    [
      KernelParameter("launch", .seconds, 2e-6, in: 1e-7...3e-5, "Of the call beyond its work."),
      KernelParameter("decode-key", .seconds, 3e-8, in: 1e-9...1e-6, "Of a key of a decode's block."),
      KernelParameter("prompt-key", .seconds, 3e-8, in: 1e-9...1e-6, "Of a key of a block of 64 queries."),
      KernelParameter("decode-block", .seconds, 5e-6, in: 1e-7...5e-5, "Of a decode's block."),
      KernelParameter("prompt-block", .seconds, 6e-6, in: 1e-7...5e-5, "Of a block of 64 queries."),
      KernelParameter("empty-block", .seconds, 3e-7, in: 1e-9...5e-6, "Of a block that has no query."),
      KernelParameter("overlap", .one, 2, in: 1...12, "Exponent of the soft maximum of longest walk and shared work."),
      KernelParameter("memory", .one, 0.85, in: 0.1...1.3, "Achieved share of peak memory bandwidth."),
      KernelParameter("cache", .one, 0.5, in: 0.02...1.5, "Share of the cache that keys and values can use."),
    ]
  }

  /// Queries of a block.
  private static let tile = 64.0

  private let chip: Chip
  private let elementBytes: Double
  private let launch, decodeKey, promptKey, decodeBlock, promptBlock, emptyBlock, overlap, bandwidth, cache: Double

  /// The model with these values.
  public init(_ values: KernelValues, _ variant: String, _ format: KernelFormat, _ chip: Chip) {
    self.chip = chip
    elementBytes = format.cacheBytes
    launch = values["launch"]
    decodeKey = values["decode-key"]
    promptKey = values["prompt-key"]
    decodeBlock = values["decode-block"]
    promptBlock = values["prompt-block"]
    emptyBlock = values["empty-block"]
    overlap = values["overlap"]
    bandwidth = chip.bandwidth * values["memory"]
    cache = chip.cache * values["cache"]
  }

  /// Seconds of a call; keys and values are as cold as a server leaves them, since no call finds all of a batch's.
  public func seconds(_ shape: Shape, _ state: CacheState) -> Double {
    let tiles = (shape.chunk / Self.tile).rounded(.up)
    let mean = shape.prefix + shape.chunk / 2 + Self.tile / 2
    let perProcessor = shape.heads / chip.processors
    let prompt = perProcessor * tiles * (mean * promptKey + promptBlock)
    let decode = perProcessor * shape.decodes * (shape.context * decodeKey + decodeBlock)
    let empty = perProcessor * shape.decodes * (tiles - 1) * emptyBlock
    let longest = max(
      (shape.prefix + shape.chunk) * promptKey + promptBlock, shape.context * decodeKey + decodeBlock)
    let work = max(prompt + decode, prompt + keyTraffic(shape) / bandwidth)
    return launch + empty + Overlap.softMaximum(longest, work, overlap)
  }

  /// Bytes of the decodes' keys and values that come from memory.
  private func keyTraffic(_ shape: Shape) -> Double {
    let group = shape.heads / shape.keyHeads
    // One head's keys and values of all sequences.
    let sweep = shape.decodes * shape.context * shape.headSize * 2 * elementBytes
    // Heads whose blocks of one sequence run side by side.
    let beside = min(max(chip.processors / (shape.decodes + 1), 1), group)
    let held = min(1, cache / sweep)
    let sharing = beside + (group - beside) * held * held
    return sweep * shape.heads / sharing
  }
}
