/// The decimal prefixes with their factors.
private let decimal: [(String, Double)] = [
  ("", 1), ("K", 1e3), ("k", 1e3), ("M", 1e6), ("G", 1e9), ("T", 1e12), ("P", 1e15), ("E", 1e18),
]
/// The binary prefixes with their factors.
private let binary: [(String, Double)] = [
  ("Ki", 0x1p10), ("Mi", 0x1p20), ("Gi", 0x1p30), ("Ti", 0x1p40), ("Pi", 0x1p50),
]
private let bytes =
  decimal.map { NamedUnit($0.0 + "B", $0.1) } + binary.map { NamedUnit($0.0 + "B", $0.1) }

/// Lengths of time in seconds, outside the agenda.
public enum TimeDimension: Dimension {
  /// Name, units and limits; the maximum is 2^62 ps (53 days), the longest interval of the agenda.
  public static let facts = DimensionFacts(
    name: "time", symbol: "s", example: "2 s", maximum: 0x1p62 / 1e12,
    units: [
      NamedUnit("s", 1), NamedUnit("ms", 1, per: 1e3), NamedUnit("us", 1, per: 1e6), NamedUnit("µs", 1, per: 1e6),
      NamedUnit("μs", 1, per: 1e6), NamedUnit("ns", 1, per: 1e9), NamedUnit("ps", 1, per: 1e12), NamedUnit("min", 60),
      NamedUnit("h", 3600),
      NamedUnit("d", 86400),
    ])
}

/// Amounts of memory in bytes; GB is 1e9 and GiB 2^30 bytes.
public enum MemoryDimension: Dimension {
  /// Name, units and limits; the maximum is 2^62 bytes, so that byte counts fit an integer.
  public static let facts = DimensionFacts(
    name: "memory", symbol: "B", example: "80 GB", maximum: 0x1p62,
    units: bytes)
}

/// Bytes per second; Gb/s counts bits.
public enum BandwidthDimension: Dimension {
  /// Name, units and limits.
  public static let facts = DimensionFacts(
    name: "bandwidth", symbol: "B/s", example: "50 GB/s",
    units: bytes.map { NamedUnit($0.symbol + "/s", $0.multiplier) }
      + decimal.flatMap { [NamedUnit($0.0 + "b/s", $0.1, per: 8), NamedUnit($0.0 + "bit/s", $0.1, per: 8)] })
}

/// Floating-point (or integer multiply-add) operations per second, a multiply-add counted as two.
public enum ComputeDimension: Dimension {
  /// Name, units and limits.
  public static let facts = DimensionFacts(
    name: "compute rate", symbol: "FLOP/s", example: "312 TFLOP/s",
    units: decimal.flatMap { [NamedUnit($0.0 + "FLOP/s", $0.1), NamedUnit($0.0 + "OP/s", $0.1)] })
}

/// Watts.
public enum PowerDimension: Dimension {
  /// Name, units and limits.
  public static let facts = DimensionFacts(
    name: "power", symbol: "W", example: "700 W",
    units: [
      NamedUnit("W", 1), NamedUnit("mW", 1, per: 1e3), NamedUnit("kW", 1e3), NamedUnit("MW", 1e6),
    ])
}

/// Joules.
public enum EnergyDimension: Dimension {
  /// Name, units and limits.
  public static let facts = DimensionFacts(
    name: "energy", symbol: "J", example: "3.6 kJ",
    units: [
      NamedUnit("J", 1), NamedUnit("mJ", 1, per: 1e3), NamedUnit("uJ", 1, per: 1e6), NamedUnit("nJ", 1, per: 1e9),
      NamedUnit("pJ", 1, per: 1e12),
      NamedUnit("kJ", 1e3), NamedUnit("MJ", 1e6), NamedUnit("Wh", 3600), NamedUnit("kWh", 3.6e6),
    ])
}

/// US dollars per hour.
public enum PriceDimension: Dimension {
  /// Name, units and limits.
  public static let facts = DimensionFacts(
    name: "price", symbol: "$/h", example: "$2.50/h",
    units: [NamedUnit("$/h", 1)])
}

/// Events per second.
public enum RateDimension: Dimension {
  /// Name, units and limits.
  public static let facts = DimensionFacts(
    name: "rate", symbol: "/s", example: "4 /s",
    units: [NamedUnit("/s", 1), NamedUnit("/min", 1, per: 60), NamedUnit("/h", 1, per: 3600)])
}

/// Cycles per second of a clock.
public enum FrequencyDimension: Dimension {
  /// Name, units and limits.
  public static let facts = DimensionFacts(
    name: "frequency", symbol: "Hz", example: "1.4 GHz",
    units: [NamedUnit("Hz", 1), NamedUnit("kHz", 1e3), NamedUnit("MHz", 1e6), NamedUnit("GHz", 1e9)])
}

/// Parts of a whole: 1 is all of it.
public enum FractionDimension: Dimension {
  /// Name, units and limits.
  public static let facts = DimensionFacts(
    name: "fraction", symbol: "1", example: "90 %",
    units: [NamedUnit("%", 1, per: 100)])
}

/// How many times as long as the reference.
public enum SlowdownDimension: Dimension {
  /// Name, units and limits.
  public static let facts = DimensionFacts(
    name: "slowdown", symbol: "x", example: "1.25x",
    units: [NamedUnit("x", 1)])
}

/// Counts of tokens.
public enum TokenDimension: Dimension {
  /// Name, units and limits; the maximum is 2^31 - 1, the longest request.
  public static let facts = DimensionFacts(
    name: "token count", symbol: "tokens", example: "2048 tokens", maximum: 2_147_483_647.0,
    units: [NamedUnit("tokens", 1), NamedUnit("token", 1)])
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
/// Cycles per second.
public typealias Frequency = Quantity<FrequencyDimension>
/// Parts of a whole.
public typealias Fraction = Quantity<FractionDimension>
/// Times as long as a reference.
public typealias Slowdown = Quantity<SlowdownDimension>
/// A count of tokens.
public typealias TokenCount = Quantity<TokenDimension>
