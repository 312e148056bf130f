/// Causal attention of prompts over their keys and values.
///
/// A block of the kernel takes a tile of queries of one head and walks over tiles of keys: matrix products, then the
/// exponentials of the softmax, and writes the tile. Tiles right of the diagonal are left out. Processors take blocks as
/// they come free, so that all work is shared but the last blocks run ragged. New keys and values are written to the
/// paged cache first. Reading and writing all operands overlaps with the blocks.
/// Sources: T. Dao, "FlashAttention-2", 2023; J. Shah et al., "FlashAttention-3", 2024 (softmax beside the products);
/// R. L. Graham, "Bounds on multiprocessing timing anomalies", SIAM J. Appl. Math. 17, 1969 (list scheduling).
public struct PrefillAttention: KernelModel {
  /// Equal prompts.
  public struct Shape: KernelShape {
    /// Sequences.
    public var batch: Double
    /// Heads of queries.
    public var heads: Double
    /// Heads of keys and values, at most ``heads``.
    public var keyHeads: Double
    /// Elements of a head.
    public var headSize: Double
    /// New tokens of each sequence.
    public var queries: Double
    /// Tokens in each context, the new ones among them.
    public var context: Double
    /// Tokens that a sliding window leaves; 0 without one.
    public var window: Double

    /// Sizes of the batch.
    public static let columns = ["batch", "heads", "kv_heads", "head_dim", "q_len", "kv_len", "window"]

    /// Equal prompts; all but `window` are above 0, and `context` is at least `queries`.
    public init(
      batch: Double, heads: Double, keyHeads: Double, headSize: Double, queries: Double, context: Double,
      window: Double = 0
    ) {
      self.batch = batch
      self.heads = heads
      self.keyHeads = keyHeads
      self.headSize = headSize
      self.queries = queries
      self.context = max(context, queries)
      self.window = window
    }

    /// The prompts that a row states.
    public init(_ row: KernelRow) throws(KernelRow.Fault) {
      self.init(
        batch: try row.count("batch"), heads: try row.count("heads"), keyHeads: try row.count("kv_heads"),
        headSize: try row.count("head_dim"), queries: try row.count("q_len"), context: try row.count("kv_len"),
        window: row.text("window") == nil ? 0 : try row.number("window"))
    }

    /// None of its own.
    public var regimes: [String] { [] }
  }

  /// The operator class.
  public static let name = "attention_prefill"
  /// What it is.
  public static let summary = "Causal attention of prompts."

  private static let packed = "queries packed by group"
  private static let copied = "single queries copied by group"
  private static let plain = "a head a block"

  /// FlashAttention-3 packs the queries of a group where that fills tiles; FlashAttention-2 copies them for one token a
  /// sequence; TensorRT-LLM's context kernels take one head at a time.
  public static let variants = [packed, copied, plain]

  /// FlashInfer's kernels copy nothing.
  public static func variants(of kernel: String, in format: KernelFormat, on chip: Chip) -> [String] {
    kernel.contains("flashinfer") ? variants.filter { $0 != copied } : variants
  }

  /// What is fitted.
  public static func parameters(_ variant: String, _ format: KernelFormat) -> [KernelParameter] {
    let always = [
      KernelParameter("launch", .seconds, 1e-5, in: 1e-6...8e-5, "Of the call's kernels beyond their work."),
      KernelParameter("compute", .one, 0.7, in: 0.1...1.2, "Achieved share of peak arithmetic in matrix products."),
      KernelParameter("softmax", .seconds, 3e-7, in: 1e-9...8e-6, "Of the softmax of 128 x 1,024 scores."),
      KernelParameter("block", .seconds, 1e-6, in: 1e-8...3e-5, "Of a tile of queries."),
      KernelParameter("query", .seconds, 1e-6, in: 1e-8...2e-5, "More of that for 128 queries of 128 elements."),
      KernelParameter("memory", .one, 0.7, in: 0.1...1.1, "Achieved share of peak memory bandwidth."),
      KernelParameter("ragged", .one, 0.5, in: 0.01...1.5, "Idle share of the longest block at the end."),
      KernelParameter("head-exponent", .one, 0.8, in: 0.2...1.6, "How products grow with the elements of a head."),
      KernelParameter("overlap", .one, 4, in: 1...12, "Exponent of the soft maximum of memory and blocks."),
      KernelParameter("token", .seconds, 3e-10, in: 1e-12...2e-8, "Of writing a token's keys and values."),
      KernelParameter("window", .seconds, 2e-6, in: 1e-8...5e-5, "Of a sliding window shorter than the context."),
    ]
    guard variant == copied else { return always }
    return always + [
      KernelParameter("copy", .seconds, 5e-6, in: 1e-9...4e-5, "Of copying single queries by group and back.")
    ]
  }

  /// Queries of a tile: the kernel takes the size that ends first.
  private static let tiles: [Double] = [64, 128]
  /// Keys of a tile.
  private static let step = 64.0
  /// Bytes of queries, outputs, and keys and values before they are written.
  private static let element = 2.0

  private let chip: Chip
  private let format: KernelFormat
  private let variant: String
  private let rate: Double
  private let launch, softmax, block, query, memory, ragged, exponent, overlap, token, window, copy: Double

  /// The model with these values.
  public init(_ values: KernelValues, _ variant: String, _ format: KernelFormat, _ chip: Chip) {
    self.chip = chip
    self.format = format
    self.variant = variant
    rate = chip.peak(format.arithmetic) / chip.processors * values["compute"]
    launch = values["launch"]
    softmax = values["softmax"]
    block = values["block"]
    query = values["query"]
    memory = chip.bandwidth * values["memory"]
    ragged = values["ragged"]
    exponent = values["head-exponent"]
    overlap = values["overlap"]
    token = values["token"]
    window = values["window"]
    copy = variant == Self.copied ? values["copy"] : 0
  }

  /// Seconds of a call. Complexity: O(1).
  public func seconds(_ shape: Shape, _ state: CacheState) -> Double {
    let (b, h, g, d, q) = (shape.batch, shape.heads, shape.keyHeads, shape.headSize, shape.queries)
    // Beside a window FlashAttention-2 leaves single queries where they are.
    let isCopied = variant == Self.copied && q <= 1 && shape.window == 0
    let growth = HeadGrowth.of(d, exponent)
    let operands = b * g * shape.context * 2 * d * format.cacheBytes + b * h * q * d * 2 * Self.element
    let traffic = operands / memory
    var busy = blockSeconds(shape, growth, group: 1)
    if h > g, variant == Self.packed || isCopied {
      busy = min(busy, blockSeconds(shape, growth, group: h / g))
    }
    var call = launch + Overlap.softMaximum(busy, traffic, overlap)
    call += b * q * token + b * g * q * 2 * d * (Self.element + format.cacheBytes) / memory
    if shape.window > 0 && shape.window < shape.context { call += window }
    if isCopied, h > g, g > 1, b > 1 {
      call += copy + 4 * b * h * d * Self.element / memory
    }
    return call
  }

  /// Seconds until the last processor has done its blocks where a tile holds the queries of `group` heads.
  private func blockSeconds(_ shape: Shape, _ growth: Double, group: Double) -> Double {
    let past = shape.context - shape.queries
    let all = (shape.context / Self.step).rounded(.up)
    var least = Double.infinity
    for tile in Self.tiles {
      let rows = (shape.queries * group / tile).rounded(.up)
      let blocks = shape.batch * shape.heads / group * rows
      let used = shape.queries * group / rows
      // Positions that a tile spans; its mean block sees the past, half of the prompt and its own diagonal.
      let span = min(tile / group, shape.queries)
      var mean = (past / Self.step).rounded(.up) + (shape.queries + span) / (2 * Self.step) + 0.5
      mean = max(1, min(mean, all))
      var longest = all
      if shape.window > 0 && shape.window < shape.context {
        let seen = ((shape.window + tile / group) / Self.step).rounded(.up) + 1
        mean = min(mean, seen)
        longest = min(longest, seen)
      }
      let step = 4 * tile * Self.step * 128 / rate * growth + softmax * tile * Self.step / (128 * 1024)
      let fixed = block + query * used * shape.headSize / (128 * 128)
      let ratio = blocks / chip.processors
      let last = longest * step + fixed
      let seconds = max(ratio * (mean * step + fixed), last) + (ratio > 1 ? ragged * last : 0)
      least = min(least, seconds)
    }
    return least
  }
}
