import Hardware

/// Checkpoints whose `config_groups` say which modules are in which format: compressed-tensors and NVIDIA's ModelOpt.
extension ConfigReader {
  private struct Group {
    var weights: StorageFormat
    var inputs: Format?
    var targets: ModuleNames
  }

  /// What the object under `quantization` says, where ModelOpt's own file has its settings; nil with a fault, or without one.
  mutating func nested(_ model: Transformer) -> Quantization? {
    let found = within("quantization", "quantization") { reader in
      let found = reader.isEmpty ? nil : reader.grouped(model)
      if found == nil { reader.ignoreRest() }
      return found
    }
    return found ?? nil
  }

  /// What the groups, or the algorithm where there are none, say; nil with a fault.
  mutating func grouped(_ model: Transformer) -> Quantization? {
    ignore("transform_config", "group_size")
    let algorithm = string("quant_algo")
    let sparsity = within("sparsity_config", "sparsity_config") { reader in
      defer { reader.ignoreRest() }
      return reader.string("format") ?? "dense"
    }
    guard sparsity ?? "dense" == "dense" else {
      return unknown("sparsity_config", why: "weights that are stored without their zeros are not understood")
    }
    var cache: StorageFormat?
    switch string("kv_cache_quant_algo")?.uppercased() {
    case nil: break
    case "FP8": cache = .fp8
    case "NVFP4": cache = .nvfp4
    default: return unknown("kv_cache_quant_algo", why: "keys and values in FP8 and NVFP4 are understood")
    }
    if let scheme = within("kv_cache_scheme", "kv_cache_scheme", { $0.scheme() }) {
      guard let scheme else { return nil }
      cache = scheme
    }
    guard var found = quantization(withinMembers("config_groups", "config_groups") { $0.group() }, algorithm, model)
    else { return nil }
    found.cache = cache
    return leaving(isPresent("ignore") ? "ignore" : "exclude_modules", found, model)
  }

  private mutating func quantization(
    _ groups: [Group?]?, _ algorithm: String?, _ model: Transformer
  ) -> Quantization? {
    if let groups, let first = groups.first {
      let known = groups.compactMap { $0 }
      guard known.count == groups.count, let first else { return nil }
      guard known.count <= 64 else { return unknown("config_groups", why: "at most 64 groups are understood") }
      var found = Quantization(first.weights, inputs: first.inputs)
      assign(known, &found, model)
      return isMatched("config_groups") ? found : nil
    }
    switch algorithm?.uppercased() {
    case "FP8", "FP8_PER_CHANNEL_PER_TOKEN": return Quantization(.fp8, inputs: .fp8)
    case "MXFP8": return Quantization(.mxfp8, inputs: .fp8)
    case "NVFP4": return Quantization(.nvfp4, inputs: .fp4)
    case "W4A16_NVFP4": return Quantization(.nvfp4)
    // Engines take its inputs in fp8 too. Source: ModelOptFp8PbWoLinearMethod in vLLM.
    case "FP8_PB_WO": return Quantization(.fp8(block: 128 * 128), inputs: .fp8)
    default:
      return unknown(
        algorithm == nil ? "config_groups" : "quant_algo",
        why: """
          without groups the algorithms FP8, FP8_PER_CHANNEL_PER_TOKEN, FP8_PB_WO, MXFP8, NVFP4 and W4A16_NVFP4 are understood
          """)
    }
  }

  /// Gives each class the format of the group that most of its modules are in; a module is in the first that names it.
  private mutating func assign(_ groups: [Group], _ found: inout Quantization, _ model: Transformer) {
    for name in WeightClass.allCases where !found.untouched.contains(name) {
      let modules = sample(name, model)
      guard !modules.isEmpty else { continue }
      var counts = Array(repeating: 0, count: groups.count)
      for names in modules {
        if let place = groups.firstIndex(where: { $0.targets.contain(names, &patternSteps) }) { counts[place] += 1 }
      }
      let (most, none) = (counts.max() ?? 0, modules.count - counts.reduce(0, +))
      if most > none, let index = counts.firstIndex(of: most) {
        found.classes[name] = groups[index].weights
        found.inputs[name] = groups[index].inputs
      } else {
        found.untouched.insert(name)
      }
      noteMixed("config_groups", name, Double(max(most, none)) / Double(modules.count))
    }
  }

  private mutating func group() -> Group? {
    ignore("output_activations", "format")
    let weights = within("weights", "weights") { $0.scheme() }
    let inputs = within("input_activations", "input_activations") { $0.scheme() }
    guard let weights else {
      bad(
        "weights", "a group of 'quantization_config' has no weights", why: "each says the format of its weights",
        fix: "take the config.json of the model's repository")
      return nil
    }
    guard let targets = named("targets", strings("targets") ?? ["Linear"]), let weights,
      inputs.map({ $0 != nil }) ?? true
    else {
      return nil
    }
    return Group(weights: weights, inputs: inputs??.element, targets: targets)
  }

  /// The format of tensors that are quantised so; nil with a fault.
  private mutating func scheme() -> StorageFormat? {
    ignore("actorder", "dynamic", "observer", "observer_kwargs", "scale_dtype", "zp_dtype")
    let bits = integer("num_bits", in: 1...16)
    let type = string("type") ?? "int"
    let isBlocked = isText("block", "strategy")
    let isSymmetric = bool("symmetric", default: true)
    let group = groupSize("group_size")
    // Other strategies have structures of other kinds.
    if !isBlocked { ignore("block_structure") }
    let block = isBlocked ? block("block_structure") : nil
    switch (type, bits) {
    case ("float", 8) where isBlocked: return .fp8(block: block ?? 128 * 128)
    case ("float", 8) where group == 32: return .mxfp8
    case ("float", 8): return .packed(.fp8, group: group, zeroBits: 0)
    case ("float", 4) where group == 32: return .mxfp4
    case ("float", 4):
      guard group ?? 16 == 16 else {
        fault("group_size", why: "floats of 4 bits are in groups of 16 (NVFP4) or 32 (MXFP4)")
        return nil
      }
      return .nvfp4
    case ("int", 2...4), ("int", 8):
      let element = [8: Format.int8, 4: .int4, 3: .int3][bits] ?? .int2
      return .packed(element, group: group, zeroBits: isSymmetric ? 0 : bits)
    default:
      fault("num_bits", why: "float of 4 and 8 bits and int of 2, 3, 4 and 8 bits are understood")
      return nil
    }
  }
}
