import Hardware

extension ConfigReader {
  /// What `quantization_config` says of the weights of `model`; nil without one.
  static func quantized(_ reader: inout ConfigReader, _ model: Transformer) -> Quantization? {
    for key in ["quantization_config", "compression_config"] {
      let found = reader.within(key, key) { reader -> Quantization? in
        if reader.isEmpty { return nil }
        let found = reader.quantization(model)
        // A method that is not understood has keys of its own.
        if found == nil { reader.ignoreRest() }
        return found
      }
      if let found { return found }
    }
    return nil
  }

  private static let methods =
    "fp8, fbgemm_fp8, compressed-tensors, modelopt (FP8, MXFP8, NVFP4), mxfp4, nvfp4, gptq, awq, auto-round and bitsandbytes"

  private mutating func quantization(_ model: Transformer) -> Quantization? {
    ignore(
      "fmt", "scale_fmt", "producer", "provider", "format", "quantization_status",
      "global_compression_ratio", "version", "backend", "meta", "dataset", "model_seqlen", "checkpoint_format")
    // Files of older libraries do not name their method.
    let isLoaded = isPresent("load_in_4bit") || isPresent("load_in_8bit")
    let method = string("quant_method") ?? (isLoaded ? "bitsandbytes" : isPresent("bits") ? "gptq" : "modelopt")
    switch method.lowercased() {
    case "fp8", "fbgemm_fp8":
      ignore("activation_scheme", "activation_scale_ub")
      let weights = block("weight_block_size").map { StorageFormat.fp8(block: $0) } ?? .fp8
      return leaving("modules_to_not_convert", Quantization(weights, inputs: .fp8), model)
    case "mxfp4":
      var found = Quantization(.mxfp4)
      found.untouched.insert(.attention)
      return leaving("modules_to_not_convert", found, model)
    case "nvfp4": return leaving("modules_to_not_convert", Quantization(.nvfp4, inputs: .fp4), model)
    case "compressed-tensors", "modelopt", "modelopt_fp4":
      return isPresent("quantization") ? nested(model) : grouped(model)
    case "bitsandbytes": return bitsAndBytes(model)
    case "gptq", "awq", "auto-round", "intel/auto-round": return packed(model)
    default: return unknown("quant_method")
    }
  }

  /// Refuses the value of `key` with what to do instead.
  mutating func unknown(_ key: String, why: String? = nil) -> Quantization? {
    bad(
      key, "'\(path)' is not understood: its \(key) is \(shown(key))",
      why: why ?? "understood are \(Self.methods)", fix: Self.byHand)
    return nil
  }

  private static let byHand =
    "take the quantisation out of a copy of the file, and say weights and arithmetic under 'model'"

  /// Weights of bitsandbytes: NF4 in blocks of 64 with a scale in fp32, or in 8 bits where scales are quantised too.
  /// Source: Dettmers et al., "QLoRA: Efficient Finetuning of Quantized LLMs", 2023, section 3.
  private mutating func bitsAndBytes(_ model: Transformer) -> Quantization? {
    ignore(
      "bnb_4bit_quant_type", "bnb_4bit_compute_dtype", "bnb_4bit_quant_storage", "llm_int8_threshold",
      "llm_int8_enable_fp32_cpu_offload", "llm_int8_has_fp16_weight", "quant_method")
    let isDouble = bool("bnb_4bit_use_double_quant", default: false)
    let (four, eight) = (
      bool("load_in_4bit", "_load_in_4bit", default: false), bool("load_in_8bit", "_load_in_8bit", default: false)
    )
    guard four || eight else { return unknown("load_in_4bit", why: "either load_in_4bit or load_in_8bit is true") }
    let nf4 = StorageFormat(.int4, .groups(.init(size: 64, scaleBits: isDouble ? 8 : 32, zeroBits: 0)))
    return leaving("llm_int8_skip_modules", four ? Quantization(nf4) : Quantization(.int8, inputs: .int8), model)
  }

  /// Weights of GPTQ, AWQ and AutoRound: groups with a scale in fp16 and a zero point as wide as an element.
  private mutating func packed(_ model: Transformer) -> Quantization? {
    ignore(
      "desc_act", "sym", "true_sequential", "zero_point", "damp_percent", "damp_auto_increment", "static_groups",
      "block_name_to_quantize", "batch_size", "cache_block_outputs", "exllama_config", "max_input_length",
      "module_name_preceding_first_block", "pad_token_id", "tokenizer", "use_cuda_fp16",
      "use_exllama", "disable_exllama", "model_name_or_path", "model_file_base_name", "is_marlin_format", "pack_dtype",
      "do_fuse", "fuse_max_seq_len", "modules_to_fuse", "packing_format", "data_type", "autoround_version", "amp",
      "iters",
      "lr", "minmax_lr", "enable_minmax_tuning", "enable_quanted_input", "enable_norm_bias_tuning", "scale_dtype",
      "gradient_accumulate_steps", "low_gpu_mem_usage", "nsamples", "seqlen", "to_quant_block_names", "super_bits",
      "super_group_size")
    let bits = optionalInteger("bits", "w_bit", "weight_bits", in: 1...16)
    guard let element = bits.flatMap({ [8: Format.int8, 4: .int4, 3: .int3, 2: .int2][$0] }) else {
      return unknown("bits", why: "weights of 2, 3, 4 and 8 bits are understood")
    }
    let key = isPresent("group_size") ? "group_size" : "q_group_size"
    var found = Quantization(.packed(element, group: groupSize(key), zeroBits: Int(element.bytes * 8)))
    if bool("lm_head", default: false) { found.untouched.remove(.head) }
    let only = "modules_in_block_to_quantize"
    if let names = nestedStrings(only), !names.isEmpty {
      guard let changed = leaving(only, named(only, names), isChosen: true, found, model) else { return nil }
      found = changed
    }
    return leaving("modules_to_not_convert", found, model)
  }

  /// Leaves the classes whose modules the list under `key` names as they were.
  mutating func leaving(_ key: String, _ quantization: Quantization, _ model: Transformer) -> Quantization? {
    leaving(key, named(key, strings(key) ?? []), isChosen: false, quantization, model)
  }

  /// Leaves the classes whose modules are among `listed`, or are not where those are chosen, as they were.
  private mutating func leaving(
    _ key: String, _ listed: ModuleNames?, isChosen: Bool, _ quantization: Quantization, _ model: Transformer
  ) -> Quantization? {
    guard let listed else { return nil }
    var found = quantization
    for name in WeightClass.allCases where !found.untouched.contains(name) {
      let modules = sample(name, model)
      guard !modules.isEmpty else { continue }
      let count = modules.count { listed.contain($0, &patternSteps) != isChosen }
      let part = Double(count) / Double(modules.count)
      if part > 0.5 { found.untouched.insert(name) }
      noteMixed(key, name, part)
    }
    return isMatched(key) ? found : nil
  }

  /// Whether the patterns under `key` could be matched; a fault where they took too long.
  mutating func isMatched(_ key: String) -> Bool {
    if patternSteps > 0 { return true }
    bad(
      key, "the patterns under '\(key)' take too long to match",
      why: "those of a file may take \(Self.mostPatternSteps) steps with the modules of its layers", fix: Self.byHand)
    return false
  }

  /// Says that not all modules of a class have the format that is taken for them.
  mutating func noteMixed(_ key: String, _ name: WeightClass, _ part: Double) {
    guard part > 0, part < 1 else { return }
    note(
      key, "\(Int((part * 100).rounded())) % of \(name.rawValue)",
      "a class of weights has one format, here that of most of its modules")
  }

  /// The modules of `list`, which stands under `key`; nil, with a fault, where a pattern is not understood.
  mutating func named(_ key: String, _ list: [String]) -> ModuleNames? {
    var unknown: String?
    let found = ModuleNames(list, unknown: &unknown)
    guard let unknown else { return found }
    bad(
      key, "the pattern '\(unknown.prefix(60))' under '\(key)' is not understood",
      why:
        "modules are told by names, names with * and plain regular expressions, at most \(ModuleNames.mostBytes) bytes of both",
      fix: Self.byHand)
    return nil
  }

  /// The modules of a class in the first layers of `model`, each by the names that lists have for it.
  func sample(_ name: WeightClass, _ model: Transformer) -> [[String]] {
    CheckpointModules.names(name, model, most: 128)
  }

  /// The elements of a group with a scale; nil where a scale is that of a whole row (absent or -1) or matrix (AutoRound's 0).
  ///
  /// Quantisers make groups of 16 and more, whose elements fill words of 32 bits: eight of 4 bits.
  mutating func groupSize(_ key: String) -> Int? {
    guard let size = optionalInteger(key, in: -1...65_536), size > 0 else { return nil }
    guard size >= 8 else {
      fault(key, why: "a group has at least 8 weights, which fill a word of 32 bits with 4 each; -1 is a whole row")
      return nil
    }
    return size
  }

  /// The elements of a block whose two sides are the list under `key`; nil where it is absent.
  mutating func block(_ key: String) -> Int? {
    guard let sides = integers(key, in: 1...256) else { return nil }
    guard sides.count == 2 else {
      fault(key, why: "a block has two sides")
      return nil
    }
    return sides[0] * sides[1]
  }
}

extension StorageFormat {
  /// FP8 with a scale in fp32 for each block of a matrix, of so many elements.
  static func fp8(block: Int) -> StorageFormat {
    StorageFormat(.fp8, .groups(Groups(size: block, scaleBits: 32, zeroBits: 0)))
  }

  /// Elements in groups with a scale in fp16; in whole rows where the group is nil.
  static func packed(_ element: Format, group: Int?, zeroBits: Int) -> StorageFormat {
    guard let group else { return StorageFormat(element) }
    return StorageFormat(element, .groups(Groups(size: group, scaleBits: 16, zeroBits: zeroBits)))
  }
}
