/// A number of a kernel model that is fitted to measurements: a physical quantity with bounds.
public struct KernelParameter: Hashable, Sendable {
  /// What the number counts.
  public enum Unit: Hashable, Sendable {
    /// Seconds.
    case seconds
    /// Bytes/s.
    case bytesPerSecond
    /// A share, an exponent: no unit.
    case one
  }

  /// What the number grows with from one chip to another.
  public enum Scale: Hashable, Sendable {
    /// Nothing: shares, exponents, times of software.
    case none
    /// The bandwidth of memory.
    case bandwidth
    /// The bandwidth of memory per processor.
    case bandwidthPerProcessor
  }

  /// The name in files: "launch".
  public var name: String
  /// What it counts.
  public var unit: Unit
  /// Where fits begin, and the value where no measurement says another.
  public var start: Double
  /// The least value.
  public var lower: Double
  /// The greatest value.
  public var upper: Double
  /// What it grows with.
  public var scale: Scale
  /// What it is, in one sentence.
  public var summary: String

  /// A parameter with 0 < `lower` < `start` < `upper`.
  public init(
    _ name: String, _ unit: Unit, _ start: Double, in bounds: ClosedRange<Double>, scale: Scale = .none,
    _ summary: String
  ) {
    self.name = name
    self.unit = unit
    self.start = start
    lower = bounds.lowerBound
    upper = bounds.upperBound
    self.scale = scale
    self.summary = summary
  }

  /// Whether it counts as it begins where no measurement says another: a resource is there even if its share of the
  /// time was never seen.
  public var isConstant = false

  /// This parameter as one that counts as it begins where no measurement says another.
  public var asConstant: KernelParameter {
    var parameter = self
    parameter.isConstant = true
    return parameter
  }

  /// The value where none is given: no time, no limit; an exponent, a share or a constant as it begins.
  public var absent: Double {
    guard !isConstant else { return start }
    return switch unit {
    case .seconds: lower
    case .bytesPerSecond: upper
    case .one: start
    }
  }

  /// The value of a chip that corresponds to `value` of another.
  public func transferred(_ value: Double, from: Chip, to: Chip) -> Double {
    let moved: Double
    switch scale {
    case .none: moved = value
    case .bandwidth: moved = value * to.bandwidth / from.bandwidth
    case .bandwidthPerProcessor:
      moved = value * (to.bandwidth / to.processors) / (from.bandwidth / from.processors)
    }
    return min(max(moved, lower), upper)
  }
}

/// The values of a model's parameters by name.
public struct KernelValues: Hashable, Sendable {
  private var values: [String: Double]

  /// What is `given`, and for the rest of `parameters` what stands for their absence.
  public init(_ parameters: [KernelParameter], given: [String: Double]) {
    values = given
    for parameter in parameters where given[parameter.name] == nil { values[parameter.name] = parameter.absent }
  }

  /// Where fits of `parameters` begin.
  public init(startsOf parameters: [KernelParameter]) {
    values = [:]
    for parameter in parameters { values[parameter.name] = parameter.start }
  }

  /// The value of a parameter; NaN for one that the model does not have.
  public subscript(name: String) -> Double { values[name] ?? .nan }
}
