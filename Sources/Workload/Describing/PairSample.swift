import Kernel

/// Prompt and output lengths of some requests, each as likely as the others to be among them, and the correlation of
/// the lengths of all.
public struct PairSample: Hashable, Sendable {
  /// Most pairs that are held.
  public static let limit = 1 << 16

  /// Pairs of prompt and output tokens: all where there are no more than ``limit``.
  public private(set) var pairs: [Pair] = []
  private var count = 0
  private var sums = (0.0, 0.0)
  private var squares = (0.0, 0.0, 0.0)
  private let family = RandomFamily(seed: 0, consumer: .resampling)

  /// The lengths of a request.
  public struct Pair: Hashable, Sendable {
    /// Tokens of the prompt.
    public var prompt: Int32
    /// Tokens of the output.
    public var output: Int32
  }

  /// A sample of nothing.
  public init() {}

  /// Counts a request. Source: J. S. Vitter, "Random sampling with a reservoir", ACM TOMS 11(1), 1985, algorithm R.
  public mutating func add(_ prompt: Int32, _ output: Int32) {
    let (x, y) = (Elementary.log(Double(prompt)), Elementary.log(Double(output)))
    count += 1
    sums.0 += x
    sums.1 += y
    squares.0 += x * x
    squares.1 += x * y
    squares.2 += y * y
    guard pairs.count == Self.limit else { return pairs.append(Pair(prompt: prompt, output: output)) }
    var stream = family.stream(UInt64(count))
    let place = stream.below(UInt64(count))
    if place < UInt64(Self.limit) { pairs[Int(place)] = Pair(prompt: prompt, output: output) }
  }

  /// The correlation of the logarithms of the lengths; nil where one of them does not vary.
  public var logCorrelation: Double? {
    let n = Double(max(1, count))
    let variances = (squares.0 - sums.0 * sums.0 / n, squares.2 - sums.1 * sums.1 / n)
    guard count > 1, variances.0 > 1e-9 * squares.0, variances.1 > 1e-9 * squares.2 else { return nil }
    return (squares.1 - sums.0 * sums.1 / n) / (variances.0 * variances.1).squareRoot()
  }

  /// Spearman's rank correlation of the pairs, equal lengths sharing their mean rank; nil where one of the lengths does
  /// not vary. Complexity: O(n log n).
  public var rankCorrelation: Double? {
    let (x, y) = (Self.ranks(pairs.map(\.prompt)), Self.ranks(pairs.map(\.output)))
    let middle = Double(pairs.count - 1) / 2
    var (xx, xy, yy) = (0.0, 0.0, 0.0)
    for (a, b) in zip(x, y) {
      xx += (a - middle) * (a - middle)
      xy += (a - middle) * (b - middle)
      yy += (b - middle) * (b - middle)
    }
    return xx > 0 && yy > 0 ? xy / (xx * yy).squareRoot() : nil
  }

  private static func ranks(_ values: [Int32]) -> [Double] {
    let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
    var ranks = [Double](repeating: 0, count: values.count)
    var start = 0
    while start < order.count {
      var end = start
      while end + 1 < order.count, values[order[end + 1]] == values[order[start]] { end += 1 }
      for place in start...end { ranks[order[place]] = Double(start + end) / 2 }
      start = end + 1
    }
    return ranks
  }

  /// Whether both counted the same requests.
  public static func == (a: PairSample, b: PairSample) -> Bool { a.count == b.count && a.pairs == b.pairs }
  /// Hashes the number of requests.
  public func hash(into hasher: inout Hasher) { hasher.combine(count) }
}
