/// A number of a device or link that cannot be.
public struct DeviceFault: Error, Hashable, CustomStringConvertible {
  /// The key as the device's file spells it: "efficiency.compute".
  public var key: String
  /// What is wrong with it.
  public var why: String

  /// A fault at `key`.
  public init(key: String, why: String) {
    self.key = key
    self.why = why
  }

  /// Key and reason in one line.
  public var description: String { "\(key): \(why)" }
}

extension Device {
  /// Everything that is wrong with the device, in the order of the file; empty for a usable device.
  public var faults: [DeviceFault] {
    var found: [DeviceFault] = []
    func positive(_ key: String, _ value: Double) {
      if !(value > 0 && value.isFinite) { found.append(DeviceFault(key: key, why: "must be above 0, is \(value)")) }
    }
    func nonNegative(_ key: String, _ value: Double) {
      if !(value >= 0 && value.isFinite) {
        found.append(DeviceFault(key: key, why: "must not be negative, is \(value)"))
      }
    }
    func share(_ key: String, _ value: Double) {
      if !(value > 0 && value <= 1) { found.append(DeviceFault(key: key, why: "must lie in (0, 1], is \(value)")) }
    }
    if memory.isEmpty { found.append(DeviceFault(key: "memory", why: "names no tier")) }
    for tier in memory {
      positive("memory.\(tier.name).capacity", tier.capacity.value.value)
      positive("memory.\(tier.name).bandwidth", tier.bandwidth.value.value)
    }
    if compute.isEmpty { found.append(DeviceFault(key: "compute", why: "names no format")) }
    for format in Format.arithmetic {
      if let rate = compute[format] { positive("compute.\(format.rawValue)", rate.rate.value.value) }
    }
    for (key, link) in [("interconnect", interconnect), ("host-link", hostLink)] {
      guard let link else { continue }
      positive("\(key).bandwidth", link.bandwidth.value.value)
      nonNegative("\(key).latency", link.latency.value.value)
    }
    nonNegative("execution.launch", execution.launch.value.value)
    nonNegative("execution.host-per-step", execution.hostPerStep.value.value)
    nonNegative("execution.host-per-sequence", execution.hostPerSequence.value.value)
    nonNegative("execution.prefill-dispatch", execution.prefillDispatch.value.value)
    nonNegative("execution.decode-dispatch", execution.decodeDispatch.value.value)
    share("efficiency.compute", efficiency.compute.value)
    share("efficiency.memory", efficiency.memory.value)
    share("efficiency.attention-compute", efficiency.attentionCompute.value)
    share("efficiency.attention-memory", efficiency.attentionMemory.value)
    share("efficiency.link", efficiency.link.value)
    nonNegative("collective.latency", collective.latency.value.value)
    if let large = collective.large {
      positive("collective.large.from", large.from.value.value)
      share("collective.large.efficiency", large.efficiency.value)
      if large.efficiency.value > efficiency.link.value {
        let why = "must not exceed efficiency.link, or a larger message would take less time"
        found.append(DeviceFault(key: "collective.large.efficiency", why: why))
      }
    }
    nonNegative("power.idle", power.idle.value.value)
    nonNegative("power.prefill", power.prefill.value.value)
    nonNegative("power.decode", power.decode.value.value)
    positive("power.peak", power.peak.value.value)
    if let cap = power.cap { positive("power.cap", cap.value.value) }
    for (key, watts) in [("idle", power.idle), ("prefill", power.prefill), ("decode", power.decode)] {
      let limit = min(power.peak.value.value, power.cap?.value.value ?? .infinity)
      if watts.value.value > limit {
        found.append(DeviceFault(key: "power.\(key)", why: "exceeds the device's peak or cap of \(limit) W"))
      }
    }
    if power.idle.value.value > min(power.prefill.value.value, power.decode.value.value) {
      found.append(DeviceFault(key: "power.idle", why: "exceeds what the device draws at work"))
    }
    if let price { nonNegative("price", price.price.value.value) }
    return found + formFaults
  }
}
