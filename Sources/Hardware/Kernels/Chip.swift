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

  /// A chip; all numbers are above 0.
  public init(processors: Double, cache: Double, bandwidth: Double, peaks: [Format: Double]) {
    self.processors = processors
    self.cache = cache
    self.bandwidth = bandwidth
    self.peaks = peaks
  }

  /// The chip of a device with its processors and cache, which device files do not hold.
  public init(_ device: Device, processors: Double, cache: Double) {
    self.init(
      processors: processors, cache: cache, bandwidth: device.memory.first?.bandwidth.value.value ?? 0,
      peaks: device.compute.mapValues(\.rate.value.value))
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
