import Hardware

/// Gives the operators of an engine the forms of its device: padding, order, aspect, nearer memories, partners, and weights or
/// KV cache that stand beside the device.
struct EngineForms {
  let device: Device
  /// The format of the arithmetic.
  let format: Format
  /// Bytes of weights that the device computes with.
  let weights: Double
  /// Where weights and KV cache stand, if not in its memory.
  let placement: Placement

  /// The terms of a stage with their forms. Terms of a device without forms are returned as they are.
  ///
  /// - Throws: ``Roofline/NoArithmetic`` where a partner cannot compute in the format.
  func applied(to terms: [CostTerm], isFirst: Bool) throws(Roofline.NoArithmetic) -> [CostTerm] {
    var formed: [CostTerm] = []
    for term in terms {
      var term = try applied(to: term)
      let write = write(&term)
      formed.append(term)
      if let write { formed.append(write) }
    }
    if isFirst, let handOver { formed.insert(handOver, at: min(1, formed.count)) }
    return formed
  }

  private func applied(to term: CostTerm) throws(Roofline.NoArithmetic) -> CostTerm {
    guard !term.isHost else { return term }
    var form = TermForm()
    if let product = term.product { form.members = try members(product, own: term.operationRate) }
    if term.byteRoof == .memory {
      let share = term.byteRate / (device.memory.first?.bandwidth.value.value ?? term.byteRate)
      for cache in device.forms.caches {
        let rate = cache.bandwidth.value.value * min(1, share)
        form.near.append(.init(capacity: cache.capacity.value.value, byteRate: rate))
        if form.weightRate == nil, term.readsWeights, placement.weights == nil,
          weights <= cache.capacity.value.value
        {
          form.weightRate = rate
        }
      }
    }
    var term = term
    if term.readsWeights, let stream = placement.weights {
      form.streamRate = stream.readRate
      if stream.readRate < term.byteRate { term.byteRoof = .link }
    }
    if term.bytes.perDecodeContext > 0, let stream = placement.cache, stream.readRate < term.byteRate {
      term.byteRate = stream.readRate
      term.byteRoof = .link
      term.kernel = nil
      form.near = []
    }
    if !form.isPlain {
      term.form = form
      term.kernel = nil
    }
    return term
  }

  /// The keys and values that a term writes to where the KV cache stands, taken off the term; nil where it writes none
  /// or the cache is in the device's memory.
  private func write(_ term: inout CostTerm) -> CostTerm? {
    guard let stream = placement.cache, term.cacheWrites != FeatureSum() else { return nil }
    var write = CostTerm(name: "kv-cache.write", count: term.count, driver: term.driver)
    write.bytes = term.cacheWrites
    write.byteRate = stream.writeRate
    write.byteRoof = .link
    term.bytes = term.bytes.less(term.cacheWrites)
    term.cacheWrites = FeatureSum()
    return write
  }

  /// The devices that compute a product at once.
  private func members(
    _ product: CostTerm.Product, own rate: Double
  ) throws(Roofline.NoArithmetic) -> [TermForm.Member] {
    func member(_ device: Device, _ share: Double, _ slowness: Double) -> TermForm.Member {
      let padding = device.forms.tile?.padding(inner: product.inner, columns: product.columns) ?? 1
      let aspect = product.inner > product.columns ? device.forms.aspect?.value.value ?? 1 : 1
      var member = TermForm.Member(
        share: share, slowness: share * slowness * padding * aspect, rounding: device.forms.rounding)
      if let order = device.forms.order {
        member.orderFrom = Int(min(product.columns, 1e15))
        member.orderFactor = order.value.value
      }
      return member
    }
    var members = [member(device, 1 - device.partners.reduce(0) { $0 + $1.share }, 1)]
    for partner in device.partners {
      let other = try Roofline(partner.device).ceiling(.dense, format).operationRate
      members.append(member(partner.device, partner.share, rate / other))
    }
    return members
  }

  /// Handing a step over to the device, once for every pass that its shapes make of it.
  private var handOver: CostTerm? {
    guard let seconds = device.forms.handOver?.value.value, seconds > 0 else { return nil }
    var term = CostTerm(name: "hand-over", count: 1, driver: .step)
    term.launch = seconds
    if let rounding = device.forms.rounding {
      var form = TermForm()
      form.members = [TermForm.Member(share: 1, slowness: 1, rounding: rounding)]
      term.form = form
    }
    return term
  }
}
