/// How often each length occurred: exact, in memory for the pages of lengths that did.
public struct CountTable: Hashable, Sendable {
  private static let pageBits = 12
  private var pages: [[UInt32]] = []

  /// Values counted.
  public private(set) var count = 0
  /// Their sum.
  public private(set) var sum = 0
  /// The largest; 0 where there is none.
  public private(set) var maximum: Int32 = 0

  /// A table of nothing.
  public init() {}

  /// Counts a value from 0 to `Request.tokenLimit`.
  public mutating func add(_ value: Int32) {
    let page = Int(value) >> Self.pageBits
    while pages.count <= page { pages.append([]) }
    if pages[page].isEmpty { pages[page] = [UInt32](repeating: 0, count: 1 << Self.pageBits) }
    pages[page][Int(value) & (1 << Self.pageBits - 1)] &+= 1
    count += 1
    sum += Int(value)
    maximum = max(maximum, value)
  }

  /// The mean; 0 where there is no value.
  public var mean: Double { count > 0 ? Double(sum) / Double(count) : 0 }

  /// The standard deviation over the mean; 0 where there is no value. Complexity: O(largest value).
  public var variation: Double {
    guard count > 0, sum > 0 else { return 0 }
    var squares = 0.0
    forEach { squares += Double($1) * (Double($0) - mean) * (Double($0) - mean) }
    return (squares / Double(count)).squareRoot() / mean
  }

  /// The least value that a share of the values does not exceed; 0 where there is none.
  /// Complexity: O(largest value).
  public func quantile(_ share: Double) -> Int32 { quantiles([share])[0] }

  /// ``quantile(_:)`` of shares that rise.
  public func quantiles(_ shares: [Double]) -> [Int32] {
    var found: [Int32] = []
    var seen = 0
    forEach { value, times in
      seen += times
      while found.count < shares.count, Double(seen) >= shares[found.count] * Double(count) * (1 - 1e-12) {
        found.append(value)
      }
    }
    while found.count < shares.count { found.append(maximum) }
    return found
  }

  /// How many values lie in each range [2^k, 2^(k+1)), from k = 0 up to the largest that has any.
  public var octaves: [Int] {
    var octaves: [Int] = []
    forEach { value, times in
      let octave = 31 - max(1, value).leadingZeroBitCount
      while octaves.count <= octave { octaves.append(0) }
      octaves[octave] += times
    }
    return octaves
  }

  /// Calls `body` with each value that occurred, in ascending order, and how often it did.
  public func forEach(_ body: (Int32, Int) -> Void) {
    for (number, page) in pages.enumerated() {
      for (offset, times) in page.enumerated() where times > 0 {
        body(Int32(number << Self.pageBits + offset), Int(times))
      }
    }
  }

  /// The greatest distance between the shares of values up to a length in this table and in another: the statistic of
  /// Kolmogorov and Smirnov; 0 where one is empty.
  public func distance(to other: CountTable) -> Double {
    guard count > 0, other.count > 0 else { return 0 }
    var mine: [(Int32, Int)] = []
    var theirs: [(Int32, Int)] = []
    forEach { mine.append(($0, $1)) }
    other.forEach { theirs.append(($0, $1)) }
    var (i, j, a, b, distance) = (0, 0, 0, 0, 0.0)
    while i < mine.count || j < theirs.count {
      let value = min(i < mine.count ? mine[i].0 : .max, j < theirs.count ? theirs[j].0 : .max)
      if i < mine.count, mine[i].0 == value {
        a += mine[i].1
        i += 1
      }
      if j < theirs.count, theirs[j].0 == value {
        b += theirs[j].1
        j += 1
      }
      distance = max(distance, abs(Double(a) / Double(count) - Double(b) / Double(other.count)))
    }
    return distance
  }
}
