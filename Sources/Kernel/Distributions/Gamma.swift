/// Times between arrivals that are burstier (shape below 1) or steadier (above 1) than a memoryless process.
public struct Gamma: Distribution {
  /// 1 / the square of the coefficient of variation.
  public let shape: Double
  /// mean / shape.
  public let scale: Double
  @usableFromInline let d: Double
  @usableFromInline let c: Double

  /// The law with density proportional to x^(shape - 1) exp(-x / scale); nil unless both are finite and above zero.
  public init?(shape: Double, scale: Double) {
    guard shape.isPositiveFinite, scale.isPositiveFinite else { return nil }
    self.shape = shape
    self.scale = scale
    d = (shape < 1 ? shape + 1 : shape) - 1 / 3.0
    c = 1 / (9 * d).squareRoot()
  }

  /// The law of a mean and a coefficient of variation (standard deviation / mean); nil unless both are finite and
  /// above zero.
  public init?(mean: Double, variation: Double) {
    let square = variation * variation
    guard variation > 0 else { return nil }
    self.init(shape: 1 / square, scale: mean * square)
  }

  /// Draws a value with about 4 words; exact.
  ///
  /// Shapes below 1 draw from shape + 1 and multiply by U^(1 / shape), which for shapes below 0.05 may fall to 0.
  /// Source: G. Marsaglia and W. W. Tsang, "A simple method for generating gamma variables", ACM TOMS 26(3), 2000.
  @inlinable
  public func draw(from stream: inout RandomStream) -> Double {
    let factor = shape < 1 ? scale * Elementary.pow(stream.positiveUniform(), 1 / shape) : scale
    while true {
      let x = Normal.standard(from: &stream)
      let root = 1 + c * x
      if root <= 0 { continue }
      let v = root * root * root
      let u = stream.positiveUniform()
      let square = x * x
      if u < 1 - 0.0331 * square * square || Elementary.log(u) < 0.5 * square + d * (1 - v + Elementary.log(v)) {
        return factor * d * v
      }
    }
  }

  /// shape scale.
  public var mean: Double { shape * scale }
}
