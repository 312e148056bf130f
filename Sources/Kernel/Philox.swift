/// The counter-based generator Philox2x64-10: a keyed bijection of 128-bit counters whose outputs pass BigCrush.
///
/// Source: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC '11;
/// tested against the vectors published with their Random123.
/// Complexity: O(1), about 10 ns for two words.
public enum Philox {
  /// The two words at the counter (`low`, `high`) under a key.
  @inlinable @inline(__always)
  public static func block(_ low: UInt64, _ high: UInt64, key: UInt64) -> (UInt64, UInt64) {
    var (a, b, roundKey) = (low, high, key)
    for _ in 0..<10 {
      let product = a.multipliedFullWidth(by: 0xd2b7_4407_b1ce_6e93)
      a = product.high ^ roundKey ^ b
      b = product.low
      roundKey &+= 0x9e37_79b9_7f4a_7c15
    }
    return (a, b)
  }
}
