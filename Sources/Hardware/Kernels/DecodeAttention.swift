/// Attention of one new token of each sequence over its keys and values.
///
/// A block of the kernel takes one sequence and one head of keys with the queries that share it, streams keys and
/// values, and so costs a fixed time and one that grows with the context. Too few blocks leave processors idle, so a
/// context is split among several, whose parts are combined afterwards; the library takes the split that ends first.
/// Reading all keys and values from memory overlaps with that.
/// Sources: T. Dao et al., "Flash-Decoding for long-context inference", 2023; J. Shah et al., "FlashAttention-3", 2024;
/// TensorRT-LLM documentation of multi-head and XQA kernels.
public struct DecodeAttention: KernelModel {
  /// A batch of sequences of equal context.
  public struct Shape: KernelShape {
    /// Sequences.
    public var batch: Double
    /// Heads of queries.
    public var heads: Double
    /// Heads of keys and values, at most ``heads``.
    public var keyHeads: Double
    /// Elements of a head.
    public var headSize: Double
    /// Tokens in the context.
    public var context: Double
    /// Tokens that a sliding window leaves; 0 without one.
    public var window: Double
    /// Whether a benchmark's cache holds keys alone, which are read as values too.
    public var isKeysAlone: Bool
    /// Whether a benchmark runs the other operators of the layer between two calls.
    public var isOfLayer: Bool

    /// Sizes of the batch.
    public static let columns = ["batch", "heads", "kv_heads", "head_dim", "kv_len", "window"]

    /// A batch; all but `window` are above 0.
    public init(
      batch: Double, heads: Double, keyHeads: Double, headSize: Double, context: Double, window: Double = 0,
      isKeysAlone: Bool = false, isOfLayer: Bool = false
    ) {
      self.batch = batch
      self.heads = heads
      self.keyHeads = keyHeads
      self.headSize = headSize
      self.context = context
      self.window = window
      self.isKeysAlone = isKeysAlone
      self.isOfLayer = isOfLayer
    }

    /// The batch that a row states.
    ///
    /// aiconfigurator's benchmark of TensorRT-LLM 1.0 had a cache of keys alone (its issue 1379, closed by 1.3.0rc20): those
    /// rows imply twice the bandwidth of memory.
    public init(_ row: KernelRow) throws(KernelRow.Fault) {
      self.init(
        batch: try row.count("batch"), heads: try row.count("heads"), keyHeads: try row.count("kv_heads"),
        headSize: try row.count("head_dim"), context: try row.count("kv_len"),
        window: row.text("window") == nil ? 0 : try row.number("window"),
        isKeysAlone: row.text("framework") == "trtllm" && row.text("version")?.hasPrefix("1.0.") == true,
        isOfLayer: row.text("source") == "llmservingsim")
    }

    /// "serving": contexts from 256, 4 and more queries a head of keys, batches up to 512.
    public var regimes: [String] {
      context >= 256 && heads >= 4 * keyHeads && batch <= 512 ? ["serving"] : []
    }
  }

  /// The operator class.
  public static let name = "attention_decode"
  /// What it is.
  public static let summary = "Attention of one new token of each sequence."

  private static let copied = "queries copied by group"
  private static let packed = "queries packed by group"
  private static let vector = "vector kernel for one or many queries a group"

  /// FlashAttention-2 copies queries so that a group is one block and splits contexts only then; FlashAttention-3 and
  /// FlashInfer pack them in place; TensorRT-LLM has a kernel of one query a block beside its grouped one.
  public static let variants = [packed, copied, vector]

  /// FlashInfer's kernels copy nothing.
  public static func variants(of kernel: String, in format: KernelFormat, on chip: Chip) -> [String] {
    kernel.contains("flashinfer") ? variants.filter { $0 != copied } : variants
  }

  /// What is fitted.
  public static func parameters(_ variant: String, _ format: KernelFormat) -> [KernelParameter] {
    let always = [
      KernelParameter("launch", .seconds, 8e-6, in: 1e-6...6e-5, "Of the call's kernels beyond their work."),
      KernelParameter("block", .seconds, 2e-6, in: 1e-8...3e-5, "Of a sequence and a head of keys."),
      KernelParameter("head", .seconds, 5e-7, in: 1e-9...2e-5, "More of that for a head of 128 elements."),
      KernelParameter("query", .seconds, 1e-7, in: 1e-10...5e-6, "More of that for 1,024 elements of queries."),
      KernelParameter("head-exponent", .one, 1, in: 0.2...2.5, "How streaming grows with the elements of a head."),
      KernelParameter("memory", .one, 0.85, in: 0.3...1.1, "Achieved share of peak memory bandwidth."),
      KernelParameter(
        "cache", .bytesPerSecond, 4e12, in: 5e11...6e13, scale: .bandwidth, "Bandwidth of the shared cache."),
      KernelParameter(
        "stream", .bytesPerSecond, 4e10, in: 2e9...5e11, scale: .bandwidthPerProcessor,
        "Keys and values of heads of 128 elements that a processor takes in a second."),
      KernelParameter("combine", .seconds, 3e-6, in: 1e-8...3e-5, "Of combining the parts of split contexts."),
      KernelParameter("overlap", .one, 2, in: 1...15, "Exponent of the soft maximum of memory and blocks."),
      KernelParameter("window", .seconds, 3e-6, in: 1e-8...3e-5, "Of a sliding window shorter than the context."),
    ]
    switch variant {
    case copied:
      return always + [
        KernelParameter("copy", .seconds, 5e-6, in: 1e-8...3e-5, "Of copying queries by group and back.")
      ]
    case vector:
      return always + [
        KernelParameter("single", .seconds, 1.3e-6, in: 1e-8...3e-5, "Of a block of the kernel of one query.")
      ]
    default: return always
    }
  }

  private static let splits: [Double] = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128]
  /// Keys of a step of a block, and queries of a group that share a block.
  private static let step = 64.0
  private static let group = 64.0
  /// Cost of another part when combining, in shares of ``KernelParameter`` combine.
  private static let perPart = 0.03
  /// Queries of a group from which on TensorRT-LLM takes the kernel of one query, and its share of streaming time:
  /// four of its blocks run on a processor at once.
  private static let vectorGroup = 32.0
  private static let vectorShare = 0.25
  /// Bytes of queries and outputs.
  private static let element = 2.0

  private let chip: Chip
  private let format: KernelFormat
  private let variant: String
  private let launch, block, head, query, exponent, memory, cache, stream, combine, overlap, window, extra: Double

  /// The model with these values.
  public init(_ values: KernelValues, _ variant: String, _ format: KernelFormat, _ chip: Chip) {
    self.chip = chip
    self.format = format
    self.variant = variant
    launch = values["launch"]
    block = values["block"]
    head = values["head"]
    query = values["query"]
    exponent = values["head-exponent"]
    memory = chip.bandwidth * values["memory"]
    cache = values["cache"]
    stream = values["stream"]
    combine = values["combine"]
    overlap = values["overlap"]
    window = values["window"]
    extra = variant == Self.copied ? values["copy"] : variant == Self.vector ? values["single"] : 0
  }

  /// Seconds of a call. Complexity: O(1).
  public func seconds(_ shape: Shape, _ state: CacheState) -> Double {
    let (b, h, g, d) = (shape.batch, shape.heads, shape.keyHeads, shape.headSize)
    let isWindowed = shape.window > 0 && shape.window < shape.context
    let length = isWindowed ? shape.window : shape.context
    let queries = h / g
    let isVector = variant == Self.vector && (queries < 2 || queries > Self.vectorGroup)
    // A window seldom begins where a step does.
    let steps = (length / Self.step).rounded(.up) + (isWindowed ? 1 : 0)
    let perStep = Self.step * 2 * 128 * format.cacheBytes / stream * HeadGrowth.of(d, exponent)
    // Beside a window FlashAttention-2 leaves queries where they are: a block has one.
    let isSpread = variant == Self.copied && shape.window > 0
    let shared = isSpread ? 1 : min(queries, Self.group)
    let fixed = block + head * d / 128 + query * shared * d / 1024
    let units = isVector || isSpread ? b * h : b * g * (queries / Self.group).rounded(.up)
    let context = b * g * length * 2 * d * format.cacheBytes
    let queriesAndOutputs = b * h * d * 2 * Self.element
    var moving = context + queriesAndOutputs
    if shape.isKeysAlone, state == .warm, !isVector || findsKeysAgain(length, d, context) { moving -= context / 2 }
    let missed = state == .cold ? 1 : 1 - chip.found(moving, others: shape.isOfLayer)
    // Each query of a vector kernel reads the keys again, from the cache.
    let repeated = isVector ? context * (queries - 1) : 0
    let traffic = moving * (missed / memory + (1 - missed) / cache) + repeated / cache
    let mayBeSplit = variant != Self.copied || (queries >= 2 && !isSpread)
    var best = Double.infinity
    for parts in Self.splits {
      if parts > steps || (parts > 1 && !mayBeSplit) { break }
      let combining =
        parts > 1
        ? combine * (1 + Self.perPart * parts) + queriesAndOutputs * 2 * parts / cache : 0
      if traffic + combining >= best { break }
      let streaming = (steps / parts).rounded(.up) * perStep
      let ratio = units * parts / chip.processors
      let busy =
        isVector
        ? max(ratio, 1) * (extra + streaming * Self.vectorShare) : ratio.rounded(.up) * (fixed + streaming)
      if max(busy, traffic) + combining >= best { continue }
      best = min(best, Overlap.softMaximum(busy, traffic, overlap) + combining)
    }
    var call = launch + best
    if isWindowed { call += window }
    // Queries are copied before and outputs after, where the copy is no mere view.
    if variant == Self.copied, !isSpread, queries >= 2, g > 1, b > 1 { call += extra + 2 * queriesAndOutputs / memory }
    return call
  }

  /// Whether vector blocks, which take all of their keys before any value, find them again as values: each its own, so
  /// that the parts of a cache hold no copies.
  private func findsKeysAgain(_ length: Double, _ headSize: Double, _ context: Double) -> Bool {
    let blocks = chip.processors / Self.vectorShare
    return min(blocks * length * headSize * format.cacheBytes, context / 2) <= chip.cache
  }
}
