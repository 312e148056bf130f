import Hardware

extension ConfigReader {
  /// The format that `quantization_config` gives the weights; nil without one.
  static func quantized(_ reader: inout ConfigReader) -> StorageFormat? {
    let key = "quantization_config"
    return reader.within(key, key) { reader -> StorageFormat? in
      reader.ignore(
        "modules_to_not_convert", "weight_block_size", "activation_scheme", "fmt", "scale_fmt",
        "desc_act",
        "sym", "true_sequential", "zero_point", "version", "backend", "damp_percent", "static_groups",
        "bnb_4bit_quant_type",
        "bnb_4bit_compute_dtype", "bnb_4bit_use_double_quant", "bnb_4bit_quant_storage", "llm_int8_threshold",
        "llm_int8_skip_modules", "checkpoint_format", "meta", "dataset", "model_seqlen", "block_name_to_quantize")
      let method = reader.string("quant_method", "quant_algo") ?? ""
      let bits = reader.optionalInteger("bits", "weight_bits", in: 1...16)
      if !["gptq", "awq"].contains(method.lowercased()) { reader.ignore("group_size") }
      switch method.lowercased() {
      case "fp8", "fbgemm_fp8": return .fp8
      case "mxfp4": return .mxfp4
      case "nvfp4": return .nvfp4
      case "bitsandbytes":
        if reader.bool("load_in_4bit", "_load_in_4bit", default: false) { return StorageFormat(.int4) }
        if reader.bool("load_in_8bit", "_load_in_8bit", default: false) { return .int8 }
      case "gptq", "awq":
        guard let bits, let element = [8: Format.int8, 4: .int4, 3: .int3, 2: .int2][bits] else {
          reader.fault("bits", why: "weights of 2, 3, 4 and 8 bits are understood")
          return nil
        }
        // -1 is a group as long as a row.
        let size = reader.optionalInteger("group_size", "q_group_size", in: -1...65_536) ?? -1
        guard size >= 8 else { return StorageFormat(element) }
        let zero = Int(element.bytes * 8)
        return StorageFormat(element, .groups(.init(size: size, scaleBits: 16, zeroBits: zero)))
      default: break
      }
      reader.fault(
        "quant_method", why: "understood are fp8, fbgemm_fp8, mxfp4, nvfp4, gptq, awq and bitsandbytes")
      return nil
    } ?? nil
  }
}
