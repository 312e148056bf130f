/// The sum of many small effects.
public struct Normal: Distribution {
  /// The expected value.
  public let mean: Double
  /// The standard deviation.
  public let deviation: Double

  /// The law of a mean and a standard deviation; nil unless both are finite and the deviation is not negative.
  public init?(mean: Double, deviation: Double) {
    guard mean.isFinite, deviation.isFinite, deviation >= 0 else { return nil }
    self.mean = mean
    self.deviation = deviation
  }

  /// Draws a value; see ``standard(from:)``.
  @inlinable
  public func draw(from stream: inout RandomStream) -> Double { mean + deviation * Self.standard(from: &stream) }

  /// Draws from mean 0 and deviation 1 by the polar method, with 2.55 words on average.
  ///
  /// The second value the method yields is not kept: it would be a state.
  /// Source: G. Marsaglia and T. A. Bray, "A convenient method for generating normal variables", SIAM Review 6, 1964.
  @inlinable
  public static func standard(from stream: inout RandomStream) -> Double {
    while true {
      let x = 2 * stream.uniform() - 1
      let y = 2 * stream.uniform() - 1
      let s = x * x + y * y
      if s < 1 && s > 0 { return x * (-2 * Elementary.log(s) / s).squareRoot() }
    }
  }
}

/// The product of many small effects: lengths of prompts and answers.
public struct LogNormal: Distribution {
  /// The mean of the logarithm.
  public let location: Double
  /// The standard deviation of the logarithm.
  public let scale: Double

  /// The law of exp(location + scale N(0, 1)); nil unless both are finite and the scale is not negative.
  public init?(location: Double, scale: Double) {
    guard location.isFinite, scale.isFinite, scale >= 0 else { return nil }
    self.location = location
    self.scale = scale
  }

  /// The law of a mean and a coefficient of variation (standard deviation / mean); nil unless the mean is finite and
  /// above zero and the variation finite and not negative.
  public init?(mean: Double, variation: Double) {
    guard mean.isPositiveFinite, variation >= 0, (variation * variation).isFinite else { return nil }
    let square = Elementary.log(1 + variation * variation)
    self.init(location: Elementary.log(mean) - square / 2, scale: square.squareRoot())
  }

  /// Draws a value with 2.55 words on average.
  @inlinable
  public func draw(from stream: inout RandomStream) -> Double {
    Elementary.exp(location + scale * Normal.standard(from: &stream))
  }

  /// exp(location + scale^2 / 2).
  public var mean: Double { Elementary.exp(location + scale * scale / 2) }
}
