/// The feed-forward layer of a mixture of experts on one device, from routed tokens to their summed outputs.
///
/// Grouped matrix products run all active experts at once. Three resources overlap: reading the weights of the active
/// experts, from the cache as far as it holds them; arithmetic, to which each active expert adds the unfilled rest of its
/// last tile of tokens; and one block's walk over the inner dimensions of the two products, which a few tokens cannot
/// shorten. Permuting, activating and summing move the rows of all choices that fall to the device and, by kernel, of those
/// that fall to others.
/// Sources: T. Gale et al., "MegaBlocks", MLSys 2023 (grouped products, tiles); vLLM fused_moe and TensorRT-LLM MoE
/// documentation (expert maps, permutation).
public struct MixtureOfExperts: KernelModel {
  /// A layer and its tokens.
  public struct Shape: KernelShape {
    /// Tokens, of all devices of an expert-parallel group.
    public var tokens: Double
    /// Elements of a token.
    public var hidden: Double
    /// Inner elements of an expert on this device.
    public var inner: Double
    /// Experts that a token goes to.
    public var perToken: Double
    /// Whether an expert has a gate: three matrices, not two.
    public var isGated: Bool
    /// Experts of this device.
    public var experts: Double
    /// What falls to this device.
    public var load: ExpertLoad

    /// Sizes of the layer, and how its tokens are spread.
    public static let columns = [
      "tokens", "hidden", "inter", "topk", "experts", "moe_tp", "moe_ep", "distribution",
    ]

    /// A layer; all numbers are above 0.
    public init(
      tokens: Double, hidden: Double, inner: Double, perToken: Double, isGated: Bool = true, experts: Double,
      load: ExpertLoad
    ) {
      self.tokens = tokens
      self.hidden = hidden
      self.inner = inner
      self.perToken = perToken
      self.isGated = isGated
      self.experts = experts
      self.load = load
    }

    /// The layer and the tokens that a row states.
    public init(_ row: KernelRow) throws(KernelRow.Fault) {
      let experts = try row.count("experts")
      let (perToken, devices) = (try row.count("topk"), try row.count("moe_ep"))
      guard perToken <= experts, devices <= experts, experts <= 65_536 else {
        throw KernelRow.Fault(
          column: "experts", why: "'topk' and 'moe_ep' are at most 'experts', which are at most 65,536")
      }
      let remainder = ExpertRouting.Remainder(
        framework: row.text("framework") ?? "", version: row.text("version") ?? "")
      guard let routing = ExpertRouting(row.text("distribution") ?? "", remainder: remainder) else {
        throw KernelRow.Fault(
          column: "distribution", why: "'\((row.text("distribution") ?? "").prefix(40))' is no distribution of tokens")
      }
      let tokens = try row.count("tokens")
      self.init(
        tokens: tokens, hidden: try row.count("hidden"), inner: try row.count("inter") / row.count("moe_tp"),
        perToken: perToken, isGated: row.text("kernel")?.contains("nongated") != true,
        experts: max(1, (experts / devices).rounded(.down)),
        load: ExpertLoad(tokens: tokens, experts: experts, perToken: perToken, devices: devices, routing))
    }

    /// By the tokens that an expert gets.
    public var regimes: [String] {
      [load.tokens <= 16 * load.active ? "few tokens an expert" : "many tokens an expert"]
    }
  }

  /// The operator class.
  public static let name = "moe"
  /// What it is.
  public static let summary = "The experts of a layer on one device."
  /// How work is dealt out.
  public static let variants = ["grouped products", tuned]

  /// Blocks of products come from tables that a framework ships for some numbers of experts and sizes on a chip
  /// (``Chip/tunedExperts``). Others take its default blocks: of 16 tokens where there are fewer tokens than experts,
  /// else of 64.
  private static let tuned = "blocks by table"

  /// Tables are those of Triton's kernels in 16 bits, where some are known.
  public static func variants(of kernel: String, in format: KernelFormat, on chip: Chip) -> [String] {
    let isTriton = kernel.contains("triton") || kernel.contains("fused_moe")
    return isTriton && format.weightBytes == 2 && !chip.tunedExperts.isEmpty ? variants : [variants[0]]
  }

  /// What is fitted.
  public static func parameters(_ variant: String, _ format: KernelFormat) -> [KernelParameter] {
    common
      + (variant == tuned
        ? [KernelParameter("default", .one, 0.6, in: 0.05...1.2, "Rate of default blocks over that of tuned ones.")]
        : [])
  }

  private static var common: [KernelParameter] {
    [
      KernelParameter("launch", .seconds, 1.5e-5, in: 1e-6...3e-4, "Of the layer's kernels beyond their work."),
      KernelParameter("expert", .seconds, 1e-7, in: 1e-10...6e-5, "Of an active expert beyond its work."),
      KernelParameter("walk", .seconds, 2e-6, in: 1e-8...1e-4, "Of a block's way over 1,000 inner elements."),
      KernelParameter("memory", .one, 0.8, in: 0.05...1.3, "Achieved share of peak memory bandwidth."),
      KernelParameter("compute", .one, 0.5, in: 0.01...1.2, "Achieved share of peak arithmetic."),
      KernelParameter("overlap", .one, 1.5, in: 1...8, "Exponent of the soft maximum of the three."),
      KernelParameter("rows", .one, 0.4, in: 0.01...5, "Rate of moving rows over the peak bandwidth of memory."),
      KernelParameter("cache-rate", .one, 1.5, in: 0.02...20, "Rate of the cache over the peak bandwidth of memory."),
      KernelParameter("cache", .one, 0.5, in: 0.01...8, "Bytes of which the cache holds half, over its size."),
      KernelParameter("remote", .one, 0.3, in: 0.005...1, "Share of the cost of a row that falls to another device."),
      KernelParameter("unfilled", .one, 8, in: 0.3...200, "Tokens that an active expert's last tile lacks."),
    ]
  }

  /// Bytes of an element of a row.
  private static let element = 2.0

  private let weightBytes, bandwidth, rate, size: Double
  private let launch, expert, walk, memory, overlap, rows, cacheRate, remote, unfilled: Double
  /// Rate of default blocks over that of tuned ones; nil where no table tells them apart.
  private let untuned: Double?
  private let tables: Set<TunedExperts>

  /// The model with these values.
  public init(_ values: KernelValues, _ variant: String, _ format: KernelFormat, _ chip: Chip) {
    weightBytes = format.weightBytes
    bandwidth = chip.bandwidth
    rate = chip.peak(format.arithmetic) * values["compute"]
    size = chip.cache * values["cache"]
    launch = values["launch"]
    expert = values["expert"]
    walk = values["walk"] / 1000
    memory = values["memory"]
    overlap = values["overlap"]
    rows = bandwidth * values["rows"]
    cacheRate = values["cache-rate"]
    remote = values["remote"]
    unfilled = values["unfilled"]
    untuned = variant == Self.tuned ? values["default"] : nil
    tables = chip.tunedExperts
  }

  /// Seconds of a call.
  public func seconds(_ shape: Shape, _ state: CacheState) -> Double {
    let (active, tokens) = (shape.load.active, shape.load.tokens)
    let weights = (shape.isGated ? 3 : 2) * shape.hidden * shape.inner
    let bytes = active * weights * weightBytes
    let missed = state == .cold ? 1 : Overlap.missed(bytes, size)
    let reading = bytes * ((1 - missed) / cacheRate + missed / memory) / bandwidth
    let (share, lacking) = blocks(shape)
    let computing = 2 * weights * (tokens + active * lacking) / (rate * share)
    let walking = walk * (shape.hidden + shape.inner)
    let away = max(shape.tokens * shape.perToken - tokens, 0)
    let moving = (tokens + remote * away) * (2 * shape.hidden + 5 * shape.inner) * Self.element / rows
    return launch + expert * active + moving
      + Overlap.softMaximum(Overlap.softMaximum(reading, computing, overlap), walking, overlap)
  }

  /// The share of the rate that blocks reach, and the tokens that an expert's last one lacks.
  private func blocks(_ shape: Shape) -> (rate: Double, lacking: Double) {
    guard let untuned, !tables.contains(TunedExperts(experts: shape.experts, inner: shape.inner)) else {
      return (1, unfilled)
    }
    return (untuned, shape.tokens > shape.experts ? 4 * unfilled : unfilled)
  }
}
