import Units

/// The families of kernels that reach different shares of a device's peaks.
public enum KernelFamily: String, CaseIterable, Hashable, Sendable {
  /// Matrix products with weights.
  case dense
  /// Attention over keys and values.
  case attention
  /// Norms, activations, residual sums, lookups: bytes and little arithmetic.
  case elementwise
}

/// What one or more kernels do to a device: the only thing a model and a device know of each other.
public struct Work: Hashable, Sendable {
  /// The family whose efficiencies apply.
  public var family: KernelFamily
  /// Operations by the format they are computed in, a multiply-add counted as two.
  public var operations: [Format: Double]
  /// Bytes to and from the device's first memory tier.
  public var bytes: Double
  /// Kernels launched.
  public var launches: Double

  /// Work of a family of kernels.
  public init(family: KernelFamily, operations: [Format: Double] = [:], bytes: Double = 0, launches: Double = 1) {
    self.family = family
    self.operations = operations
    self.bytes = bytes
    self.launches = launches
  }
}

/// What work costs on a device, and which roof bound it.
public struct Cost: Hashable, Sendable {
  /// Seconds by roof: launches, and the larger of arithmetic and memory.
  public var times: RoofTimes

  /// Seconds in all.
  public var seconds: Double { times.total }
  /// The roof with the most seconds.
  public var bound: Roof { times.bound }

  /// A cost by roof.
  public init(times: RoofTimes) { self.times = times }
}

/// Rates that a family of kernels achieves on a device.
public struct Ceiling: Hashable, Sendable {
  /// Operations/s.
  public var operationRate: Double
  /// Bytes/s.
  public var byteRate: Double
  /// Seconds per kernel.
  public var launch: Double

  /// Seconds of a kernel of `operations` and `bytes`.
  public func seconds(operations: Double, bytes: Double) -> Double {
    launch + max(operations / operationRate, bytes / byteRate)
  }

  /// Operations per byte above which arithmetic is the roof.
  public var ridge: Double { operationRate / byteRate }
}

/// The roofline model of a device with a fixed time per kernel.
///
/// Time = launches * launch + max(sum of operations / achieved rate of their format, bytes / achieved bandwidth).
/// Source: Williams, Waterman, Patterson, "Roofline", CACM 52(4), 2009.
public struct Roofline: Hashable, Sendable {
  /// The device has no rate for a format nor for its fallbacks.
  public struct NoArithmetic: Error, Hashable, CustomStringConvertible {
    /// The device's name.
    public var device: String
    /// The format.
    public var format: Format

    /// One line with both.
    public var description: String { "\(device) has no compute rate for \(format.rawValue) nor for its fallbacks" }
  }

  /// The device.
  public let device: Device

  /// The roofline of `device`, whose numbers are taken as they are (see `Device.faults`).
  public init(_ device: Device) { self.device = device }

  /// The rates of a family in a format.
  ///
  /// Products are read from memory by the device and its partners at once; attention and elementwise kernels by the
  /// device alone. The rate of operations is the device's own in either case.
  /// - Throws: ``NoArithmetic`` where the device cannot compute in the format.
  public func ceiling(_ family: KernelFamily, _ format: Format) throws(NoArithmetic) -> Ceiling {
    guard let peak = device.arithmetic(format)?.rate.value.value else {
      throw NoArithmetic(device: device.name, format: format)
    }
    let compute = family == .attention ? device.efficiency.attentionCompute : device.efficiency.compute
    let launch = device.execution.launch.value.value
    let handOver = device.partners.reduce(0) { max($0, $1.device.execution.launch.value.value + $1.handOver.value) }
    return Ceiling(
      operationRate: peak * compute.value, byteRate: family == .dense ? sharedByteRate : byteRate(family),
      launch: family == .dense ? max(launch, handOver) : launch)
  }

  /// Bytes/s that a family draws from the device's memory.
  func byteRate(_ family: KernelFamily) -> Double {
    let share = family == .attention ? device.efficiency.attentionMemory : device.efficiency.memory
    let local = (device.memory.first?.bandwidth.value.value ?? 0) * share.value
    guard let numa = device.forms.numa else { return local }
    return min(local, numa.bandwidth * device.efficiency.link.value)
  }

  /// Bytes/s of a product that the device and its partners read at once: what each part of it waits for, and no more
  /// than what they reach together.
  private var sharedByteRate: Double {
    guard !device.partners.isEmpty else { return byteRate(.dense) }
    let own = 1 - device.partners.reduce(0) { $0 + $1.share }
    var rate = byteRate(.dense) / own
    for partner in device.partners { rate = min(rate, Roofline(partner.device).byteRate(.dense) / partner.share) }
    return min(rate, device.forms.memoryGroup?.together.value.value ?? .infinity)
  }

  /// The cost of `work`.
  ///
  /// - Throws: ``NoArithmetic`` where the device cannot compute in one of its formats.
  public func cost(of work: Work) throws(NoArithmetic) -> Cost {
    var arithmetic = 0.0
    for format in Format.allCases {
      guard let operations = work.operations[format] else { continue }
      arithmetic += try operations / ceiling(work.family, format).operationRate
    }
    let memory = work.bytes / byteRate(work.family)
    var times = RoofTimes()
    times[.launch] = work.launches * device.execution.launch.value.value
    if max(arithmetic, memory) > 0 { times[arithmetic > memory ? .compute : .memory] = max(arithmetic, memory) }
    return Cost(times: times)
  }
}
