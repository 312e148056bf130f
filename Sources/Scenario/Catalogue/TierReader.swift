import Hardware
import Units

/// Reads tier files.
enum TierReader {
  /// The tier that a file describes; nil with diagnostics where it describes none that can be.
  static func tier(_ root: Element, named name: String, _ reading: Reading) -> Tier? {
    let fields = Fields(root, path: "", reading: reading)
    let errors = reading.diagnostics.errorCount
    let title = fields.text("name", default: name)
    if !fields.has("kind") { fields.missing("kind", example: "storage") }
    let kind = fields.choice("kind", of: TierKind.allCases.map(\.rawValue)).flatMap(TierKind.init(rawValue:))
    let capacity = fields.sourced("capacity", Memory.self)
    let bandwidth = fields.sourced("bandwidth", Bandwidth.self)
    let write = fields.sourced("write-bandwidth", Bandwidth.self)
    let latency = fields.sourced("latency", Seconds.self)
    let request = fields.sourced("request", Memory.self)
    let isStorage = kind == .storage
    let rate = fields.sourced("request-rate", Rate.self, required: isStorage)
    let idle = fields.sourced("idle", Power.self, required: isStorage)
    let peak = fields.sourced("peak", Power.self, required: isStorage)
    fields.finish()
    guard reading.diagnostics.errorCount == errors, let title, let kind, let capacity, let bandwidth, let write,
      let latency, let request
    else { return nil }
    let tier = Tier(
      name: title, kind: kind, capacity: capacity, bandwidth: bandwidth, writeBandwidth: write, latency: latency,
      request: request, requestRate: rate, idle: idle, peak: peak)
    for fault in tier.faults {
      reading.diagnostics.error(
        at: fields.valuePlace(of: fault.key), "'\(fault.key)' cannot be", why: fault.why, fix: "correct the number")
    }
    return tier.faults.isEmpty ? tier : nil
  }
}
