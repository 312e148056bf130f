import Kernels

/// How far predictions from micro-benchmarks are from what the same run measured, for one operator.
public struct ProcessorErrors: Hashable, Sendable {
  /// What was predicted.
  public var `operator`: Timing.Operator
  /// Threads that ran it.
  public var threads: Int
  /// The format of weights; nil where all are taken together.
  public var format: WeightFormat?
  /// Rows.
  public var rows: Int
  /// Mean of |predicted / measured - 1|.
  public var mean: Double
  /// Median of |predicted / measured - 1|.
  public var median: Double
  /// Greatest of |predicted / measured - 1|.
  public var worst: Double
  /// Mean of predicted / measured - 1.
  public var bias: Double
  /// Median of the rows' own spreads: the distance of their quartiles as a share of the median.
  public var spread: Double

  /// The errors by threads and operator, each for all formats together and then for each.
  public static func table(_ comparisons: [ProcessorFit.Comparison]) -> [ProcessorErrors] {
    var table: [ProcessorErrors] = []
    for threads in Set(comparisons.map(\.timing.threads)).sorted() {
      for kind in Timing.Operator.allCases {
        let rows = comparisons.filter { $0.timing.threads == threads && $0.timing.operator == kind }
        for format in [nil] + WeightFormat.allCases.map(Optional.some) {
          let own = format.map { format in rows.filter { $0.timing.format == format.rawValue } } ?? rows
          if let errors = ProcessorErrors(own, kind, threads, format) { table.append(errors) }
        }
      }
    }
    return table
  }

  private init?(
    _ rows: [ProcessorFit.Comparison], _ kind: Timing.Operator, _ threads: Int, _ format: WeightFormat?
  ) {
    guard !rows.isEmpty else { return nil }
    let count = Double(rows.count)
    func middle(_ values: [Double]) -> Double {
      let sorted = values.sorted()
      return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }
    let sizes = rows.map { abs($0.error) }
    `operator` = kind
    self.threads = threads
    self.format = format
    self.rows = rows.count
    mean = sizes.reduce(0, +) / count
    median = middle(sizes)
    worst = sizes.max() ?? 0
    bias = rows.reduce(0) { $0 + $1.error } / count
    spread = middle(rows.map(\.timing.spread))
  }
}
