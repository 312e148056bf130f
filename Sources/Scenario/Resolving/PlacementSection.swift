import Cluster
import Hardware
import Models
import Units

/// Reads `place: {weights: TIER, kv-cache: {tier: TIER, drives: 4, link: LINK, request: 1 MiB, depth: 32}}` of a pool.
struct PlacementSection {
  /// What may stand elsewhere without a policy.
  static let parts: Set = ["weights", "kv-cache"]

  let reading: Reading
  let shelf: Shelf

  /// Where a pool's weights and KV cache stand, and what the drives of a replica draw.
  struct Found {
    var placement = Placement()
    var power = Watts()
    /// What a placement policy makes of it; nil where the pool names none.
    var plan: PlacedPlan?
  }

  /// Watts of a replica's drives.
  struct Watts {
    var idle = Power(0)
    var busy = Power(0)
  }

  /// What the placement policy under `place` makes of its settings; nil where `place` names none.
  func policy(_ pool: Fields, _ policies: PolicyCatalogue, _ settings: (Fields) -> FieldSettings?) -> Found? {
    guard let element = pool.element("place") else { return nil }
    let name: String
    let inner: Element
    switch element.content {
    case .scalar(let text, _): (name, inner) = (text, Element(.null, at: element.place))
    case .mapping(let entries) where entries.count == 1: (name, inner) = (entries[0].key, entries[0].value)
    case .mapping(let entries):
      guard let policy = entries.first(where: { policies.places[$0.key] != nil }) else { return nil }
      reading.diagnostics.error(
        at: (entries.last { $0.key != policy.key } ?? policy).keyPlace, "'place' names more than '\(policy.key)'",
        why: "a placement policy is named alone: its own settings say what stands where", fix: "keep one of them")
      return Found()
    default: return nil
    }
    guard let policy = policies.places[name] else {
      guard !Self.parts.contains(name) else { return nil }
      let names = policies.places.keys.sorted()
      reading.diagnostics.error(
        at: element.entries?.first?.keyPlace ?? element.place, "no placement policy is named '\(name)'",
        why: "'place' names one, or says where 'weights' and 'kv-cache' stand; the placement policies are "
          + wordList(names, or: "and"),
        fix: didYouMean(name, among: names + ["weights", "kv-cache"], else: "choose one of them"))
      return Found()
    }
    reading.note(pool.path("place"), name, .given(element.entries?.first?.keyPlace ?? element.place))
    let fields = Fields(inner, path: "\(pool.path("place")).\(name)", reading: reading)
    var found = Found()
    found.plan = settings(fields).flatMap { policy.plan($0) }
    // A policy that has refused may not have come to all of its settings.
    if found.plan != nil { fields.finish() }
    return found
  }

  /// Whether an engine of `layout` can run what a placement policy planned; takes its KV blocks into the memory plan.
  func check(_ placed: PlacedPlan, _ layout: EngineLayout, _ pool: Fields, _ plan: inout MemoryPlan) -> Bool {
    let devices = layout.tensorParallel
    if layout.devices != devices || layout.expertParallel > 1 {
      reading.diagnostics.error(
        at: pool.valuePlace(of: "place"), "a placed engine has one stage, whose devices share every layer",
        why: "the placement policy says itself which device computes what",
        fix: "leave pipeline-parallel, data-parallel-attention and expert-parallel away")
      return false
    }
    if !pool.elements("free-operators").isEmpty {
      reading.diagnostics.error(
        at: pool.valuePlace(of: "free-operators"), "the steps of a placed engine have no free operators",
        why: "its policy places pieces of the model, in which operators are one",
        fix: "leave 'free-operators' away, or 'place'")
      return false
    }
    guard placed.cacheTokens >= Double(plan.blockTokens) else {
      reading.diagnostics.error(
        at: pool.valuePlace(of: "place"), "no KV block fits where the placement policy puts the KV cache",
        why: "a block has \(plan.blockTokens) tokens, and there is room for \(Int(max(0, placed.cacheTokens)))",
        fix: "more memory, fewer weights beside it, or a smaller format")
      return false
    }
    let given = plan.blocks ?? .max
    plan.blocks = min(given, Int(min(placed.cacheTokens, 2e9)) / plan.blockTokens)
    return true
  }

  /// The placement under `place`; what is faulty is left out, with diagnostics.
  ///
  /// - Parameter blockBytes: the bytes of one KV block of one layer on one device, which a request reads unless told.
  func placement(_ pool: Fields, device: Device?, devices: Int, blockBytes: Double?) -> Found {
    var found = Found()
    let fields = pool.fields("place")
    found.placement.weights = stream(
      fields, "weights", device, devices, request: Memory(0x1p20), because: "a piece of a layer's weights", &found.power
    )
    let block = blockBytes.map { Memory(max(512, $0.rounded())) } ?? Memory(0x1p16)
    found.placement.cache = stream(
      fields, "kv-cache", device, devices, request: block, because: "a block of one layer", &found.power)
    fields.finish()
    return found
  }

  private func stream(
    _ fields: Fields, _ key: String, _ device: Device?, _ devices: Int, request: Memory, because source: String,
    _ watts: inout Watts
  ) -> Stream? {
    guard let element = fields.element(key) else { return nil }
    let settings: Fields
    let name: String?
    if element.text != nil {
      settings = Fields(Element(.null, at: element.place), path: fields.path(key), reading: reading)
      name = fields.text(key)
    } else {
      settings = fields.fields(key)
      if settings.isMapping, !settings.has("tier") { settings.missing("tier", example: "nvme-gen4-pm9a3") }
      name = settings.text("tier")
    }
    let place = settings.has("tier") ? settings.valuePlace(of: "tier") : element.place
    let tier = name.flatMap { shelf.tier($0, at: place) }
    let drives = settings.count(
      "drives", in: 1...1024, default: 1, because: "one, which all devices of a replica share")
    let own = device?.hostLink
    var link = own
    if settings.has("link"), let name = settings.text("link") {
      link = shelf.link(name, at: settings.valuePlace(of: "link"))
    } else {
      reading.note(settings.path("link"), own?.name ?? "none", .byDefault("the device's host-link"))
    }
    let bytes = settings.quantity(
      "request", Memory.self, in: Memory(512)...Memory(0x1p40), default: request, because: source)
    let depth = settings.count(
      "depth", in: 1...Tier.depthLimit, default: 32, because: "requests in flight to each drive")
    settings.finish()
    guard let name, let tier, let drives, let bytes, let depth else { return nil }
    let crossing = link?.bandwidth.value.value ?? .infinity
    func rate(_ each: Double) -> Double { min(each * Double(drives) / Double(devices), crossing) }
    let stream = Stream(
      name: name, capacity: tier.capacity.value.value * Double(drives),
      readRate: rate(tier.read(bytes: bytes.value, depth: depth)),
      writeRate: rate(tier.write(bytes: bytes.value, depth: depth)))
    reading.note(
      settings.path("read"), Bandwidth(stream.readRate).text,
      .computed("\(drives) x \(tier.name) at depth \(depth) over \(devices) devices, at most the link"))
    watts.idle = watts.idle + (tier.idle?.value ?? Power(0)) * Double(drives)
    watts.busy = watts.busy + (tier.peak?.value ?? Power(0)) * Double(drives)
    return stream
  }
}

extension ServedModel {
  /// Bytes of one KV block of one layer on one device of a layout.
  func layerBlock(_ plan: MemoryPlan, _ layout: EngineLayout) -> Double {
    let layers = Double(max(1, transformer.layers.count) * layout.tensorParallel)
    return transformer.cacheBytesPerToken(formats.cache) * Double(plan.blockTokens) / layers
  }
}
