import Units

/// What holds the bytes of a tier.
public enum TierKind: String, CaseIterable, Hashable, Sendable {
  /// Memory that is addressed byte by byte: DRAM, CXL.
  case memory
  /// A drive that answers requests: NVMe, UFS, eMMC, SD.
  case storage
}

/// A memory or a drive beside devices as data: what `scenarios/tiers/*.yaml` says, in base units.
public struct Tier: Hashable, Sendable {
  /// The name that reports use.
  public var name: String
  /// What holds its bytes.
  public var kind: TierKind
  /// Bytes.
  public var capacity: Sourced<Memory>
  /// Peak bytes/s of reads.
  public var bandwidth: Sourced<Bandwidth>
  /// Peak bytes/s of writes.
  public var writeBandwidth: Sourced<Bandwidth>
  /// Seconds of one request without others, its bytes aside.
  public var latency: Sourced<Seconds>
  /// Bytes of the smallest request.
  public var request: Sourced<Memory>
  /// Most requests/s; nil where only bandwidth limits them.
  public var requestRate: Sourced<Rate>?
  /// Watts while nothing is read; nil where the device's own hold them.
  public var idle: Sourced<Power>?
  /// Most watts; nil where the device's own hold them.
  public var peak: Sourced<Power>?

  /// A tier.
  public init(
    name: String, kind: TierKind, capacity: Sourced<Memory>, bandwidth: Sourced<Bandwidth>,
    writeBandwidth: Sourced<Bandwidth>, latency: Sourced<Seconds>, request: Sourced<Memory>,
    requestRate: Sourced<Rate>? = nil, idle: Sourced<Power>? = nil, peak: Sourced<Power>? = nil
  ) {
    self.name = name
    self.kind = kind
    self.capacity = capacity
    self.bandwidth = bandwidth
    self.writeBandwidth = writeBandwidth
    self.latency = latency
    self.request = request
    self.requestRate = requestRate
    self.idle = idle
    self.peak = peak
  }

  /// Most requests that a reader keeps in flight.
  public static let depthLimit = 4096

  /// Useful bytes/s of a reader that keeps `depth` requests (at most ``depthLimit``) of `bytes` each in flight.
  ///
  /// A request waits the latency, during which others do too, and then for its turn to move its bytes, whole units of
  /// ``request``, at the bandwidth or the request rate, whichever takes longer. One alone takes latency + bytes /
  /// bandwidth; many reach the bandwidth. Complexity: O(depth). Source: mean value analysis of a delay and a queue
  /// (Reiser, Lavenberg, JACM 27(2), 1980); within 1.5 % of fio on a DC P3600 (axboe/fio issue 406) at depths 1 to 8,
  /// where the least of depth x bytes / (latency + bytes / bandwidth) and bandwidth is 22 % too high at depth 2.
  public func read(bytes: Double, depth: Int) -> Double {
    rate(bytes, depth, bandwidth.value.value)
  }

  /// Useful bytes/s of a writer that keeps `depth` requests of `bytes` each in flight, as ``read(bytes:depth:)``.
  public func write(bytes: Double, depth: Int) -> Double {
    rate(bytes, depth, writeBandwidth.value.value)
  }

  private func rate(_ bytes: Double, _ depth: Int, _ peak: Double) -> Double {
    guard bytes > 0, depth > 0 else { return 0 }
    let unit = request.value.value
    let moved = (bytes / unit).rounded(.up) * unit
    let service = max(moved / peak, requestRate.map { 1 / $0.value.value } ?? 0)
    var waiting = 0.0
    var requests = 0.0
    for inFlight in 1...min(depth, Self.depthLimit) {
      let response = service * (1 + waiting)
      requests = Double(inFlight) / (latency.value.value + response)
      waiting = requests * response
    }
    return requests * bytes
  }

  /// Everything that is wrong with the tier, in the order of the file; empty for a usable tier.
  public var faults: [DeviceFault] {
    var found: [DeviceFault] = []
    func positive(_ key: String, _ value: Double?) {
      guard let value, !(value > 0 && value.isFinite) else { return }
      found.append(DeviceFault(key: key, why: "must be above 0, is \(value)"))
    }
    positive("capacity", capacity.value.value)
    positive("bandwidth", bandwidth.value.value)
    positive("write-bandwidth", writeBandwidth.value.value)
    if !(latency.value.value >= 0 && latency.value.value.isFinite) {
      found.append(DeviceFault(key: "latency", why: "must not be negative, is \(latency.value.value)"))
    }
    positive("request", request.value.value)
    positive("request-rate", requestRate?.value.value)
    positive("peak", peak?.value.value)
    if let idle, let peak, !(idle.value.value >= 0 && idle.value.value <= peak.value.value) {
      found.append(DeviceFault(key: "idle", why: "must lie between 0 and the peak"))
    }
    return found
  }
}
