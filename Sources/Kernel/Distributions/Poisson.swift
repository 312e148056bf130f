/// How many events of a memoryless process fall into an interval.
public struct Poisson: Distribution {
  /// The expected number.
  public let mean: Double
  @usableFromInline let logMean: Double
  @usableFromInline let zero: Double
  @usableFromInline let b: Double
  @usableFromInline let a: Double
  @usableFromInline let inverseAlpha: Double
  @usableFromInline let vr: Double

  /// The law of a mean; nil unless it is in 0...1e9.
  public init?(mean: Double) {
    guard mean >= 0, mean <= 1e9 else { return nil }
    self.mean = mean
    logMean = Elementary.log(mean)
    zero = Elementary.exp(-mean)
    b = 0.931 + 2.53 * mean.squareRoot()
    a = -0.059 + 0.02483 * b
    inverseAlpha = 1.1239 + 1.1328 / (b - 3.4)
    vr = 0.9277 - 3.6224 / (b - 2)
  }

  /// Draws a number; exact but for the rounding of logarithms of factorials.
  ///
  /// Means below 10 multiply uniform numbers (D. E. Knuth, The Art of Computer Programming 2, section 3.4.1) with
  /// mean + 1 words; others take the transformed rejection PTRS with about 2.6 words (W. Hörmann, "The transformed
  /// rejection method for generating Poisson random variables", Insurance: Mathematics and Economics 12, 1993).
  @inlinable
  public func draw(from stream: inout RandomStream) -> Int {
    if mean < 10 {
      var count = 0
      var product = stream.positiveUniform()
      while product > zero {
        count += 1
        product *= stream.positiveUniform()
      }
      return count
    }
    while true {
      let u = stream.uniform() - 0.5
      let v = stream.positiveUniform()
      let us = 0.5 - (u < 0 ? -u : u)
      if us <= 0 { continue }
      let k = ((2 * a / us + b) * u + mean + 0.43).rounded(.down)
      if us >= 0.07 && v <= vr { return Int(k) }
      if k < 0 || (us < 0.013 && v > us) { continue }
      let accept = Elementary.log(v * inverseAlpha / (a / (us * us) + b))
      if accept <= k * logMean - mean - LogFactorial.of(k) { return Int(k) }
    }
  }
}

/// Logarithms of factorials and of the gamma function.
@usableFromInline
enum LogFactorial {
  /// log k! for a whole number k >= 0, with a relative error of some 1e-15.
  @usableFromInline
  static func of(_ k: Double) -> Double { gamma(k + 1) }

  /// log Gamma(x) for x > 0: Stirling's series at 10 or above, where the first term left out is below
  /// 1e-15, reached by Gamma(x + 1) = x Gamma(x).
  ///
  /// Source: M. Abramowitz and I. A. Stegun, Handbook of Mathematical Functions, 6.1.41.
  @usableFromInline
  static func gamma(_ x: Double) -> Double {
    var (y, product) = (x, 1.0)
    while y < 10 {
      product *= y
      y += 1
    }
    let r = 1 / y
    let s = r * r
    let tail = 1 / 1260.0 - s * (1 / 1680.0 - s * (1 / 1188.0 - s * (691 / 360360.0)))
    let series = r * (1 / 12.0 - s * (1 / 360.0 - s * tail))
    // Half of log 2 pi.
    let stirling = (y - 0.5) * Elementary.log(y) - y + 0.9189385332046728 + series
    return product == 1 ? stirling : stirling - Elementary.log(product)
  }
}
