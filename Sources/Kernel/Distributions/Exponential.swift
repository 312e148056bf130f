/// Times between events of a memoryless process.
public struct Exponential: Distribution {
  /// The expected value.
  public let mean: Double

  /// The law of a mean; nil unless it is finite and above zero.
  public init?(mean: Double) {
    guard mean.isPositiveFinite else { return nil }
    self.mean = mean
  }

  /// Draws a value by inversion, with one word: -mean log U with U in (0, 1]; at most 36.8 means, 2^-53 the rarest.
  @inlinable
  public func draw(from stream: inout RandomStream) -> Double { -mean * Elementary.log(stream.positiveUniform()) }
}

/// Times to failure whose rate rises (shape above 1) or falls (below 1) with age.
public struct Weibull: Distribution {
  /// 1 gives an exponential law.
  public let shape: Double
  /// The value below which 1 - 1/e of all fall.
  public let scale: Double
  @usableFromInline let exponent: Double

  /// The law with F(x) = 1 - exp(-(x / scale)^shape); nil unless both are finite and above zero.
  public init?(shape: Double, scale: Double) {
    guard shape.isPositiveFinite, scale.isPositiveFinite, (1 / shape).isFinite else { return nil }
    self.shape = shape
    self.scale = scale
    exponent = 1 / shape
  }

  /// The law of a mean and a coefficient of variation (standard deviation / mean); nil unless the mean is finite and
  /// above zero and the variation within 0.001 to 100.
  ///
  /// log(1 + variation^2) = log Gamma(1 + 2 / shape) - 2 log Gamma(1 + 1 / shape), which rises with 1 / shape, is
  /// solved by bisection.
  public init?(mean: Double, variation: Double) {
    guard mean.isPositiveFinite, variation >= 0.001, variation <= 100 else { return nil }
    let wanted = Elementary.log(1 + variation * variation)
    var (low, high) = (0.0, 16.0)
    for _ in 0..<80 {
      let middle = (low + high) / 2
      let spread = LogFactorial.gamma(1 + 2 * middle) - 2 * LogFactorial.gamma(1 + middle)
      if spread < wanted { low = middle } else { high = middle }
    }
    let exponent = (low + high) / 2
    self.init(shape: 1 / exponent, scale: mean / Elementary.exp(LogFactorial.gamma(1 + exponent)))
  }

  /// Draws a value by inversion, with one word.
  @inlinable
  public func draw(from stream: inout RandomStream) -> Double {
    scale * Elementary.pow(-Elementary.log(stream.positiveUniform()), exponent)
  }

  /// scale Gamma(1 + 1 / shape).
  public var mean: Double { scale * Elementary.exp(LogFactorial.gamma(1 + exponent)) }
}
