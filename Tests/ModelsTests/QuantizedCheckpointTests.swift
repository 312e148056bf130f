import Foundation
import Hardware
import Models
import Support
import Testing
import Units

/// What the `quantization_config` of published checkpoints says of weights, of what products compute in, and of the KV cache.
@Suite struct QuantizedCheckpointTests {
  private func config(_ quantization: String) -> String {
    """
    {"model_type": "llama", "hidden_size": 64, "num_attention_heads": 2, "num_key_value_heads": 1,
     "num_hidden_layers": 4, "intermediate_size": 8, "vocab_size": 16, "torch_dtype": "bfloat16",
     "quantization_config": \(quantization)}
    """
  }

  private func formats(_ quantization: String) throws -> ModelFormats {
    ModelFormats(publishedOf: try Transformer(config: Data(config(quantization).utf8)))
  }

  /// A device that computes in `formats`, each twice as fast as the one before.
  private func device(_ formats: Format...) -> Device {
    var device = Device.ideal
    device.compute = [:]
    for (place, format) in formats.enumerated() {
      let rate = given(ComputeRate(100e12 * Double(1 << place)))
      device.compute[format] = ArithmeticRate(rate: rate, accumulator: .fp32)
    }
    return device
  }

  /// The formats of attention, feed-forward blocks, head and embedding.
  private func names(_ formats: ModelFormats) -> [String] {
    [WeightClass.attention, .feedForward, .head, .embedding].map { formats[$0].description }
  }

  private func groups(_ groups: String, ignore: String = #"["lm_head"]"#, cache: String = "null") -> String {
    """
    {"config_groups": {\(groups)}, "format": "float-quantized", "global_compression_ratio": 1.2, "ignore": \(ignore),
     "kv_cache_scheme": \(cache), "quant_method": "compressed-tensors", "quantization_status": "compressed",
     "sparsity_config": {}, "transform_config": {}, "version": "0.10.2"}
    """
  }

  private func group(_ name: String, weights: String, inputs: String = "null", targets: String = #"["Linear"]"#)
    -> String
  {
    #""\#(name)": {"input_activations": \#(inputs), "output_activations": null, "targets": \#(targets), "weights": \#(weights)}"#
  }

  private func scheme(_ bits: Int, _ type: String, _ strategy: String, group: String = "null", more: String = "")
    -> String
  {
    """
    {"actorder": null, "dynamic": false, "group_size": \(group), "num_bits": \(bits), "observer": "minmax",
     "observer_kwargs": {}, "strategy": "\(strategy)", \(more) "symmetric": true, "type": "\(type)"}
    """
  }

  @Test func blocksOfFP8ComputeInItWhereADeviceHasIt() throws {
    let found = try formats(
      #"{"activation_scheme": "dynamic", "fmt": "e4m3", "quant_method": "fp8", "weight_block_size": [128, 128]}"#)
    #expect(names(found) == ["fp8-g16384-sfp32-z0", "fp8-g16384-sfp32-z0", "bf16", "bf16"])
    #expect(found.activations == .bf16 && found.cache == .bf16)
    let (h100, a100) = (device(.bf16, .fp8), device(.bf16))
    #expect(found.arithmetic(.attention, on: h100) == .fp8 && found.arithmetic(.head, on: h100) == .bf16)
    #expect(found.arithmetic(.attention, on: a100) == .bf16)
    // Utilisation is told against the rate that products compute at.
    #expect(found.peakOperations(on: h100) == h100.peakOperations(.fp8))
    #expect(found.peakOperations(on: a100) == a100.peakOperations(.bf16))
  }

  @Test func modulesThatWereLeftAloneKeepSixteenBits() throws {
    let attention = (0..<4).flatMap { layer in
      ["q", "k", "v", "o"].map { "\"model.layers.\(layer).self_attn.\($0)_proj\"" }
    }
    let found = try formats(
      """
      {"activation_scale_ub": 1200.0, "quant_method": "fbgemm_fp8",
       "modules_to_not_convert": [\(attention.joined(separator: ", ")), "model.layers.0.mlp.gate_proj"]}
      """)
    #expect(names(found) == ["bf16", "fp8", "bf16", "bf16"])
  }

  @Test func groupsOfCompressedTensorsSayTheirFormats() throws {
    func one(_ weights: String, _ inputs: String = "null") throws -> ModelFormats {
      try formats(groups(group("group_0", weights: weights, inputs: inputs)))
    }
    let fp8 = try one(scheme(8, "float", "channel"), scheme(8, "float", "token"))
    #expect(names(fp8) == ["fp8", "fp8", "bf16", "bf16"] && fp8.inputs[.attention] == .fp8)
    let packed = try one(scheme(4, "int", "group", group: "128"))
    #expect(packed[.feedForward].description == "int4-g128-z0" && packed.inputs[.feedForward] == nil)
    let int8 = try one(scheme(8, "int", "channel"), scheme(8, "int", "token"))
    #expect(int8[.attention] == .int8 && int8.inputs[.attention] == .int8 && int8.inputs[.head] == nil)
    let block = try one(
      scheme(8, "float", "block", more: #""block_structure": [128, 128],"#), scheme(8, "float", "group", group: "128"))
    #expect(block[.attention].bits == 8 + 32.0 / 16384)
    let nvfp4 = try one(
      scheme(4, "float", "tensor_group", group: "16"), scheme(4, "float", "tensor_group", group: "16"))
    #expect(nvfp4[.attention] == .nvfp4 && nvfp4.inputs[.attention] == .fp4)
    // Blackwell multiplies FP4; Hopper converts it, and does not take FP8 for it.
    #expect(nvfp4.arithmetic(.attention, on: device(.bf16, .fp8, .fp4)) == .fp4)
    #expect(nvfp4.arithmetic(.attention, on: device(.bf16, .fp8)) == .bf16)
  }

  @Test func eachClassIsInTheGroupThatNamesIt() throws {
    let mixed = try formats(
      groups(
        group(
          "a", weights: scheme(8, "float", "channel"), inputs: scheme(8, "float", "token"),
          targets: #"["re:.*self_attn\\.(q|k|v|o)_proj$"]"#)
          + ", " + group("b", weights: scheme(4, "float", "tensor_group", group: "16"), targets: #"["re:.*mlp.*"]"#)))
    #expect(names(mixed) == ["fp8", "nvfp4", "bf16", "bf16"])
    #expect(mixed.inputs[.attention] == .fp8 && mixed.inputs[.feedForward] == nil)
    let left = try formats(
      groups(
        group("a", weights: scheme(8, "float", "channel"), inputs: scheme(8, "float", "token")),
        ignore: #"["re:.*lm_head", "re:.*self_attn"]"#,
        cache: scheme(8, "float", "tensor")))
    #expect(names(left) == ["bf16", "fp8", "bf16", "bf16"] && left.cache == .fp8)
  }

  /// As Kimi K2 Thinking lists all that is no routed expert.
  @Test func expertsAloneMayBeQuantised() throws {
    let listed = groups(
      group("a", weights: scheme(4, "int", "group", group: "32")),
      ignore: #"["lm_head", "re:.*self_attn.*", "re:.*shared_experts.*", "re:.*mlp\\.(gate|up|gate_up|down)_proj.*"]"#)
    let text = """
      {"model_type": "deepseek_v3", "hidden_size": 64, "num_attention_heads": 2, "num_hidden_layers": 4,
       "intermediate_size": 8, "vocab_size": 16, "torch_dtype": "bfloat16", "kv_lora_rank": 8, "qk_rope_head_dim": 4,
       "qk_nope_head_dim": 8, "v_head_dim": 8, "q_lora_rank": 16, "n_routed_experts": 4, "n_shared_experts": 1,
       "num_experts_per_tok": 2, "moe_intermediate_size": 4, "first_k_dense_replace": 1, "quantization_config": \(listed)}
      """
    let found = ModelFormats(publishedOf: try Transformer(config: Data(text.utf8)))
    let classes: [WeightClass] = [.attention, .feedForward, .sharedExperts, .experts]
    #expect(classes.map { found[$0].description } == ["bf16", "bf16", "bf16", "int4-g32-z0"])
  }

  @Test func modelOptSaysAnAlgorithmOrGroups() throws {
    let groups = try formats(
      """
      {"config_groups": {"group_0": {"input_activations": {"dynamic": false, "num_bits": 4, "type": "float", "group_size": 16},
         "weights": {"dynamic": false, "num_bits": 4, "type": "float", "group_size": 16}, "targets": ["Linear"]}},
       "ignore": ["lm_head", "model.layers.*.self_attn*"], "quant_algo": "NVFP4",
       "kv_cache_scheme": {"dynamic": false, "num_bits": 8, "type": "float"},
       "producer": {"name": "modelopt", "version": "0.29.0"}, "quant_method": "modelopt"}
      """)
    #expect(names(groups) == ["bf16", "nvfp4", "bf16", "bf16"] && groups.cache == .fp8)
    let plain = try formats(#"{"quant_method": "modelopt", "quant_algo": "FP8", "exclude_modules": ["lm_head"]}"#)
    #expect(names(plain) == ["fp8", "fp8", "bf16", "bf16"] && plain.inputs[.attention] == .fp8)
    let blocks = try formats(#"{"quant_method": "modelopt", "quant_algo": "fp8_pb_wo"}"#)
    #expect(blocks[.attention].bits == 8 + 32.0 / 16384 && blocks.inputs[.attention] == .fp8)
    let alone = try formats(#"{"quant_method": "modelopt", "quant_algo": "W4A16_NVFP4"}"#)
    #expect(alone[.attention] == .nvfp4 && alone.inputs.isEmpty)
  }

  /// What `hf_quant_config.json` has, in the config.json or beside it.
  @Test func modelOptsOwnFileIsUnderstood() throws {
    let own = """
      {"producer": {"name": "modelopt", "version": "0.29.0"},
       "quantization": {"quant_algo": "NVFP4", "kv_cache_quant_algo": "FP8", "group_size": 16,
         "exclude_modules": ["lm_head", "model.layers.*.self_attn*"]}}
      """
    let within = try formats(own)
    #expect(names(within) == ["bf16", "nvfp4", "bf16", "bf16"] && within.cache == .fp8)
    #expect(within.inputs[.feedForward] == .fp4 && within.inputs[.attention] == nil)
    var model = try Transformer(config: Data(config("{}").utf8))
    try model.quantise(by: Data(own.utf8))
    #expect(ModelFormats(publishedOf: model) == within)
    try model.quantise(by: Data(#"{"producer": {"name": "modelopt"}, "quantization": {}}"#.utf8))
    #expect(model.quantization == nil)
    for wrong in [
      own.replacing("NVFP4", with: "MIXED_PRECISION"), own.replacing(#""FP8""#, with: #""INT3""#),
      own.replacing("producer", with: "maker"), own.replacing(#"["lm_head""#, with: #"["re:(?!a)""#),
      #"{"quantization": 4}"#,
    ] {
      let fault = try #require(throws: ConfigError.self) { try model.quantise(by: Data(wrong.utf8)) }
      #expect(fault.faults.count == 1 && fault.faults.allSatisfy { $0.line > 0 }, "\(fault)")
    }
  }

  @Test func weightsAloneAreComputedWithInSixteenBits() throws {
    let awq = try formats(
      #"{"quant_method": "awq", "bits": 4, "group_size": 128, "zero_point": true, "version": "gemm"}"#)
    #expect(names(awq) == ["int4-g128", "int4-g128", "bf16", "bf16"] && awq.inputs.isEmpty)
    let gptq = try formats(
      """
      {"batch_size": 1, "bits": 8, "block_name_to_quantize": null, "cache_block_outputs": true, "damp_percent": 0.01,
       "desc_act": false, "exllama_config": {"version": 1}, "group_size": -1, "max_input_length": null,
       "modules_in_block_to_quantize": null, "quant_method": "gptq", "sym": true, "lm_head": true,
       "true_sequential": true, "use_cuda_fp16": false, "use_exllama": true}
      """)
    #expect(names(gptq) == ["int8", "int8", "int8", "bf16"])
    let chosen = #"{"quant_method": "gptq", "bits": 4, "group_size": 128, "modules_in_block_to_quantize": "#
    let apart = chosen + #"[["mlp.gate_proj", "mlp.up_proj"], ["mlp.down_proj"], ["self_attn.k_proj"]]}"#
    #expect(try names(formats(apart)) == ["bf16", "int4-g128", "bf16", "bf16"])
    #expect(try names(formats(chosen + #"["qkv_proj", "o_proj"]}"#)) == ["int4-g128", "bf16", "bf16", "bf16"])
    #expect(try names(formats(chosen + "[]}")) == ["int4-g128", "int4-g128", "bf16", "bf16"])
    let nf4 = try formats(
      """
      {"_load_in_4bit": true, "_load_in_8bit": false, "bnb_4bit_compute_dtype": "bfloat16", "bnb_4bit_quant_storage": "uint8",
       "bnb_4bit_quant_type": "nf4", "bnb_4bit_use_double_quant": false, "llm_int8_enable_fp32_cpu_offload": false,
       "llm_int8_has_fp16_weight": false, "llm_int8_skip_modules": null, "llm_int8_threshold": 6.0, "load_in_4bit": true,
       "load_in_8bit": false, "quant_method": "bitsandbytes"}
      """)
    #expect(nf4[.attention].bits == 4.5)
    let old = try formats(#"{"load_in_8bit": true, "llm_int8_threshold": 6.0}"#)
    #expect(names(old) == ["int8", "int8", "bf16", "bf16"] && old.inputs[.attention] == .int8)
    #expect(try formats("null")[.attention] == .bf16 && formats("{}")[.attention] == .bf16)
  }

  @Test(arguments: [-1, 0, 1, 4, 7, 8, 16, 128, 1024])
  func groupsFillWordsOrRows(_ size: Int) throws {
    let name = size > 0 ? "int4-g\(size)" : "int4"
    for text in [
      #"{"quant_method": "gptq", "bits": 4, "group_size": \#(size)}"#,
      #"{"quant_method": "awq", "w_bit": 4, "q_group_size": \#(size)}"#,
      groups(group("a", weights: scheme(4, "int", "group", group: "\(size)", more: #""zp_dtype": "torch.int8","#))),
    ] {
      guard (1...7).contains(size) else {
        #expect(try formats(text)[.attention].description.hasPrefix(name))
        continue
      }
      let fault = try #require(throws: ConfigError.self) { try formats(text) }
      #expect(fault.faults.count == 1 && fault.description.contains("cannot be \(size)"), "\(fault)")
    }
  }

  @Test(arguments: [
    #"{"quant_method": "compressed-tensors", "config_groups": {"a": {"weights": {"num_bits": 4, "type": "float", "group_size": 64}}}}"#,
    #"{"quant_method": "modelopt", "quant_algo": "NVFP4", "kv_cache_quant_algo": "INT3"}"#,
    #"{"quant_method": "gptq", "bits": 4, "modules_in_block_to_quantize": [["a"], 4]}"#,
    #"{"quant_method": "magic"}"#, #"{"quant_method": "gptq"}"#, #"{"quant_method": "gptq", "bits": 5}"#,
    #"{"quant_method": "bitsandbytes"}"#,
    #"{"quant_method": "fp8", "weight_block_size": [256, 256, 256, 256, 256, 256, 256, 256]}"#,
    #"{"quant_method": "modelopt", "quant_algo": "MIXED_PRECISION", "quantized_layers": {"a": 1}}"#,
    #"{"quant_method": "compressed-tensors"}"#, #"{"quant_method": "compressed-tensors", "config_groups": {"a": {}}}"#,
    #"{"quant_method": "compressed-tensors", "config_groups": {"a": {"weights": {"num_bits": 5}}}}"#,
    #"{"quant_method": "compressed-tensors", "config_groups": {"a": {"weights": {"num_bits": 8}, "targets": ["re:^(?!x).*"]}}}"#,
    #"{"quant_method": "compressed-tensors", "sparsity_config": {"format": "sparse-24-bitmask"}}"#,
  ])
  func whatIsNotUnderstoodIsRefusedOnce(_ quantization: String) throws {
    let fault = try #require(throws: ConfigError.self) { try formats(quantization) }
    #expect(fault.faults.count == 1, "\(fault.faults)")
  }
}
