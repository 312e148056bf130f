import Hardware
import Models
import Units

/// Lays a model out over the devices of a replica, and says with the arithmetic why that cannot be.
struct EngineBuild {
  let model: ServedModel
  let layout: EngineLayout
  let device: Device
  let stageLink: Link?
  /// Joins the devices that experts are spread over; nil for the devices' own link.
  var expertLink: Link?
  let plan: MemoryPlan
  /// Operators that cost nothing.
  var free: [String] = []
  /// Where weights and KV cache stand, if not in the devices' memory.
  var placement = Placement()
  /// Measured kernels that operators run as; nil for the roofline.
  var kernels: EngineKernels?
  /// Whether the groups of data-parallel attention follow from the other degrees.
  var derivesGroups = true
  /// Whether a placement policy says where everything stands.
  var isPlaced = false

  /// The engine of a pool; nil with a diagnostic at the pool's name or at the setting to blame.
  func engine(pool: String, deviceName: String, _ fields: Fields) -> EngineCost? {
    let diagnostics = fields.diagnostics
    do {
      let engine = try build(layout)
      warnOfSmallCache(engine, pool, fields)
      warnOfLargeCache(engine, pool, deviceName, fields)
      return engine
    } catch {
      let place = fields.place
      switch error {
      case .memory(let budget):
        let devices = layout.devices == 1 ? "" : " a device"
        let state = budget.state > 0 ? " + state \(Memory(budget.state).text)" : ""
        diagnostics.error(
          at: place, "pool '\(pool)' cannot hold \(model.name)",
          why:
            "weights \(Memory(budget.weights).text) + workspace \(Memory(budget.workspace).text)\(state) + one block "
            + "\(Memory(budget.blockBytes).text)\(devices) > \(Memory(budget.available).text) = "
            + "\(Fraction(plan.utilization).text) of the "
            + "\(Memory(device.memory.first?.capacity.value.value ?? 0).text) of \(deviceName)",
          fix: fittingLayout.map { "tensor-parallel: \($0), or a smaller format" }
            ?? "a smaller format, or a device with more memory")
      case .layout(let why):
        let key = (LayoutSection.degrees + ["expert-skew"]).first { why.hasPrefix($0) } ?? LayoutSection.degrees[0]
        diagnostics.error(
          at: fields.valuePlace(of: key), "pool '\(pool)' cannot split \(model.name)", why: why,
          fix: fix(key))
      case .noLink(let name):
        diagnostics.error(
          at: fields.valuePlace(of: "device"), "the devices of pool '\(pool)' are not joined",
          why: "\(name) names neither interconnect nor host-link",
          fix: "\(alone), or add 'interconnect: LINK' to its device file")
      case .arithmetic(let fault):
        diagnostics.error(
          at: fields.valuePlace(of: "device"), "pool '\(pool)' cannot compute in the model's format", why: "\(fault)",
          fix: "model: {name: \(model.name), activations: ...} with a format of the device")
      case .tier(let tier, let needed, let available):
        diagnostics.error(
          at: fields.valuePlace(of: "place"), "'\(tier)' cannot hold what pool '\(pool)' places there",
          why: "\(Memory(needed).text) > \(Memory(available).text)",
          fix: "more drives, another tier, or a smaller format")
      case .noOperator(let operatorName, let names):
        diagnostics.error(
          at: fields.valuePlace(of: "free-operators"), "no operator is named '\(operatorName)'",
          why: "the operators of pool '\(pool)' are \(names.joined(separator: ", "))",
          fix: didYouMean(operatorName, among: names, else: "choose one of them"))
      case .notCosted:
        diagnostics.error(
          at: place, "pool '\(pool)' cannot run \(model.name)", why: "\(error)", fix: "name a model of another family")
      case .device, .cost:
        diagnostics.error(
          at: fields.valuePlace(of: "device"), "pool '\(pool)' cannot run \(model.name)", why: "\(error)",
          fix: "correct the device's file")
      }
      return nil
    }
  }

  private func build(_ layout: EngineLayout) throws(EngineFault) -> EngineCost {
    try EngineCost(
      model.transformer, formats: model.formats, layout: layout, device: device, stageLink: stageLink,
      expertLink: expertLink, plan: plan, free: free, placement: placement, kernels: kernels)
  }

  /// A degree of parallelism in place of one that cannot be.
  private func fix(_ key: String) -> String {
    if key.hasPrefix("pipeline") { return "a smaller pipeline-parallel" }
    if key == "expert-skew" { return "a smaller expert-skew, or 1 where tokens choose evenly" }
    guard key.contains("expert") || key.contains("attention") else {
      return closestLayout.map { "tensor-parallel: \($0)" } ?? "a tensor-parallel that divides the model's heads"
    }
    let wanted = max(layout.expertParallel, layout.stageDevices)
    let degree = [256, 128, 64, 32, 16, 8, 4, 2].first { degree in
      guard degree <= wanted else { return false }
      var tried = layout
      tried.expertParallel = degree
      tried.attentionGroups = LayoutSection.groups(tried)
      return (try? build(tried)) != nil
    }
    return degree.map { "expert-parallel: \($0), and no data-parallel-attention" } ?? "leave \(key) away"
  }

  /// The degrees that join devices, each set to one that does not.
  private var alone: String {
    let degrees = [layout.tensorParallel, layout.pipelineParallel, layout.expertParallel, layout.attentionGroups]
    let joined = zip(LayoutSection.degrees, degrees).filter { $0.1 > 1 }.map { "\($0.0): 1" }
    return wordList(joined, or: "and")
  }

  /// The smallest tensor-parallel degree that is a power of two and fits.
  private var fittingLayout: Int? { [1, 2, 4, 8, 16, 32, 64].first(where: fits) }

  /// The largest such degree that is not above the one asked for, else the smallest.
  private var closestLayout: Int? {
    [64, 32, 16, 8, 4, 2].first { $0 <= layout.tensorParallel && fits($0) } ?? fittingLayout
  }

  private func fits(_ tensorParallel: Int) -> Bool {
    var tried = layout
    tried.tensorParallel = tensorParallel
    if derivesGroups { tried.attentionGroups = LayoutSection.groups(tried) }
    return (try? build(tried)) != nil
  }

  /// A cache that cannot hold one long sequence is allowed, and hardly meant.
  private func warnOfSmallCache(_ engine: EngineCost, _ pool: String, _ fields: Fields) {
    let tokens = min(4096, model.transformer.maxContext ?? 4096)
    guard engine.memory.cacheTokens < tokens else { return }
    let sequence = engine.cacheBytesPerToken * Double(tokens)
    // Without keys and values a cache is as small as it was told to be.
    let needs = sequence > 0 ? "; one of \(tokens) needs \(Memory(sequence).text) over the engine" : ""
    let capacity = capacityPlace(fields)
    let fixes =
      (capacity == nil ? ["more devices", "a smaller format"] : ["a larger kv-cache.capacity"])
      + (isPlaced ? ["settings of 'place' that leave it more room"] : [])
    fields.diagnostics.warning(
      at: capacity ?? fields.place, "pool '\(pool)' cannot hold one long sequence of \(model.name)",
      why: "\(engine.memory.blocks) blocks hold \(engine.memory.cacheTokens) tokens\(needs)",
      fix: "\(wordList(fixes)); longer requests are rejected")
  }

  /// Where the cache's capacity is given; nil where it follows from the memory.
  private func capacityPlace(_ fields: Fields) -> Place? { fields.element("kv-cache")?["capacity"]?.place }

  /// A cache whose capacity is given may exceed the memory, as in what-if questions, and is rarely meant to.
  private func warnOfLargeCache(_ engine: EngineCost, _ pool: String, _ deviceName: String, _ fields: Fields) {
    let memory = engine.memory
    let cache = memory.cacheBytesPerToken * Double(memory.cacheTokens)
    guard !isPlaced, plan.blocks != nil, memory.taken + cache > memory.available else { return }
    fields.diagnostics.warning(
      at: capacityPlace(fields) ?? fields.place,
      "pool '\(pool)' has not the memory that its kv-cache.capacity asks for",
      why: "weights \(Memory(memory.weights).text) + workspace \(Memory(memory.workspace).text) + KV cache "
        + "\(Memory(cache).text) a device > \(Memory(memory.available).text) usable of \(deviceName)",
      fix: "a smaller capacity, or more devices; it is simulated as if there were room")
  }
}
