/// A product of a matrix of activations and one of weights: y = x W^T.
///
/// A kernel cuts the output into tiles, one for each processor at a time, and perhaps the inner edge into parts that
/// are summed afterwards; the library takes the tile and the split that end first. A tile's time is the longest (soft
/// maximum, p = 4) of its arithmetic, of fetching its operands and of the latency of its inner steps, and then writing
/// it; tiles come in waves over the processors. Reading and writing all operands overlaps with that.
/// Kernels that choose their tile by the rows alone do not split, and walk down the rows: where a wave's operands exceed
/// the cache they are read again by the next. Products of more than 16 rows, one tile of a tensor unit, reach a smaller
/// share of memory's bandwidth on some devices: measurements step there, and say no more.
/// Sources: NVIDIA, "Matrix Multiplication Background User's Guide" (tile and wave quantisation, split-k), 2023;
/// S. Williams, A. Waterman, D. Patterson, "Roofline", CACM 52(4), 2009; tiles as of CUTLASS and
/// cuBLAS, and for those by rows of vLLM, csrc/quantization/w8a8/cutlass/c3x (64 x 64 up to 64 rows, 64 x 128 up to 128,
/// else 128 x 128 in clusters of two).
public struct GEMM: KernelModel {
  /// Sizes of a product.
  public struct Shape: KernelShape {
    /// Rows of activations: tokens.
    public var rows: Double
    /// Columns of the output.
    public var columns: Double
    /// Elements that each output sums over.
    public var inner: Double
    /// What is multiplied between two calls with the same weights.
    public var loop: WeightLoop

    /// Rows, columns and inner elements.
    public static let columns = ["m", "n", "k"]

    /// A product of `rows` x `inner` and `inner` x `columns`, each above 0.
    public init(rows: Double, columns: Double, inner: Double, loop: WeightLoop = .others) {
      self.rows = rows
      self.columns = columns
      self.inner = inner
      self.loop = loop
    }

    /// The product that a row states.
    public init(_ row: KernelRow) throws(KernelRow.Fault) {
      self.init(
        rows: try row.count("m"), columns: try row.count("n"), inner: try row.count("k"), loop: WeightLoop(row))
    }

    /// "layers": weights of 8 million elements and more, as in real layers.
    public var regimes: [String] { columns * inner >= 8e6 ? ["layers"] : [] }
  }

  /// The operator class.
  public static let name = "gemm"
  /// What it is.
  public static let summary = "A product of activations and weights."
  /// Whole waves: the last wave takes as long as a full one (Ampere, Ada). Stream-k: persistent blocks share the last
  /// wave's work (Hopper and later).
  public static let variants = ["whole-waves", "stream-k", "tiles-by-rows"]
  private static let byRows = variants[2]

  /// What is fitted.
  public static func parameters(_ variant: String, _ format: KernelFormat) -> [KernelParameter] {
    let always = [
      KernelParameter("launch", .seconds, 2.5e-6, in: 2e-7...4e-5, "Of a kernel beyond its work."),
      KernelParameter("compute", .one, 0.85, in: 0.2...1.25, "Achieved share of peak arithmetic in large tiles."),
      KernelParameter("memory", .one, 0.85, in: 0.3...1.05, "Achieved share of peak memory bandwidth."),
      KernelParameter(
        "cache", .bytesPerSecond, 5.5e12, in: 5e11...4e13, scale: .bandwidth, "Bandwidth of the shared cache."),
      KernelParameter(
        "fetch", .bytesPerSecond, 8e10, in: 5e9...6e11, scale: .bandwidthPerProcessor,
        "Operands that a processor reads from the shared cache in a second."),
      KernelParameter(
        "store", .bytesPerSecond, 3e10, in: 3e9...1e12, scale: .bandwidthPerProcessor,
        "Outputs that a processor writes in a second, while it does nothing else."),
      KernelParameter("overlap", .one, 3.5, in: 1...12, "Exponent of the soft maximum of memory and tiles."),
    ]
    let tiling =
      variant == byRows
      ? [KernelParameter("hold", .one, 3, in: 0.1...60, "Operands of a wave that stay, in caches.")]
      : [
        KernelParameter("step", .seconds, 1.2e-7, in: 2e-9...8e-7, "Latency of 64 inner elements of a tile."),
        KernelParameter("split", .seconds, 2.4e-6, in: 5e-8...2e-5, "Of summing the parts of a split product."),
      ]
    guard format.quantises else {
      if variant == byRows { return always + tiling }
      return always + tiling + [
        KernelParameter(
          "edge", .one, 0.05, in: 1e-4...1, "Arithmetic lost at the rim of a tile, in tiles of 128 x 128."),
        KernelParameter("tall", .one, 1, in: 0.6...1.4, "Share of memory's rate kept by tiles of more than 16 rows."),
      ]
    }
    return always + tiling + [
      KernelParameter("floor", .seconds, 5e-6, in: 2e-7...4e-5, "The least of a call: the host's dispatch."),
      KernelParameter("row", .seconds, 1e-10, in: 1e-13...2e-8, "Of quantising a row of activations."),
      KernelParameter(
        "quantise", .bytesPerSecond, 2e12, in: 1e11...1e14, scale: .bandwidth,
        "16-bit activations that are quantised in a second."),
    ]
  }

  private static let tiles: [(Double, Double)] = [
    (64, 32), (64, 64), (64, 128), (128, 64), (128, 128), (64, 256), (128, 256), (256, 128),
  ]
  private static let splits: [Double] = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32]
  /// Inner elements of a step.
  private static let step = 64.0
  /// Share of the cache that a repeated call finds filled with its own operands.
  private static let residency = 0.6
  /// Bytes of an output, and of a part that is summed afterwards.
  private static let output = 2.0
  private static let part = 4.0
  /// Rows of the least tile of a tensor unit.
  private static let leastTile = 16.0

  private let chip: Chip
  private let format: KernelFormat
  private let isWhole, isByRows: Bool
  private let tiles: [(rows: Double, columns: Double, secondsPerInner: Double)]
  private let launch, memory, cache, fetch, store, overlap, hold, step, split, floor, row, quantise, tall: Double

  /// The model with these values.
  public init(_ values: KernelValues, _ variant: String, _ format: KernelFormat, _ chip: Chip) {
    self.chip = chip
    self.format = format
    isByRows = variant == Self.byRows
    isWhole = variant != Self.variants[1]
    launch = values["launch"]
    memory = chip.bandwidth * values["memory"]
    cache = values["cache"]
    fetch = values["fetch"]
    store = values["store"]
    overlap = values["overlap"]
    hold = isByRows ? values["hold"] : .infinity
    step = isByRows ? 0 : values["step"]
    split = isByRows ? 0 : values["split"]
    floor = format.quantises ? values["floor"] : 0
    row = format.quantises ? values["row"] : 0
    quantise = format.quantises ? values["quantise"] : .infinity
    tall = format.quantises || isByRows ? 1 : values["tall"]
    let rim = isByRows ? 0 : (format.quantises ? 0.05 : values["edge"]) * 128 * 128
    let rate = chip.peak(format.arithmetic) / chip.processors * values["compute"]
    tiles = Self.tiles.map { rows, columns in
      (rows, columns, 2 * (rows * columns + rim) / rate)
    }
  }

  /// Seconds of a call. Complexity: O(1).
  public func seconds(_ shape: Shape, _ state: CacheState) -> Double {
    let (m, n, k) = (shape.rows, shape.columns, shape.inner)
    let activations = format.activationBytes * m * k
    let outputs = Self.output * m * n
    let weights = format.weightBytes * n * k
    let moving = activations + outputs
    let missed = state == .cold ? 1 : Overlap.missed(moving + weights, Self.residency * chip.cache)
    let found = state == .cold ? 0 : shape.loop.found(weights, on: chip)
    let held = moving * (1 - missed) + weights * found
    let achieved = m > Self.leastTile ? memory * tall : memory
    var traffic = (moving + weights - held) / achieved + held / cache
    if isByRows {
      let tile = Self.tile(rows: m)
      traffic += readAgain(m, n, k, tile) / memory
      let best = Overlap.softMaximum(tileSeconds(m, n, k.rounded(toMultipleOf: 128), 1, only: tile), traffic, overlap)
      return call(best, m, k)
    }
    var best = m == 1 ? Overlap.softMaximum(vectorSeconds(n, k), traffic, overlap) : .infinity
    for parts in Self.splits {
      let inner = (k / parts / Self.step).rounded(.up) * Self.step
      if parts > 1 && inner < 2 * Self.step { break }
      let reduction = parts > 1 ? split + 2 * Self.part * parts * m * n / cache : 0
      if traffic + reduction >= best { continue }
      let busy = tileSeconds(m, n, inner, parts)
      if max(busy, traffic) + reduction >= best { continue }
      best = min(best, Overlap.softMaximum(busy, traffic, overlap) + reduction)
    }
    return call(best, m, k)
  }

  /// Seconds of a call whose product takes `product`.
  private func call(_ product: Double, _ m: Double, _ k: Double) -> Double {
    let call = product + launch + m * row + 2 * m * k / quantise
    // The device waits for the host where that takes longer: nearly a maximum.
    return floor > 0 ? Overlap.softMaximum(call, floor, 8) : call
  }

  /// The place of the tile that is chosen by rows alone.
  private static func tile(rows: Double) -> Int { rows <= 64 ? 1 : rows <= 128 ? 2 : 4 }

  /// Bytes of operands that waves read again, since the cache did not hold them.
  private func readAgain(_ m: Double, _ n: Double, _ k: Double, _ place: Int) -> Double {
    let tile = tiles[place]
    let (down, across) = ((m / tile.rows).rounded(.up), (n / tile.columns).rounded(.up))
    let rows = min(down, chip.processors)
    let columns = min(across, max(chip.processors / rows, 1))
    let wave =
      (rows * tile.rows * format.activationBytes + columns * tile.columns * format.weightBytes) * k
    let all = wave * down * across / (rows * columns)
    let once = (m * format.activationBytes + n * format.weightBytes) * k
    let ratio = wave / (hold * chip.cache)
    return max(all - once, 0) * ratio * ratio / (1 + ratio * ratio)
  }

  /// Seconds until the last processor has done its tiles, with the tile that ends first, or that at the place `only`.
  private func tileSeconds(
    _ m: Double, _ n: Double, _ inner: Double, _ parts: Double, only place: Int? = nil
  ) -> Double {
    let latency = step * inner / Self.step
    let width = parts > 1 ? Self.part : Self.output
    var least = Double.infinity
    for (index, tile) in tiles.enumerated() where place == nil || index == place {
      var down = (m / tile.rows).rounded(.up)
      // Clusters of two along the rows.
      if place != nil, m > 64 { down = down.rounded(toMultipleOf: 2) }
      let count = down * (n / tile.columns).rounded(.up) * parts
      let ratio = count / chip.processors
      let waves = isWhole ? ratio.rounded(.up) : max(ratio, 1)
      let (rows, columns) = (min(tile.rows, m), min(tile.columns, n))
      let arithmetic = tile.secondsPerInner * inner
      let operands = (rows * format.activationBytes + columns * format.weightBytes) * inner / fetch
      let longest = Overlap.fourth(Overlap.fourth(arithmetic, operands), latency)
      least = min(least, waves * (longest + rows * columns * width / store))
    }
    return least
  }

  /// Seconds of a product with one row: 16 columns for each block, whose threads share the inner edge four ways.
  private func vectorSeconds(_ n: Double, _ k: Double) -> Double {
    let ratio = (n / 16).rounded(.up) / chip.processors
    let waves = isWhole ? ratio.rounded(.up) : max(ratio, 1)
    let inner = (k / Self.step).rounded(.up) * Self.step
    let operands = (format.activationBytes + min(16, n) * format.weightBytes) * inner / fetch
    return waves * (Overlap.fourth(operands, step * inner / Self.step / 4) + min(16, n) * Self.output / store)
  }
}

extension Double {
  /// The least multiple of `step` that is not below.
  fileprivate func rounded(toMultipleOf step: Double) -> Double { (self / step).rounded(.up) * step }
}
