/// What a quantity measures; each case of use is an empty type, so that watts never meet bytes.
public protocol Dimension: Sendable {
  /// Its name, its units and its limits.
  static var facts: DimensionFacts { get }
}

/// What text and diagnostics need to know of a dimension.
public struct DimensionFacts: Hashable, Sendable {
  /// The dimension in words, as diagnostics say it: "bandwidth".
  public var name: String
  /// The SI symbol of the unit that `Quantity.value` counts: "B/s".
  public var symbol: String
  /// An amount as people write it, for the hints of diagnostics: "50 GB/s".
  public var example: String
  /// The largest amount that text may give, in the base unit.
  public var maximum: Double
  /// The units that text may use, the base unit among them.
  public var units: [NamedUnit]

  /// The facts of a dimension; without a `maximum`, 1e30 base units.
  public init(name: String, symbol: String, example: String, maximum: Double = 1e30, units: [NamedUnit]) {
    self.name = name
    self.symbol = symbol
    self.example = example
    self.maximum = maximum
    self.units = units
  }
}

extension Dimension {
  /// The dimension in words: "bandwidth".
  public static var name: String { facts.name }
  /// The SI symbol of the base unit: "B/s".
  public static var symbol: String { facts.symbol }
}

/// A unit that text may use: its symbol and its size as a ratio of two exact numbers.
///
/// Small units divide, so that "5 us" is the `Double` nearest to 0.000005.
public struct NamedUnit: Hashable, Sendable {
  /// The symbol as written: "GB/s".
  public var symbol: String
  /// Base units in one, before division.
  public var multiplier: Double
  /// What the product is divided by.
  public var divisor: Double

  /// A unit of `multiplier / divisor` base units.
  public init(_ symbol: String, _ multiplier: Double, per divisor: Double = 1) {
    self.symbol = symbol
    self.multiplier = multiplier
    self.divisor = divisor
  }
}

/// A number with its dimension, held in the base unit of the dimension.
public struct Quantity<D: Dimension>: Hashable, Comparable, Sendable {
  /// The amount in the base unit of `D`.
  public var value: Double

  /// An amount in the base unit of `D`.
  @inlinable
  public init(_ value: Double) { self.value = value }

  /// Whether `a` is the lesser.
  @inlinable
  public static func < (a: Self, b: Self) -> Bool { a.value < b.value }
  /// The sum.
  @inlinable
  public static func + (a: Self, b: Self) -> Self { Self(a.value + b.value) }
  /// The difference.
  @inlinable
  public static func - (a: Self, b: Self) -> Self { Self(a.value - b.value) }
  /// `a` times a number.
  @inlinable
  public static func * (a: Self, b: Double) -> Self { Self(a.value * b) }
  /// The ratio.
  @inlinable
  public static func / (a: Self, b: Self) -> Double { a.value / b.value }
}
