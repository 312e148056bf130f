/// Operators that touch each element of a row once or twice: activations, norms, rotary embedding, lookups, sums,
/// sampling.
///
/// A block takes a row and walks over its elements, which takes a time of its own however few rows there are; many rows
/// are bound by the bytes that they move, from the cache as far as it holds them and from memory beyond.
/// Sources: S. Williams et al., "Roofline", CACM 52, 2009; NVIDIA, "CUDA C++ Best Practices Guide" (L2 residency).
public struct Elementwise: KernelModel {
  /// Equal rows.
  public struct Shape: KernelShape {
    /// Rows: tokens, or sequences that sample.
    public var rows: Double
    /// 16-bit elements that a row reads and writes.
    public var elements: Double

    /// Sizes of the rows.
    public static let columns = ["tokens", "hidden", "inter", "tp"]

    /// Rows of which each reads and writes `elements`; both are above 0.
    public init(rows: Double, elements: Double) {
      self.rows = rows
      self.elements = elements
    }

    /// The rows that a row of measurements states.
    public init(_ row: KernelRow) throws(KernelRow.Fault) {
      self.init(rows: try row.count("tokens"), elements: try ElementwiseRow.elements(row))
    }

    /// By the rows.
    public var regimes: [String] { [rows <= 64 ? "few rows" : "many rows"] }
  }

  /// The operator class.
  public static let name = "elementwise"
  /// The words that measurements have for it.
  public static var operators: [String] { ElementwiseRow.operators }
  /// What it is.
  public static let summary = "Operators that touch each element once or twice."
  /// How work is dealt out.
  public static let variants = ["a row a block"]

  /// What is fitted.
  public static func parameters(_ variant: String, _ format: KernelFormat) -> [KernelParameter] {
    [
      KernelParameter("launch", .seconds, 2.5e-6, in: 1e-7...8e-5, "Of the call beyond its work."),
      KernelParameter("walk", .seconds, 2e-8, in: 1e-12...2e-6, "Of a block's way over 1,000 bytes of its row."),
      KernelParameter("row", .seconds, 1e-9, in: 1e-12...1e-6, "Of a row beyond its bytes."),
      KernelParameter("overlap", .one, 2, in: 1...8, "Exponent of the soft maximum of one row's walk and all bytes."),
      KernelParameter("cache-rate", .one, 1.5, in: 0.02...30, "Rate of the cache over the peak bandwidth of memory."),
      KernelParameter("memory", .one, 0.8, in: 0.05...6, "Achieved share of peak memory bandwidth."),
      KernelParameter("cache", .one, 0.7, in: 0.01...4, "Bytes of which the cache holds half, over its size."),
    ]
  }

  private let elementBytes: Double
  private let bandwidth, size: Double
  private let launch, walk, row, overlap, cacheRate, memory: Double

  /// The model with these values.
  public init(_ values: KernelValues, _ variant: String, _ format: KernelFormat, _ chip: Chip) {
    elementBytes = format.activationBytes
    bandwidth = chip.bandwidth
    size = chip.cache * values["cache"]
    launch = values["launch"]
    walk = values["walk"] / 1000
    row = values["row"]
    overlap = values["overlap"]
    cacheRate = values["cache-rate"]
    memory = values["memory"]
  }

  /// Seconds of a call.
  public func seconds(_ shape: Shape, _ state: CacheState) -> Double {
    let width = shape.elements * elementBytes
    let bytes = shape.rows * width
    let missed = state == .cold ? 1 : Overlap.missed(bytes, size)
    let traffic = bytes * ((1 - missed) / cacheRate + missed / memory) / bandwidth
    return launch + Overlap.softMaximum(walk * width, traffic + row * shape.rows, overlap)
  }
}
