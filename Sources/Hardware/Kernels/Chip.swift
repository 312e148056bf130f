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
  /// Parts of the cache, each for the processors beside it; 1 for a cache in one piece.
  public var cacheParts: Double
  /// Peak bytes/s of memory.
  public var bandwidth: Double
  /// Peak operations/s by format, a multiply-add counted as two.
  public var peaks: [Format: Double]
  /// Experts in 16 bits whose blocks were tuned on it.
  public var tunedExperts: Set<TunedExperts>

  /// A chip; all numbers are above 0.
  public init(
    processors: Double, cache: Double, cacheParts: Double = 1, bandwidth: Double, peaks: [Format: Double],
    tunedExperts: Set<TunedExperts> = []
  ) {
    self.processors = processors
    self.cache = cache
    self.cacheParts = cacheParts
    self.bandwidth = bandwidth
    self.peaks = peaks
    self.tunedExperts = tunedExperts
  }

  /// The chip of a device with what device files do not hold.
  public init(
    _ device: Device, processors: Double, cache: Double, cacheParts: Double, tunedExperts: Set<TunedExperts>
  ) {
    self.init(
      processors: processors, cache: cache, cacheParts: cacheParts,
      bandwidth: device.memory.first?.bandwidth.value.value ?? 0,
      peaks: device.compute.mapValues(\.rate.value.value), tunedExperts: tunedExperts)
  }

  /// The share of `bytes` that a loop over them finds in the cache, where it passes nothing else or else `others`.
  ///
  /// A cache in one piece keeps a loop up to its size and nothing of a longer one, of which each byte is driven out just
  /// before its turn: the rows of an L40S and an RTX PRO 6000 step there, to 2 and 3 times the rate of memory. One in parts
  /// has copies of what processors of several read, and other work drives out some of a loop: the share falls from the size
  /// of a part, or else half of the cache, on.
  func found(_ bytes: Double, others: Bool = false) -> Double {
    guard cacheParts > 1 || others else { return bytes <= cache ? 1 : 0 }
    return 1 - Overlap.missed(bytes, cache / max(cacheParts, 2))
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
