import Hardware
import Report
import Units

/// The numbers of a device's file, as `medley explain` shows them.
enum DeviceText {
  /// A line for each number with its source; what its kind adds to the roofline is left to ``FormText``.
  static func numbers(_ device: Device, name: String, style: Style) -> String {
    var table = Table(["number of \(name)", "is", "from"], leading: [0, 1, 2])
    func add<D: Dimension>(_ key: String, _ number: Sourced<Quantity<D>>) {
      table.add([key, number.value.text, number.source])
    }
    func add(_ key: String, _ share: Sourced<Double>) {
      table.add([key, NumberText.significant(share.value), share.source])
    }
    for memory in device.memory {
      add("memory.\(memory.name).capacity", memory.capacity)
      add("memory.\(memory.name).bandwidth", memory.bandwidth)
    }
    for format in Format.allCases { device.compute[format].map { add("compute.\(format.rawValue)", $0.rate) } }
    for (key, link) in [("interconnect", device.interconnect), ("host-link", device.hostLink)] {
      guard let link else { continue }
      add("\(key).bandwidth", link.bandwidth)
      add("\(key).latency", link.latency)
    }
    add("execution.launch", device.execution.launch)
    add("execution.host-per-step", device.execution.hostPerStep)
    add("execution.host-per-sequence", device.execution.hostPerSequence)
    add("execution.prefill-dispatch", device.execution.prefillDispatch)
    add("execution.decode-dispatch", device.execution.decodeDispatch)
    if let engine = device.execution.engine { table.add(["execution.engine", engine, "the device's file"]) }
    add("efficiency.compute", device.efficiency.compute)
    add("efficiency.memory", device.efficiency.memory)
    add("efficiency.attention-compute", device.efficiency.attentionCompute)
    add("efficiency.attention-memory", device.efficiency.attentionMemory)
    add("efficiency.link", device.efficiency.link)
    add("collective.latency", device.collective.latency)
    if let large = device.collective.large {
      add("collective.large.from", large.from)
      add("collective.large.efficiency", large.efficiency)
    }
    add("power.idle", device.power.idle)
    add("power.prefill", device.power.prefill)
    add("power.decode", device.power.decode)
    add("power.peak", device.power.peak)
    if let cap = device.power.cap { add("power.cap", cap) }
    if let price = device.price {
      table.add(["price", price.price.value.text, "\(price.date): \(price.price.source)"])
    }
    return table.text(style: style)
  }
}
