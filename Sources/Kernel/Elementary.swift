/// Exponentials, logarithms and powers that give the same bits on every machine: only + - * and / of `Double`.
///
/// The platform's own differ between versions and processors, and a last bit of difference becomes another
/// trajectory. Swift contracts no products and sums, so these are the operations written, rounded each to nearest.
public enum Elementary {
  /// e to the power `x`, within 1 ulp of the truth (0.83 the worst of 150,000 against 120 bits).
  ///
  /// Infinity above 709.782712893384, 0 below -745.1332191019412, NaN for NaN; subnormal results are rounded twice
  /// and within 1 ulp of their own.
  /// x = k ln 2 + r with |r| <= ln 2 / 2 (W. J. Cody and W. Waite, 1980) and the Taylor series of degree 13, whose
  /// remainder is below 5e-18.
  public static func exp(_ x: Double) -> Double {
    if !(x <= 709.782712893384) { return x.isNaN ? x : .infinity }
    if x < -745.1332191019412 { return 0 }
    // Adding and taking away 1.5 * 2^52 rounds to a whole number.
    let k = (x * 1.4426950408889634 + 0x1.8p52) - 0x1.8p52
    // The upper part of ln 2 has 33 bits, so that its product with k is exact.
    let high = x - k * 0x1.62e42feep-1
    let low = k * 0x1.a39ef35793c76p-33
    let r = high - low
    let lost = (high - r) - low
    let s = r * r
    // Taylor coefficients 1/2! to 1/13!, in pairs, to shorten the chain of operations.
    let p2 = 0.5 + r * 0x1.5555555555555p-3
    let p4 = 0x1.5555555555555p-5 + r * 0x1.1111111111111p-7
    let p6 = 0x1.6c16c16c16c17p-10 + r * 0x1.a01a01a01a01ap-13
    let p8 = 0x1.a01a01a01a01ap-16 + r * 0x1.71de3a556c734p-19
    let p10 = 0x1.27e4fb7789f5cp-22 + r * 0x1.ae64567f544e4p-26
    let p12 = 0x1.1eed8eff8d898p-29 + r * 0x1.6124613a86d09p-33
    let q = s * s
    let series = (p2 + s * p4) + q * ((p6 + s * p8) + q * (p10 + s * p12))
    // exp(r + lost) = 1 + (r + (lost + lost r + s series)); lost r is far below the last bit kept.
    let result = 1 + (r + (lost + s * series))
    return scale(result, Int(k))
  }

  /// `x` times 2 to the power `k`, for `x` in [0.5, 2] and |k| < 1,100.
  @inline(__always)
  static func scale(_ x: Double, _ k: Int) -> Double {
    if k > -1_022 && k < 1_024 { return x * Double(bitPattern: UInt64(k + 1_023) << 52) }
    if k >= 1_024 { return x * 2 * Double(bitPattern: UInt64(k - 1 + 1_023) << 52) }
    return x * Double(bitPattern: UInt64(k + 200 + 1_023) << 52) * 0x1p-200
  }

  /// The natural logarithm of `x`, within 1 ulp of the truth (0.81 the worst of 150,000 against 120 bits).
  ///
  /// -infinity at 0 and -0, NaN for negative numbers and NaN, infinity at infinity; subnormal numbers are as exact as
  /// others.
  /// x = 2^k (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)], s = f / (2 + f), log(1 + f) = 2 artanh s by its Taylor series
  /// to s^23, arranged so that the leading f is exact (as in Sun's fdlibm, 1993).
  public static func log(_ x: Double) -> Double {
    var bits = x.bitPattern
    var exponent = 0
    if bits &- 0x0010_0000_0000_0000 >= 0x7fe0_0000_0000_0000 {
      if x.isNaN || x == .infinity { return x }
      if x == 0 { return -.infinity }
      if x < 0 { return .nan }
      bits = (x * 0x1p54).bitPattern
      exponent = -54
    }
    // Subtracting the bits of sqrt(1/2) puts the fraction's wrap where 1 + f should wrap.
    let wrapped = bits &- 0x3fe6_a09e_667f_3bcd
    exponent += Int(Int64(bitPattern: wrapped) >> 52)
    let f = Double(bitPattern: (wrapped & 0x000f_ffff_ffff_ffff) &+ 0x3fe6_a09e_667f_3bcd) - 1
    let k = Double(exponent)
    let s = f / (2 + f)
    let z = s * s
    let w = z * z
    // 2/3, 2/5 ... 2/23.
    let even =
      0x1.999999999999ap-2
      + w * (0x1.c71c71c71c71cp-3 + w * (0x1.3b13b13b13b14p-3 + w * (0x1.e1e1e1e1e1e1ep-4 + w * 0x1.8618618618618p-4)))
    let odd =
      0x1.5555555555555p-1
      + w
      * (0x1.2492492492492p-2
        + w
        * (0x1.745d1745d1746p-3 + w * (0x1.1111111111111p-3 + w * (0x1.af286bca1af28p-4 + w * 0x1.642c8590b2164p-4))))
    let r = z * odd + w * even
    let half = 0.5 * f * f
    // log(1 + f) = f - (f^2/2 - s (f^2/2 + r)); the upper part of ln 2 times k is exact.
    return k * 0x1.62e42feep-1 - ((half - (s * (half + r) + k * 0x1.a39ef35793c76p-33)) - f)
  }

  /// `x` to the power `y` for `x` >= 0: `exp(y log x)`, with a relative error below (|y log x| + 2) 2^-53.
  ///
  /// 1 for `y` = 0, also of 0; 0 or infinity for `x` = 0 by the sign of `y`; NaN for negative `x`.
  public static func pow(_ x: Double, _ y: Double) -> Double {
    if y == 0 { return 1 }
    return exp(y * log(x))
  }
}
