import Cluster
import Hardware
import Models
import Units

/// Reads the pools of a cluster.
struct PoolSection {
  let reading: Reading
  let shelf: Shelf
  let policies: PolicyCatalogue
  let context: PolicyContext
  /// Nil where the model has faults; engines are not built then, and everything else is still checked.
  let model: ServedModel?
  /// The batch policy of pools that do not name their own.
  let batch: BatchChoice?

  /// Most replicas of a pool.
  static let replicaLimit = 100_000
  /// Most sequences at once; the step times of every decode batch up to it are tabulated.
  static let sequenceLimit = 8_192

  /// A batch policy that a scenario named.
  struct BatchChoice {
    var name: String
    var policy: any BatchPolicy
  }

  /// The fields of a pool over what `defaults` say of every pool, placed at its name.
  static func fields(_ pools: Fields, _ name: String, defaults: Element?) -> Fields {
    var element = pools.element(name) ?? Element(.null, at: pools.place)
    if let defaults, defaults.entries != nil, element.entries != nil {
      element = Merging.merge(defaults, element, path: ["cluster", "pools", name])
    }
    if element.entries != nil { element.place = pools.place(of: name) }
    return Fields(element, path: pools.path(name), reading: pools.reading)
  }

  /// The pool that `fields` describe; nil with diagnostics.
  func pool(_ name: String, _ fields: Fields) -> (PoolDescription, ResolvedPool)? {
    let errors = reading.diagnostics.errorCount
    let server = ServerSection(fields: fields, shelf: shelf)
    let device = SharedMemorySection(reading: reading, shelf: shelf).device(fields, server.device(device(fields)))
    let kernels = server.kernels(of: device?.name)
    let replicas = fields.count("replicas", in: 1...Self.replicaLimit, default: 1, because: "one replica")
    let copies = fields.count("data-parallel", in: 1...1_000, default: 1, because: "one engine per replica")
    let layout = LayoutSection(fields: fields).layout()
    let limits = fields.fields("limits")
    var plan = MemoryPlan()
    plan.maxSequences =
      limits.count("max-sequences", in: 1...Self.sequenceLimit, default: 256, because: "vLLM: max_num_seqs") ?? 256
    plan.maxBatchTokens =
      limits.count("max-batch-tokens", in: 1...1_000_000, default: 2048, because: "vLLM: max_num_batched_tokens")
      ?? 2048
    limits.finish()
    let caching = fields.fields("kv-cache")
    let prefixes = PrefixCacheSection(fields: caching, policies: policies)
    let evict = prefixes.policy(context)
    let watermark = cache(caching, &plan)
    let preemption = preemption(fields, device, layout)
    func link(_ key: String) -> Link? {
      fields.text(key).flatMap { shelf.link($0, at: fields.valuePlace(of: key)) }
    }
    let (stageLink, expertLink) = (link("stage-link"), link("expert-link"))
    let batch = fields.has("batch") ? Self.batch(fields, policies, context) : batch
    let free = freeOperators(fields)
    let schedulesAhead =
      fields.has("scheduling")
      && fields.choice("scheduling", of: ["between", "ahead"], default: "between", because: "") == "ahead"
    let model = served(fields)
    let placing = PlacementSection(reading: reading, shelf: shelf)
    let place =
      placing.policy(fields, policies) { settings in
        guard let model, let device else { return nil }
        return FieldSettings(
          fields: settings, shelf: shelf, policies: policies, context: context, served: model, device: device.value,
          layout: layout, memory: plan, kernels: kernels)
      }
      ?? placing.placement(
        fields, device: device?.value, devices: layout.devices,
        blockBytes: self.model.map { $0.layerBlock(plan, layout) })
    let power = power(fields, device, layout, place)
    let price = price(fields, device, layout, place.plan)
    fields.finish()
    if let replicas, let copies, replicas * copies > Self.replicaLimit {
      reading.diagnostics.error(
        at: fields.valuePlace(of: "data-parallel"), "pool '\(name)' has \(replicas * copies) replicas",
        why: "a pool has at most \(Self.replicaLimit): replicas x data-parallel", fix: "write smaller numbers")
    }
    guard let device, let replicas, let copies, let preemption, let batch, let model,
      reading.diagnostics.errorCount == errors
    else { return nil }
    if let placed = place.plan, !placing.check(placed, layout, fields, &plan) { return nil }
    let build = EngineBuild(
      model: model, layout: layout, device: device.value, stageLink: stageLink, expertLink: expertLink, plan: plan,
      free: free, placement: place.plan == nil ? place.placement : .policys, kernels: kernels,
      derivesGroups: !fields.has("data-parallel-attention"), isPlaced: place.plan != nil)
    guard let engine = build.engine(pool: name, deviceName: device.name, fields) else { return nil }
    if evict != nil, !prefixes.check(engine, model.name) { return nil }
    let blocks = engine.memory.blocks
    let cacheDescription = KVCacheDescription(
      blockTokens: plan.blockTokens, blocks: blocks, watermark: Int(Double(blocks) * watermark),
      bytesPerToken: engine.cacheBytesPerToken)
    noteBlocks(engine, plan, fields)
    noteConversions(engine, fields)
    noteKernels(engine, kernels, fields)
    let description = EngineDescription(
      cost: engine.cost, cache: cacheDescription, maxSequences: plan.maxSequences, maxBatchTokens: plan.maxBatchTokens,
      preemption: preemption, schedulesAhead: schedulesAhead, power: power, placed: place.plan?.engine)
    return (
      PoolDescription(
        name: name, replicas: replicas * copies, engine: description, batch: batch.policy, price: price,
        evict: evict),
      ResolvedPool(
        name: name, deviceName: device.name, device: device.value, engine: engine, replicas: replicas * copies,
        price: price, unpriced: unpriced(fields, device, place.plan), power: power, batch: batch.name)
    )
  }

  /// The model in the formats under `precision`; the KV cache keeps its own, since caches move between pools.
  private func served(_ fields: Fields) -> ServedModel? {
    let precision = fields.fields("precision")
    var formats = model?.formats ?? ModelFormats()
    if fields.has("precision") {
      FormatSection(fields: precision).read(
        &formats, weightsFrom: "as the model's", activationsFrom: "as the model's")
    }
    precision.finish()
    var served = model
    served?.formats = formats
    return served
  }

  /// The names under `free-operators`: what a cluster would be worth if they cost nothing.
  private func freeOperators(_ fields: Fields) -> [String] {
    let names = fields.elements("free-operators").compactMap { entry -> String? in
      if entry.element.text == nil {
        reading.diagnostics.error(
          at: entry.element.place, "'free-operators' takes names of operators, not \(entry.element.kind)",
          why: "the time of each operator named is left out of every step",
          fix: "write [attention.decode], with names that `medley explain` lists")
      }
      return entry.element.text
    }
    fields.note(
      "free-operators", names.isEmpty ? "none" : names.joined(separator: ", "), because: "every operator counts")
    return names
  }

  private func noteBlocks(_ engine: EngineCost, _ plan: MemoryPlan, _ fields: Fields) {
    let budget = engine.memory
    let room = [budget.available, budget.weights, budget.workspace].map { Memory($0).text }
    let how =
      plan.blocks == nil
      ? "(\(room[0]) usable - \(room[1]) weights - \(room[2]) workspace) of a device" : "capacity / block"
    reading.note(fields.path("kv-cache.blocks"), "\(budget.blocks)", .computed(how))
  }

  /// Says what it takes to convert weights, where a device must and the scenario does not say.
  private func noteConversions(_ engine: EngineCost, _ fields: Fields) {
    guard engine.formats.conversionOperations == nil else { return }
    let counts = WeightClass.allCases.compactMap { name in
      engine.conversions[name].map { "\(Int($0)) a weight of \(name.rawValue)" }
    }
    guard !counts.isEmpty else { return }
    reading.note(
      fields.path("precision.conversion-operations"), counts.joined(separator: ", "),
      .byDefault("instructions of vLLM's marlin/dequant.h, counted as two operations each; assumed for other formats"))
  }

  /// Says which operators run as measured kernels, and which are left to the roofline.
  private func noteKernels(_ engine: EngineCost, _ kernels: EngineKernels?, _ fields: Fields) {
    guard let kernels else { return }
    var names: (measured: [String], others: [String]) = ([], [])
    for term in engine.cost.terms.joined() {
      if term.kernel != nil, !names.measured.contains(term.name) { names.measured.append(term.name) }
      if term.kernel == nil, !names.others.contains(term.name) { names.others.append(term.name) }
    }
    reading.note(
      fields.path("kernels.operators"), names.measured.joined(separator: ", "),
      .computed(
        "kernels/\(kernels.table.device).yaml, \(kernels.frameworks.joined(separator: ", ")); by the roofline: "
          + names.others.joined(separator: ", ")))
  }

  /// The batch policy under the key `batch`.
  static func batch(_ fields: Fields, _ policies: PolicyCatalogue, _ context: PolicyContext) -> BatchChoice? {
    let names = policies.batches.keys.sorted()
    guard
      let (name, settings) = fields.named(
        "batch", "batch policy", "batch policies", among: names, default: "prefill-first",
        because: "vLLM's first scheduler"),
      let listing = policies.batches[name]
    else { return nil }
    let policy = listing.read(settings, context)
    settings.finish()
    return policy.map { BatchChoice(name: name, policy: $0) }
  }

  private func device(_ fields: Fields) -> (name: String, value: Device)? {
    guard let element = fields.required("device", example: "h100-sxm") else { return nil }
    if element.entries != nil {
      fields.note("device", element.spelled, because: "")
      return shelf.device(changed: element)
    }
    guard let name = fields.text("device") else { return nil }
    return shelf.device(name, at: element.place).map { (name, $0) }
  }

  /// Reads the KV cache into the plan; the share of blocks that is kept free.
  private func cache(_ fields: Fields, _ plan: inout MemoryPlan) -> Double {
    plan.blockTokens = fields.count("block", in: 1...65_536, default: 16, because: "vLLM: block_size") ?? 16
    plan.utilization =
      fields.quantity(
        "memory-utilization", Fraction.self, in: Fraction(0.01)...Fraction(1), default: Fraction(0.9),
        because: "vLLM: gpu_memory_utilization")?.value ?? 0.9
    plan.reserved =
      fields.quantity("reserved", Memory.self, default: Memory(1e9), because: "runtime and libraries on each device")?
      .value ?? 1e9
    if let tokens = fields.quantity("capacity", TokenCount.self, in: TokenCount(1)...TokenCount(2_000_000_000)) {
      plan.blocks = max(1, Int(tokens.value) / plan.blockTokens)
    }
    let watermark = fields.quantity(
      "watermark", Fraction.self, in: Fraction(0)...Fraction(0.5), default: Fraction(0.01), because: "vLLM: watermark")
    fields.finish()
    return watermark?.value ?? 0.01
  }

  private func preemption(_ fields: Fields, _ device: (name: String, value: Device)?, _ layout: EngineLayout)
    -> Preemption?
  {
    guard
      let (name, settings) = fields.named(
        "preemption", "preemption", "ways to preempt", among: ["recompute", "swap"], default: "recompute",
        because: "vLLM: recompute")
    else { return nil }
    defer { settings.finish() }
    guard name == "swap" else { return .recompute }
    let host = device?.value.hostLink
    let devices = Double(layout.devices)
    let source = host.map { "\(layout.devices) x host link \($0.name)" } ?? ""
    let bandwidth = settings.quantity(
      "bandwidth", Bandwidth.self, in: Bandwidth(1)...Bandwidth(1e15),
      default: host.map { $0.bandwidth.value * devices }, because: source)
    let latency = settings.quantity(
      "latency", Seconds.self, default: host?.latency.value ?? Seconds(0), because: source)
    guard let bandwidth else {
      if let device {
        settings.missing("bandwidth", example: "25 GB/s", because: "\(device.name) names no host-link to take it from")
      }
      return nil
    }
    return .swap(bandwidth: bandwidth, latency: latency ?? Seconds(0))
  }

  /// Watts of one replica.
  private func power(
    _ fields: Fields, _ device: (name: String, value: Device)?, _ layout: EngineLayout, _ place: PlacementSection.Found
  ) -> EnginePower {
    let watts = fields.fields("power")
    if let streams = place.plan?.engine.power {
      let (idle, busy) = (
        streams.reduce(0) { $0 + $1.idle.value }, streams.reduce(0) { $0 + max($1.busy.value, $1.computing.value) }
      )
      watts.finish()
      return EnginePower(idle: Power(idle), prefill: Power(busy), decode: Power(busy))
    }
    let own = device?.value.power
    let devices = Double(layout.devices)
    let drives = place.power
    let source =
      "\(layout.devices) x \(device?.name ?? "device")" + (drives.busy.value > 0 ? " and the drives of place" : "")
    func read(_ key: String, _ value: Sourced<Power>?, _ drives: Power) -> Power {
      let fallback = (value?.value ?? Power(0)) * devices + drives
      return watts.quantity(key, Power.self, default: fallback, because: source) ?? fallback
    }
    let idle = read("idle", own?.idle, drives.idle)
    let prefill = read("prefill", own?.prefill, drives.busy)
    let decode = read("decode", own?.decode, drives.busy)
    watts.finish()
    let working = min(prefill, decode)
    if device != nil, idle > working {
      watts.diagnostics.error(
        at: watts.place, "a replica that idles at \(idle.text) and works at \(working.text)",
        why: "it draws no less at work, and energy is reckoned from both",
        fix: "write an 'idle' of at most \(working.text)")
    }
    return EnginePower(idle: idle, prefill: prefill, decode: decode)
  }

  /// Dollars per hour of one replica.
  private func price(
    _ fields: Fields, _ device: (name: String, value: Device)?, _ layout: EngineLayout, _ placed: PlacedPlan?
  ) -> Price {
    let own = device?.value.price
    var fallback = (own?.price.value ?? Price(0)) * Double(layout.devices)
    var source = own.map { "\(layout.devices) x \(device?.name ?? "device"), \($0.date)" } ?? "nobody lets the device"
    for (other, count) in placed?.devices ?? [] {
      fallback = fallback + (other.price?.price.value ?? Price(0)) * Double(count)
      source += "; \(count) x \(other.name), \(other.price?.date ?? "let by nobody")"
    }
    return fields.quantity("price", Price.self, default: fallback, because: source) ?? fallback
  }

  /// The devices whose price is not known where the pool gives none; a processor is let with the device beside it.
  private func unpriced(_ fields: Fields, _ device: (name: String, value: Device), _ placed: PlacedPlan?) -> [String] {
    guard !fields.has("price") else { return [] }
    let others = (placed?.devices ?? []).map(\.device).filter { $0.price == nil && $0.kind != .cpu }.map(\.name)
    return (device.value.price == nil ? [device.name] : []) + others
  }
}
