import Hardware
import Units

/// Reads what a pool says of the memory that its device shares: `memory-users: 2` and
/// `beside: {device: NAME, share: 60 %, hand-over: 20 us}`.
struct SharedMemorySection {
  let reading: Reading
  let shelf: Shelf

  /// Most devices that may read a memory at once.
  static let userLimit = 64

  /// The device as the pool uses it; nil with diagnostics where it cannot be used so.
  func device(_ fields: Fields, _ found: (name: String, value: Device)?) -> (name: String, value: Device)? {
    let users =
      fields.has("memory-users") ? fields.count("memory-users", in: 1...Self.userLimit) ?? 1 : 1
    var device = found
    if users > 1, let value = found?.value {
      if value.forms.memoryGroup == nil {
        reading.diagnostics.error(
          at: fields.valuePlace(of: "memory-users"), "\(found?.name ?? "the device") shares its memory with nobody",
          why: "memory-users counts devices of one chip, and its file names no forms.memory-group",
          fix: "remove memory-users, or name the memory group in the device's file")
      }
      device?.value = value.sharingMemory(with: users)
    }
    for (element, path) in fields.elements("beside") {
      let partner = Fields(element, path: path, reading: reading)
      device = beside(partner, device)
    }
    return device
  }

  private func beside(
    _ fields: Fields, _ found: (name: String, value: Device)?
  ) -> (name: String, value: Device)? {
    if !fields.has("device") { fields.missing("device", example: "m2-pro-npu") }
    let name = fields.text("device")
    let partner = name.flatMap { shelf.device($0, at: fields.valuePlace(of: "device")) }
    let share = fields.required("share", Fraction.self, in: Fraction(0.001)...Fraction(0.999))
    let own = partner?.forms.handOver
    let handOver = fields.quantity(
      "hand-over", Seconds.self, in: Seconds(0)...Seconds(3600), default: own?.value ?? Seconds(0),
      because: own.map(\.source) ?? "\(name ?? "the device") names none")
    fields.finish()
    guard let found, let partner, let share, let handOver else { return nil }
    do {
      return (found.name, try found.value.beside(partner, share: share.value, handOver: handOver))
    } catch {
      reading.diagnostics.error(
        at: fields.place, "\(found.name) cannot work beside \(name ?? "the device")", why: error.why,
        fix: "name devices of one chip, and shares that add up to less than 100 %")
      return nil
    }
  }
}
