import Foundation

/// Where predictions of a kernel are too slow or too fast: the split of its rows by one size that tells most of their
/// errors apart.
public struct Lean: Hashable, Sendable {
  /// The column of the size.
  public var column: String
  /// The size that parts the rows.
  public var size: Double
  /// Whether the rows that lean have more than `size`, or else that or less.
  public var isAbove: Bool
  /// Geometric mean of predicted / measured there, less 1.
  public var bias: Double

  /// Fewest rows of a side.
  private static let leastRows = 5
  /// A split that explains a smaller share of the errors' variance tells nothing.
  private static let leastShare = 0.1

  /// The lean of rows whose fields are those of `columns`; sizes are parted at their quarters. nil where no split explains a
  /// tenth of the variance of log(predicted / measured).
  init?(_ rows: [KernelAccuracy.Prediction], columns: [String]) {
    let residuals = rows.map { log($0.predicted / $0.measured) }
    let squares = residuals.reduce(0) { $0 + $1 * $1 }
    var best: (lean: Lean, share: Double)?
    for (index, column) in columns.enumerated() {
      let sizes = rows.map { $0.fields.count > index ? Double($0.fields[index]) : nil }
      let sorted = sizes.compactMap(\.self).sorted()
      guard sorted.count == rows.count, sorted.count >= 2 * Self.leastRows else { continue }
      for size in Set([1, 2, 3].map { sorted[sorted.count * $0 / 4] }).sorted() {
        for isAbove in [false, true] {
          let side = residuals.indices.filter { ((sizes[$0] ?? 0) > size) == isAbove }
          guard side.count >= Self.leastRows else { continue }
          let mean = side.reduce(0) { $0 + residuals[$1] } / Double(side.count)
          let share = mean * mean * Double(side.count) / squares
          guard share > best?.share ?? Self.leastShare else { continue }
          best = (Lean(column: column, size: size, isAbove: isAbove, bias: exp(mean) - 1), share)
        }
      }
    }
    guard let best else { return nil }
    self = best.lean
  }

  private init(column: String, size: Double, isAbove: Bool, bias: Double) {
    self.column = column
    self.size = size
    self.isAbove = isAbove
    self.bias = bias
  }
}
