/// Order statistics of unsorted values.
enum OrderStatistics {
  /// The position, from 0, of the smallest of `count` ordered values with at least the fraction `fraction` of them at
  /// or below it (nearest rank); `count` at least 1.
  static func rank(_ fraction: Double, of count: Int) -> Int {
    // The factor keeps products that are whole but for rounding, such as 0.07 * 100, from being rounded up.
    let position = (fraction * Double(count) * (1 - 1e-12)).rounded(.up)
    return min(count - 1, max(0, Int(position) - 1))
  }

  /// Reorders `values` so that those at `ranks`, which are in increasing order, are where sorting would put them.
  ///
  /// Complexity: O(n log ranks) on average, O(n log n) at worst. Source: C. A. R. Hoare, "Algorithm 65: find",
  /// CACM 4(7), 1961, with the median of three as pivot.
  static func select<T: Comparable>(_ values: inout [T], at ranks: [Int]) {
    values.withUnsafeMutableBufferPointer { buffer in
      select(
        buffer, from: 0, to: buffer.count, at: ranks[...], depth: 2 * (Int.bitWidth - buffer.count.leadingZeroBitCount))
    }
  }

  private static func select<T: Comparable>(
    _ values: UnsafeMutableBufferPointer<T>, from start: Int, to end: Int, at ranks: ArraySlice<Int>, depth: Int
  ) {
    guard !ranks.isEmpty else { return }
    guard end - start > 32, depth > 0 else {
      values[start..<end].sort()
      return
    }
    let (a, b, c) = (values[start], values[(start + end) / 2], values[end - 1])
    let pivot = max(min(a, b), min(max(a, b), c))
    var (low, high) = (start, end - 1)
    while low <= high {
      while values[low] < pivot { low += 1 }
      while pivot < values[high] { high -= 1 }
      if low <= high {
        values.swapAt(low, high)
        low += 1
        high -= 1
      }
    }
    // Now start...high is at most the pivot, low..<end at least, and what is between equals it.
    let left = ranks.prefix { $0 <= high }
    let right = ranks.drop { $0 < low }
    select(values, from: start, to: high + 1, at: left, depth: depth - 1)
    select(values, from: low, to: end, at: right, depth: depth - 1)
  }
}

/// A sum of non-negative 64-bit numbers without overflow, for up to 2^31 of them.
struct LongSum: Hashable {
  private var high: Int64 = 0
  private var low: Int64 = 0

  @inline(__always)
  static func += (sum: inout LongSum, value: Int64) {
    sum.high += value >> 32
    sum.low += value & 0xffff_ffff
  }

  /// The sum as a floating-point number, rounded twice.
  var value: Double { Double(high) * 0x1p32 + Double(low) }
  /// The sum of picoseconds in seconds.
  var seconds: Double { value / 1e12 }
}
