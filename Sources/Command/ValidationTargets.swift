import Calibration
import Hardware

/// What errors the kernels of a device and framework are to stay below, and what bounds those that do not.
struct ValidationTarget {
  /// Words that tables have for it.
  let name: String
  /// Greatest mean error.
  let limit: Double
  /// The regime that it holds for.
  let regime: String
  /// The rows of a table that it is about.
  let covers: @Sendable (KernelGroup.Key) -> Bool

  private static let mostMeasured: Set = ["a100-sxm", "h100-sxm", "h200-sxm"]
  private static let exchanges: Set = ["all_reduce", "all_gather", "reduce_scatter", "alltoall", "send_recv"]
  private static let elementwise = Set(Elementwise.operators)

  /// All of them, in the order of tables.
  static let all = [
    ValidationTarget(name: "bf16 products of layers", limit: 0.065, regime: "layers") {
      $0.operatorName == "gemm" && $0.format == "bf16" && mostMeasured.contains($0.device)
    },
    ValidationTarget(name: "bf16 products", limit: 0.1, regime: "all") {
      $0.operatorName == "gemm" && $0.format == "bf16" && mostMeasured.contains($0.device)
    },
    ValidationTarget(name: "fp8 products", limit: 0.1, regime: "all") {
      $0.operatorName == "gemm" && $0.format == "fp8"
    },
    ValidationTarget(name: "decode attention, serving", limit: 0.08, regime: "serving") {
      $0.operatorName == "attention_decode"
    },
    ValidationTarget(name: "decode attention", limit: 0.12, regime: "all") { $0.operatorName == "attention_decode" },
    ValidationTarget(name: "prefill attention", limit: 0.1, regime: "all") { $0.operatorName == "attention_prefill" },
    ValidationTarget(name: "chunked mixed attention", limit: 0.12, regime: "all") {
      $0.operatorName == "attention_mixed"
    },
    ValidationTarget(name: "mixtures of experts", limit: 0.14, regime: "all") {
      $0.operatorName == "moe" && $0.framework != "medley"
    },
    ValidationTarget(name: "custom all-reduce", limit: 0.09, regime: "all") { $0.operatorName == "custom_allreduce" },
    ValidationTarget(name: "library exchanges", limit: 0.12, regime: "all") { exchanges.contains($0.operatorName) },
    ValidationTarget(name: "elementwise", limit: 0.12, regime: "all") { elementwise.contains($0.operatorName) },
  ]

  /// A target on one device and framework.
  struct Outcome {
    /// The target.
    var target: ValidationTarget
    /// The device and the framework.
    var device, framework: String
    /// Rows compared.
    var rows: Int
    /// The mean error, each row counted once.
    var meanError: Double
    /// The mean scatter of neighbouring measurements; nil where fewer than ten rows are neighbours.
    var scatter: Double?
    /// Where the kernel that adds most to the error leans.
    var lean: Lean?

    /// Whether the error is within the target.
    var isMet: Bool { meanError <= target.limit }

    /// What bounds it: the scatter where that alone is above the target or makes up most of the error, else what the formula
    /// lacks and where.
    var bound: String {
      if let scatter, scatter >= target.limit { return "scatter, which is above the target" }
      if let scatter, scatter >= 0.6 * meanError { return "mostly scatter" }
      let why = scatter == nil ? "too few neighbours to tell scatter" : "a regime that the formula lacks"
      guard let lean else { return "\(why), not told by one size" }
      let side = "\(lean.column) \(lean.isAbove ? "above" : "to") \(Int(lean.size))"
      return "\(why); \(side): \(KernelText.percent(abs(lean.bias))) too \(lean.bias > 0 ? "slow" : "fast")"
    }
  }

  /// The outcomes of all targets that `rows` are about, by target, device and framework.
  static func outcomes(_ rows: [KernelAccuracy]) -> [Outcome] {
    all.flatMap { target in
      let own = rows.filter { $0.regime == target.regime && target.covers($0.key) }
      let places = Dictionary(grouping: own) { [$0.key.device, $0.key.framework] }
      return places.keys.sorted { $0.lexicographicallyPrecedes($1) }.compactMap { place -> Outcome? in
        guard let rows = places[place] else { return nil }
        func mean(_ values: [(share: Double, rows: Int)]) -> Double? {
          let count = values.reduce(0) { $0 + $1.rows }
          return count == 0 ? nil : values.reduce(0) { $0 + $1.share * Double($1.rows) } / Double(count)
        }
        guard let error = mean(rows.map { ($0.meanError, $0.rows) }) else { return nil }
        let neighbours = rows.reduce(0) { $0 + $1.neighbours }
        let worst = rows.max { $0.meanError * Double($0.rows) < $1.meanError * Double($1.rows) }
        return Outcome(
          target: target, device: place[0], framework: place[1], rows: rows.reduce(0) { $0 + $1.rows },
          meanError: error,
          scatter: neighbours < 10 ? nil : mean(rows.compactMap { row in row.scatter.map { ($0, row.neighbours) } }),
          lean: worst?.lean)
      }
    }
  }
}
