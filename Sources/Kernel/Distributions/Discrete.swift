/// One of a list of choices, each with its weight.
public struct Discrete: Distribution {
  /// How many choices there are.
  public var count: Int { columns.count }
  /// The expected index.
  public let mean: Double
  @usableFromInline let columns: [Column]

  @usableFromInline
  struct Column: Sendable {
    /// The part of the column that is its own.
    @usableFromInline var own: Double
    /// Whose the rest is.
    @usableFromInline var alias: Int
  }

  /// Choices 0 to n - 1 with probabilities proportional to their weights; nil unless there are 1 to 2^32 of them, all
  /// finite and not negative, with a finite sum above zero. Complexity: O(n).
  public init?(weights: [Double]) {
    guard weights.allSatisfy({ $0 >= 0 && $0.isFinite }), weights.count <= 1 << 32 else { return nil }
    let total = weights.reduce(0, +)
    guard total.isPositiveFinite else { return nil }
    var heights = weights.map { $0 / total * Double(weights.count) }
    var columns = weights.indices.map { Column(own: 1, alias: $0) }
    var small = weights.indices.filter { heights[$0] < 1 }
    var large = weights.indices.filter { heights[$0] >= 1 }
    while let low = small.last, let high = large.last {
      small.removeLast()
      columns[low] = Column(own: heights[low], alias: high)
      heights[high] -= 1 - heights[low]
      if heights[high] < 1 {
        large.removeLast()
        small.append(high)
      }
    }
    // What is left is 1 but for rounding; a choice of weight 0 is never left, since then all the rest is above 1.
    self.columns = columns
    mean = weights.indices.reduce(0) { $0 + Double($1) * (weights[$1] / total) }
  }

  /// Draws an index with two words. Complexity: O(1).
  ///
  /// Source: M. D. Vose, "A linear algorithm for generating random numbers with a given distribution", IEEE
  /// Transactions on Software Engineering 17(9), 1991.
  @inlinable
  public func draw(from stream: inout RandomStream) -> Int {
    let index = Int(truncatingIfNeeded: stream.below(UInt64(columns.count)))
    let column = columns[index]
    return stream.uniform() < column.own ? index : column.alias
  }
}
