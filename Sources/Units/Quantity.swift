/// What a quantity measures; each case of use is an empty type, so that watts never meet bytes.
public protocol Dimension: Sendable {
  /// The dimension in words, as diagnostics say it: "bandwidth".
  static var name: String { get }
  /// The SI symbol of the unit that `Quantity.value` counts: "B/s".
  static var symbol: String { get }
}

/// A number with its dimension, held in the base unit of the dimension.
public struct Quantity<D: Dimension>: Hashable, Comparable, Sendable {
  /// The amount in the base unit of `D`.
  public var value: Double

  /// An amount in the base unit of `D`.
  @inlinable
  public init(_ value: Double) { self.value = value }

  @inlinable
  public static func < (a: Self, b: Self) -> Bool { a.value < b.value }
  @inlinable
  public static func + (a: Self, b: Self) -> Self { Self(a.value + b.value) }
  @inlinable
  public static func - (a: Self, b: Self) -> Self { Self(a.value - b.value) }
  @inlinable
  public static func * (a: Self, b: Double) -> Self { Self(a.value * b) }
  @inlinable
  public static func / (a: Self, b: Self) -> Double { a.value / b.value }
}

/// Lengths of time in seconds, outside the agenda.
public enum TimeDimension: Dimension {
  public static let name = "time"
  public static let symbol = "s"
}
/// Amounts of memory in bytes.
public enum MemoryDimension: Dimension {
  public static let name = "memory"
  public static let symbol = "B"
}
/// Bytes per second.
public enum BandwidthDimension: Dimension {
  public static let name = "bandwidth"
  public static let symbol = "B/s"
}
/// Floating-point (or integer multiply-add) operations per second, a multiply-add counted as two.
public enum ComputeDimension: Dimension {
  public static let name = "compute rate"
  public static let symbol = "FLOP/s"
}
/// Watts.
public enum PowerDimension: Dimension {
  public static let name = "power"
  public static let symbol = "W"
}
/// Joules.
public enum EnergyDimension: Dimension {
  public static let name = "energy"
  public static let symbol = "J"
}
/// US dollars per hour.
public enum PriceDimension: Dimension {
  public static let name = "price"
  public static let symbol = "$/h"
}
/// Events per second.
public enum RateDimension: Dimension {
  public static let name = "rate"
  public static let symbol = "/s"
}

/// A length of time in seconds.
public typealias Seconds = Quantity<TimeDimension>
/// An amount of memory in bytes.
public typealias Memory = Quantity<MemoryDimension>
/// Bytes per second.
public typealias Bandwidth = Quantity<BandwidthDimension>
/// Operations per second.
public typealias ComputeRate = Quantity<ComputeDimension>
/// Watts.
public typealias Power = Quantity<PowerDimension>
/// Joules.
public typealias Energy = Quantity<EnergyDimension>
/// US dollars per hour.
public typealias Price = Quantity<PriceDimension>
/// Events per second.
public typealias Rate = Quantity<RateDimension>
