import Units

/// A device that works beside another on the memory that both share: it computes a part of the columns of every
/// product with weights, at the same time.
///
/// Shares are fixed. What it does not express: attention and elementwise operators stay with the other device, a
/// share cannot differ between steps or operators, and nothing of the next operator begins before both are done.
public struct Partner: Hashable, Sendable {
  /// The device.
  public var device: Device
  /// Its share of the columns, in (0, 1).
  public var share: Double
  /// Seconds after each product until both may go on.
  public var handOver: Seconds

  /// A partner with `share` of every product.
  public init(device: Device, share: Double, handOver: Seconds) {
    self.device = device
    self.share = share
    self.handOver = handOver
  }
}

extension Device {
  /// The device with a partner that computes `share` of every product, on the memory that they share.
  ///
  /// A product takes as long as the slower part of its arithmetic, at least its bytes over what both draw from memory
  /// together, and one hand-over. Power and price are those of all the devices.
  /// - Throws: ``DeviceFault`` where the two do not share a memory or the shares leave nothing to this device.
  public func beside(_ partner: Device, share: Double, handOver: Seconds) throws(DeviceFault) -> Device {
    guard let group = forms.memoryGroup, let other = partner.forms.memoryGroup, group.name == other.name else {
      let why = "\(name) and \(partner.name) do not name the same forms.memory-group"
      throw DeviceFault(key: "beside.device", why: why)
    }
    let taken = partners.reduce(share) { $0 + $1.share }
    guard share > 0, taken < 1 else {
      throw DeviceFault(key: "beside.share", why: "shares must lie above 0 and leave a part to the device itself")
    }
    var both = self
    var alone = partner
    alone.partners = []
    both.name = "\(name) beside \(partner.name)"
    both.partners.append(Partner(device: alone, share: share, handOver: handOver))
    both.power = power.adding(partner.power)
    return both
  }

  /// The device as one of `users` that read the memory of its chip all the time: each gets an equal part of the
  /// capacity, and of the bandwidth that they reach together, at most what it reaches alone.
  ///
  /// The device itself for one user or without ``DeviceForms/memoryGroup``.
  public func sharingMemory(with users: Int) -> Device {
    guard users > 1, let group = forms.memoryGroup, let tier = memory.first else { return self }
    var device = self
    device.memory[0].capacity.value = tier.capacity.value * (1 / Double(users))
    let part = group.together.value.value / Double(users) / tier.bandwidth.value.value
    device.efficiency.memory.value = min(efficiency.memory.value, part)
    device.efficiency.attentionMemory.value = min(efficiency.attentionMemory.value, part)
    return device
  }

  /// Peak operations/s of the device and its partners in `format` or its fallbacks; nil where it has none.
  public func peakOperations(_ format: Format) -> Double? {
    arithmetic(format).map { own in
      partners.reduce(own.rate.value.value) { $0 + ($1.device.arithmetic(format)?.rate.value.value ?? 0) }
    }
  }
}

extension DevicePower {
  /// The watts of this device and another together, both uncapped unless both are capped.
  func adding(_ other: DevicePower) -> DevicePower {
    func sum(_ a: Sourced<Power>, _ b: Sourced<Power>) -> Sourced<Power> {
      Sourced(a.value + b.value, source: a.source == b.source ? a.source : "\(a.source); \(b.source)")
    }
    let cap = self.cap.flatMap { own in other.cap.map { sum(own, $0) } }
    return DevicePower(
      idle: sum(idle, other.idle), prefill: sum(prefill, other.prefill), decode: sum(decode, other.decode),
      peak: sum(peak, other.peak), cap: cap)
  }
}
