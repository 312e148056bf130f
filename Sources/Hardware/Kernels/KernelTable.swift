/// A kernel model as fitted to one framework's kernels in one format.
public struct FittedKernel: Hashable, Sendable {
  /// The operator as measurements name it.
  public var operatorName: String
  /// The software that runs it: "vllm".
  public var framework: String
  /// The formats of its operands.
  public var format: KernelFormat
  /// The family of kernels as measurements name it; empty for whichever the framework takes.
  public var kernel: String
  /// The variant of the operator class.
  public var variant: String
  /// Values of the parameters that matter, by name.
  public var values: [String: Double]
  /// The rows they were fitted to, and how well they predict others.
  public var source: String

  /// A fitted kernel.
  public init(
    operatorName: String, framework: String, format: KernelFormat, kernel: String, variant: String,
    values: [String: Double], source: String
  ) {
    self.operatorName = operatorName
    self.framework = framework
    self.format = format
    self.kernel = kernel
    self.variant = variant
    self.values = values
    self.source = source
  }

  /// The model with these values on a chip; nil where `model` is of another class.
  public func model<Model: KernelModel>(_ model: Model.Type, on chip: Chip) -> Model? {
    guard Model.operators.contains(operatorName) else { return nil }
    let parameters = Model.parameters(variant, format)
    return Model(KernelValues(parameters, given: values), variant, format, chip)
  }
}

/// The kernels of a device: what `scenarios/kernels/*.yaml` says, in base units.
public struct KernelTable: Hashable, Sendable {
  /// The device in the catalogue.
  public var device: String
  /// Its processors: streaming multiprocessors, compute units, cores.
  public var processors: Sourced<Double>
  /// Bytes of the cache that they share.
  public var cache: Sourced<Double>
  /// Parts of that cache, each for the processors beside it; nil for a cache in one piece.
  public var cacheParts: Sourced<Double>?
  /// Experts whose blocks were tuned on it, in the order of the file; nil where no tables are known.
  public var tunedExperts: Sourced<[TunedExperts]>?
  /// What was fitted, in the order of the file.
  public var kernels: [FittedKernel]

  /// A table.
  public init(
    device: String, processors: Sourced<Double>, cache: Sourced<Double>, cacheParts: Sourced<Double>? = nil,
    tunedExperts: Sourced<[TunedExperts]>? = nil, kernels: [FittedKernel]
  ) {
    self.device = device
    self.processors = processors
    self.cache = cache
    self.cacheParts = cacheParts
    self.tunedExperts = tunedExperts
    self.kernels = kernels
  }

  /// What kernels see of the device.
  public func chip(_ device: Device) -> Chip {
    Chip(
      device, processors: processors.value, cache: cache.value, cacheParts: cacheParts?.value ?? 1,
      tunedExperts: Set(tunedExperts?.value ?? []))
  }

  /// The first kernel of an operator class, framework and format.
  public func kernel(_ operatorName: String, framework: String, format: String) -> FittedKernel? {
    kernels.first { $0.operatorName == operatorName && $0.framework == framework && $0.format.name == format }
  }
}
