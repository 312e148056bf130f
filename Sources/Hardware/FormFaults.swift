import Units

extension Device {
  /// How far a peak may stand from the product of its units, as data sheets round.
  static let peakTolerance = 0.02

  /// Everything that is wrong with the device's forms, in the order of the file.
  var formFaults: [DeviceFault] {
    var found: [DeviceFault] = []
    func require(_ holds: Bool, _ key: String, _ why: String) {
      if !holds { found.append(DeviceFault(key: "forms.\(key)", why: why)) }
    }
    func positive(_ key: String, _ value: Double) {
      require(value > 0 && value.isFinite, key, "must be above 0, is \(value)")
    }
    for units in forms.units {
      positive("units.\(units.name).count", units.count.value)
      positive("units.\(units.name).clock", units.clock.value.value)
      for format in Format.allCases {
        if let each = units.perCycle[format] {
          positive("units.\(units.name).per-cycle.\(format.rawValue)", each.value)
        }
      }
    }
    for format in Format.allCases {
      guard let derived = forms.peak(format) else { continue }
      guard let stated = compute[format]?.rate.value.value else {
        require(false, "units", "compute in \(format.rawValue), for which compute has no rate")
        continue
      }
      let difference = abs(derived - stated)
      let words = "make \(ComputeRate(derived).text) in \(format.rawValue), where compute.\(format.rawValue) has "
      require(
        difference <= Self.peakTolerance * max(derived, stated), "units", words + ComputeRate(stated).text)
    }
    for (index, cache) in forms.caches.enumerated() {
      positive("caches.\(cache.name).capacity", cache.capacity.value.value)
      positive("caches.\(cache.name).bandwidth", cache.bandwidth.value.value)
      let outer = index + 1 < forms.caches.count ? forms.caches[index + 1].bandwidth : memory.first?.bandwidth
      let isFaster = cache.bandwidth.value.value >= outer?.value.value ?? 0
      require(isFaster, "caches.\(cache.name).bandwidth", "must not be below that of what stands behind it")
      guard index + 1 < forms.caches.count else { continue }
      let isSmaller = cache.capacity.value.value <= forms.caches[index + 1].capacity.value.value
      require(isSmaller, "caches.\(cache.name).capacity", "must not exceed that of the next, which stands behind it")
    }
    if let tile = forms.tile {
      let isBlock = [tile.rows, tile.inner, tile.columns].allSatisfy { 1...65_536 ~= $0 }
      require(isBlock, "tile", "has an edge that is not from 1 to 65536")
    }
    if let shapes = forms.shapes {
      let tokens = shapes.tokens
      let ascends = !tokens.isEmpty && zip(tokens, tokens.dropFirst()).allSatisfy { $0 < $1 }
      let isInRange = tokens.count <= 1024 && tokens.allSatisfy { 1...1_000_000 ~= $0 }
      require(ascends && isInRange, "shapes.tokens", "must be counts from 1 to 1000000, each above the one before")
    }
    if let order = forms.order?.value.value {
      require(order >= 1 && order <= 1000, "order", "must lie between 1x and 1000x, is \(order)")
    }
    if let aspect = forms.aspect?.value.value {
      require(aspect >= 1 && aspect <= 1000, "aspect", "must lie between 1x and 1000x, is \(aspect)")
    }
    if let seconds = forms.handOver?.value.value {
      require(seconds >= 0 && seconds.isFinite, "hand-over", "must not be negative, is \(seconds)")
    }
    if let numa = forms.numa {
      let remote = numa.remote.value.value
      require(remote > 0 && remote <= 1, "numa.remote", "must lie in (0, 1], is \(remote)")
    }
    if let group = forms.memoryGroup {
      positive("memory-group.together", group.together.value.value)
      let peak = memory.first?.bandwidth.value.value ?? 0
      require(
        group.together.value.value <= peak, "memory-group.together", "must not exceed the bandwidth of the memory")
    }
    return found
  }
}
