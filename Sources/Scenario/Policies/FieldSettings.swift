import Cluster
import Hardware
import Models
import Units

/// The settings of a placement policy as a scenario gives them.
struct FieldSettings: PlaceSettings {
  let fields: Fields
  let shelf: Shelf
  let policies: PolicyCatalogue
  let context: PolicyContext
  let served: ServedModel
  let device: Device
  let layout: EngineLayout
  let memory: MemoryPlan
  let kernels: EngineKernels?

  var model: Transformer { served.transformer }
  var formats: ModelFormats { served.formats }
  var seed: UInt64 { context.seed }

  func has(_ key: String) -> Bool { fields.has(key) }

  func count(_ key: String, in range: ClosedRange<Int>, default fallback: Int, because source: String) -> Int {
    fields.count(key, in: range, default: fallback, because: source) ?? fallback
  }

  func number(
    _ key: String, in range: ClosedRange<Double>, default fallback: Double, because source: String
  ) -> Double {
    fields.number(key, in: range, default: fallback, because: source) ?? fallback
  }

  func quantity<D: Dimension>(
    _ key: String, _ dimension: D.Type, in range: ClosedRange<Double>, default fallback: Double, because source: String
  ) -> Double {
    fields.quantity(
      key, Quantity<D>.self, in: Quantity<D>(range.lowerBound)...Quantity<D>(range.upperBound),
      default: Quantity<D>(fallback),
      because: source)?.value ?? fallback
  }

  func flag(_ key: String, default fallback: Bool, because source: String) -> Bool {
    fields.flag(key, default: fallback, because: source)
  }

  func choice(_ key: String, of words: [String], default fallback: String, because source: String) -> String {
    fields.choice(key, of: words, default: fallback, because: source) ?? fallback
  }

  func device(_ key: String, required: Bool) -> Device? {
    name(key, required, example: "h20").flatMap { shelf.device($0, at: fields.valuePlace(of: key)) }
  }

  func link(_ key: String, default fallback: Link?, required: Bool) -> Link? {
    if fields.has(key) || (required && fallback == nil) {
      return name(key, required, example: "pcie4").flatMap { shelf.link($0, at: fields.valuePlace(of: key)) }
    }
    if let fallback { fields.note(key, fallback.name, because: "the device's host-link") }
    return fallback
  }

  func tier(_ key: String, required: Bool) -> Tier? {
    name(key, required, example: "ddr4-3200").flatMap { shelf.tier($0, at: fields.valuePlace(of: key)) }
  }

  private func name(_ key: String, _ required: Bool, example: String) -> String? {
    if required, !fields.has(key) { fields.missing(key, example: example) }
    return fields.has(key) ? fields.text(key) : nil
  }

  func evict(_ key: String, default fallback: String) -> (any EvictPolicy)? {
    guard
      let (name, settings) = fields.named(
        key, "eviction policy", "eviction policies", among: policies.evicts.keys.sorted(), default: fallback,
        because: "the policy's own")
    else { return nil }
    defer { settings.finish() }
    return policies.evicts[name]?.read(settings, context)
  }

  func section(_ key: String) -> any PlaceSettings {
    FieldSettings(
      fields: fields.fields(key), shelf: shelf, policies: policies, context: context, served: served, device: device,
      layout: layout, memory: memory, kernels: kernels)
  }

  func refuse(_ key: String?, _ what: String, why: String, fix: String) {
    fields.diagnostics.error(at: key.map { fields.valuePlace(of: $0) } ?? fields.place, what, why: why, fix: fix)
  }

  func warn(_ key: String?, _ what: String, why: String, fix: String) {
    fields.diagnostics.warning(at: key.map { fields.valuePlace(of: $0) } ?? fields.place, what, why: why, fix: fix)
  }

  func pieces(on device: Device, tensorParallel: Int) -> ModelPieces? {
    pieces(served.name, served.transformer, on: device, tensorParallel: tensorParallel)
  }

  func pieces(of key: String, on device: Device) -> ModelPieces? {
    guard let name = name(key, false, example: "qwen3-0.6b"),
      let transformer = shelf.model(name, at: fields.valuePlace(of: key))
    else { return nil }
    return pieces(name, transformer, on: device, tensorParallel: 1)
  }

  private func pieces(_ name: String, _ model: Transformer, on device: Device, tensorParallel: Int) -> ModelPieces? {
    var layout = EngineLayout()
    layout.tensorParallel = tensorParallel
    do {
      return try ModelPieces(
        model, formats: served.formats, layout: layout, device: device,
        kernels: device.name == self.device.name ? kernels : nil, maxBatch: memory.maxSequences)
    } catch {
      refuse(
        nil, "\(device.name) cannot run \(name)", why: "\(error)",
        fix: "another device, or 'precision' with a format that it computes in")
      return nil
    }
  }
}
