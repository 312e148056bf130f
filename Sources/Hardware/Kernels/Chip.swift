/// Experts for which a framework ships blocks that were tuned on a chip.
public struct TunedExperts: Hashable, Sendable {
  /// Experts of a device.
  public var experts: Double
  /// Inner elements of an expert on a device.
  public var inner: Double

  /// Experts by number and size.
  public init(experts: Double, inner: Double) {
    self.experts = experts
    self.inner = inner
  }
}

/// What kernels see of a device: processors that work side by side, a cache that they share, a memory behind it.
public struct Chip: Hashable, Sendable {
  /// Processors that run blocks of a kernel at once: streaming multiprocessors, compute units, cores.
  public var processors: Double
  /// Bytes of the cache that all processors share.
  public var cache: Double
  /// Peak bytes/s of memory.
  public var bandwidth: Double
  /// Peak operations/s by format, a multiply-add counted as two.
  public var peaks: [Format: Double]
  /// Experts in 16 bits whose blocks were tuned on it.
  public var tunedExperts: Set<TunedExperts>

  /// A chip; all numbers are above 0.
  public init(
    processors: Double, cache: Double, bandwidth: Double, peaks: [Format: Double], tunedExperts: Set<TunedExperts> = []
  ) {
    self.processors = processors
    self.cache = cache
    self.bandwidth = bandwidth
    self.peaks = peaks
    self.tunedExperts = tunedExperts
  }

  /// The chip of a device with what device files do not hold.
  public init(_ device: Device, processors: Double, cache: Double, tunedExperts: Set<TunedExperts>) {
    self.init(
      processors: processors, cache: cache, bandwidth: device.memory.first?.bandwidth.value.value ?? 0,
      peaks: device.compute.mapValues(\.rate.value.value), tunedExperts: tunedExperts)
  }

  /// Peak operations/s in `format`, or in the first of its fallbacks that the chip has; 0 where it has none.
  public func peak(_ format: Format) -> Double {
    ([format] + format.fallbacks).lazy.compactMap { peaks[$0] }.first ?? 0
  }
}

/// Whether a kernel finds in the cache what the call before it left there.
public enum CacheState: Hashable, Sendable {
  /// Activations, keys and values that fit are found there: a benchmark that loops over the same call.
  case warm
  /// Nothing is found there: a step of a server, which read other weights and another cache in between.
  case cold
}
