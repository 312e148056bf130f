/// Ranks of popularity: rank k of `count` has a probability proportional to k^-exponent.
public struct Zipf: Distribution {
  /// How many ranks there are.
  public let count: Int
  /// How fast popularity falls; 0 makes all ranks alike.
  public let exponent: Double
  @usableFromInline let top: Double
  @usableFromInline let bottom: Double
  @usableFromInline let shortcut: Double

  /// Ranks 1 to `count`; nil unless the count is in 1...2^40 and the exponent in 0...100.
  public init?(count: Int, exponent: Double) {
    guard count >= 1, count <= 1 << 40, exponent >= 0, exponent <= 100 else { return nil }
    self.count = count
    self.exponent = exponent
    top = Self.integral(1.5, exponent) - 1
    bottom = Self.integral(Double(count) + 0.5, exponent)
    shortcut = 2 - Self.inverse(Self.integral(2.5, exponent) - Self.weight(2, exponent), exponent)
  }

  /// Draws a rank by rejection-inversion, with about 1.1 words whatever the count; exact but for rounding.
  ///
  /// Source: W. Hörmann and G. Derflinger, "Rejection-inversion to generate variates from monotone discrete
  /// distributions", ACM TOMACS 6(3), 1996.
  @inlinable
  public func draw(from stream: inout RandomStream) -> Int {
    while true {
      let u = bottom + stream.uniform() * (top - bottom)
      let x = Self.inverse(u, exponent)
      let k = x >= Double(count) ? Double(count) : max(1, (x + 0.5).rounded(.down))
      if k - x <= shortcut || u >= Self.integral(k + 0.5, exponent) - Self.weight(k, exponent) { return Int(k) }
    }
  }

  /// The expected rank. Complexity: O(count).
  public var mean: Double {
    var (weights, ranks) = (0.0, 0.0)
    for k in stride(from: count, through: 1, by: -1) {
      let weight = Self.weight(Double(k), exponent)
      weights += weight
      ranks += weight * Double(k)
    }
    return ranks / weights
  }

  /// x^-exponent.
  @usableFromInline
  static func weight(_ x: Double, _ exponent: Double) -> Double { Elementary.exp(-exponent * Elementary.log(x)) }

  /// The integral of the weight from 1 to x: (x^(1 - exponent) - 1) / (1 - exponent), also where that is 0 / 0.
  @usableFromInline
  static func integral(_ x: Double, _ exponent: Double) -> Double {
    let log = Elementary.log(x)
    let t = (1 - exponent) * log
    if t > 0.01 || t < -0.01 { return (Elementary.exp(t) - 1) / t * log }
    return (1 + t / 2 * (1 + t / 3 * (1 + t / 4 * (1 + t / 5 * (1 + t / 6 * (1 + t / 7)))))) * log
  }

  /// The x whose integral is u.
  @usableFromInline
  static func inverse(_ u: Double, _ exponent: Double) -> Double {
    let t = max(-1, (1 - exponent) * u)
    if t > 0.01 || t < -0.01 { return Elementary.exp(Elementary.log(1 + t) / t * u) }
    let series =
      1 - t * (1 / 2.0 - t * (1 / 3.0 - t * (1 / 4.0 - t * (1 / 5.0 - t * (1 / 6.0 - t * (1 / 7.0 - t / 8))))))
    return Elementary.exp(series * u)
  }
}
