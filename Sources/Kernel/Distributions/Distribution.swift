/// A law of chance with its parameters, checked when made, from which values are drawn.
///
/// All are values without state: what is drawn depends only on the stream. They use ``Elementary`` and exact
/// arithmetic, so that the same stream gives the same bits on every machine.
public protocol Distribution<Value>: Sendable {
  /// What is drawn.
  associatedtype Value

  /// Draws a value, taking as many words from the stream as it needs.
  func draw(from stream: inout RandomStream) -> Value

  /// The expected value.
  var mean: Double { get }
}

/// Every value of an interval alike.
public struct Uniform: Distribution {
  /// The least value.
  public let low: Double
  /// The bound, which is drawn only through rounding.
  public let high: Double

  /// Uniform from `low` to `high`; nil unless both are finite, with a finite difference, and `low` <= `high`.
  public init?(low: Double, high: Double) {
    guard low.isFinite, high.isFinite, (high - low).isFinite, low <= high else { return nil }
    self.low = low
    self.high = high
  }

  /// Draws a value with one word.
  @inlinable
  public func draw(from stream: inout RandomStream) -> Double { low + (high - low) * stream.uniform() }

  /// Half way.
  public var mean: Double { low + (high - low) / 2 }
}

extension Double {
  /// Whether this is a usable positive parameter: finite and above zero.
  var isPositiveFinite: Bool { self > 0 && isFinite }
}
