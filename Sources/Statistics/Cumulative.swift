import CGSL

/// Cumulative distribution functions: the probability of a value at most `x`. NaN for parameters out of range.
///
/// Source: GNU Scientific Library; about 1e-14 relative unless its manual says otherwise.
public enum Cumulative {
  /// Of the normal law.
  public static func normal(_ x: Double, mean: Double = 0, deviation: Double = 1) -> Double {
    GSLErrors.returnThem()
    return deviation > 0 ? gsl_cdf_gaussian_P(x - mean, deviation) : .nan
  }

  /// Of the exponential law.
  public static func exponential(_ x: Double, mean: Double) -> Double {
    GSLErrors.returnThem()
    return mean > 0 ? gsl_cdf_exponential_P(x, mean) : .nan
  }

  /// Of the gamma law with mean shape * scale.
  public static func gamma(_ x: Double, shape: Double, scale: Double) -> Double {
    GSLErrors.returnThem()
    return shape > 0 && scale > 0 ? gsl_cdf_gamma_P(x, shape, scale) : .nan
  }

  /// Of exp(location + scale N(0, 1)).
  public static func logNormal(_ x: Double, location: Double, scale: Double) -> Double {
    GSLErrors.returnThem()
    if !(scale > 0) { return .nan }
    return x <= 0 ? 0 : gsl_cdf_lognormal_P(x, location, scale)
  }

  /// Of the Weibull law 1 - exp(-(x / scale)^shape).
  public static func weibull(_ x: Double, shape: Double, scale: Double) -> Double {
    GSLErrors.returnThem()
    if !(shape > 0 && scale > 0) { return .nan }
    return x <= 0 ? 0 : gsl_cdf_weibull_P(x, scale, shape)
  }

  /// Of the Poisson law; 0 for numbers below 0.
  public static func poisson(_ count: Int, mean: Double) -> Double {
    GSLErrors.returnThem()
    if !(mean > 0) { return .nan }
    return count < 0 ? 0 : gsl_cdf_poisson_P(UInt32(clamping: count), mean)
  }

  /// Of the chi-square law.
  public static func chiSquare(_ x: Double, freedom: Double) -> Double {
    GSLErrors.returnThem()
    return freedom > 0 ? gsl_cdf_chisq_P(x, freedom) : .nan
  }

  /// Of Student's t.
  public static func studentT(_ x: Double, freedom: Double) -> Double {
    GSLErrors.returnThem()
    return freedom > 0 ? gsl_cdf_tdist_P(x, freedom) : .nan
  }

  /// The value below which Student's t falls with a probability in 0...1.
  public static func studentTQuantile(_ probability: Double, freedom: Double) -> Double {
    GSLErrors.returnThem()
    return freedom > 0 && probability >= 0 && probability <= 1 ? gsl_cdf_tdist_Pinv(probability, freedom) : .nan
  }

  /// The value below which the standard normal law falls with a probability in 0...1.
  public static func normalQuantile(_ probability: Double) -> Double {
    GSLErrors.returnThem()
    return probability >= 0 && probability <= 1 ? gsl_cdf_ugaussian_Pinv(probability) : .nan
  }
}
