import Hardware

extension ConfigReader {
  /// The format that `quantization_config` gives the weights; nil without one.
  static func quantized(_ reader: inout ConfigReader) -> Format? {
    let key = "quantization_config"
    return reader.within(key, key) { reader -> Format? in
      reader.ignore(
        "modules_to_not_convert", "weight_block_size", "activation_scheme", "fmt", "scale_fmt", "group_size",
        "desc_act",
        "sym", "true_sequential", "zero_point", "version", "backend", "damp_percent", "static_groups",
        "bnb_4bit_quant_type",
        "bnb_4bit_compute_dtype", "bnb_4bit_use_double_quant", "bnb_4bit_quant_storage", "llm_int8_threshold",
        "llm_int8_skip_modules", "checkpoint_format", "meta", "dataset", "model_seqlen", "block_name_to_quantize")
      let method = reader.string("quant_method", "quant_algo") ?? ""
      let bits = reader.optionalInteger("bits", "weight_bits", in: 1...16)
      switch method.lowercased() {
      case "fp8", "fbgemm_fp8": return .fp8
      case "mxfp4", "nvfp4": return .fp4
      case "bitsandbytes":
        if reader.bool("load_in_4bit", "_load_in_4bit", default: false) { return .int4 }
        if reader.bool("load_in_8bit", "_load_in_8bit", default: false) { return .int8 }
      case "gptq", "awq":
        switch bits {
        case 4: return .int4
        case 8: return .int8
        default: reader.fault("bits", why: "weights of 4 and 8 bits are understood")
        }
        return nil
      default: break
      }
      reader.fault(
        "quant_method", why: "understood are fp8, fbgemm_fp8, mxfp4, nvfp4, gptq, awq and bitsandbytes")
      return nil
    } ?? nil
  }
}
