import Kernel

/// How the time of a kernel grows with the elements of a head.
enum HeadGrowth {
  /// (`size` / 128)^`exponent`, 1 for the usual 128.
  static func of(_ size: Double, _ exponent: Double) -> Double {
    size == 128 ? 1 : Elementary.pow(size / 128, exponent)
  }
}
