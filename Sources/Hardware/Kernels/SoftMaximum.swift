import Kernel

/// The times of two resources that a kernel uses at once.
enum Overlap {
  /// (a^p + b^p)^(1/p) for a, b >= 0: the longer where they overlap entirely (large p), the sum where not at all
  /// (p = 1). Complexity: two powers.
  static func softMaximum(_ a: Double, _ b: Double, _ p: Double) -> Double {
    let (longer, shorter) = a > b ? (a, b) : (b, a)
    guard shorter > 0 else { return longer }
    // Below this ratio the shorter adds less than 1e-12 even at p = 1.
    guard shorter > longer * 1e-12 else { return longer }
    return longer * Elementary.pow(1 + Elementary.pow(shorter / longer, p), 1 / p)
  }

  /// The soft maximum with p = 4, by square roots.
  static func fourth(_ a: Double, _ b: Double) -> Double {
    let (x, y) = (a * a, b * b)
    return (x * x + y * y).squareRoot().squareRoot()
  }

  /// The share of `bytes` that a cache of `capacity` does not hold: near 0 below it, near 1 above, 1/2 at it.
  static func missed(_ bytes: Double, _ capacity: Double) -> Double {
    let x = bytes / capacity
    let fourth = x * x * x * x
    return fourth / (1 + fourth)
  }
}
