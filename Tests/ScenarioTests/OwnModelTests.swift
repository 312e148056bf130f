import Hardware
import Models
import Testing

@testable import Scenario

/// Models that the catalogue does not have.
@Suite struct OwnModelTests {
  /// A Llama of a size that nobody made, with keys as training scripts leave them.
  private let config = """
    {"architectures": ["LlamaForCausalLM"], "attention_dropout": 0.0, "bos_token_id": 1, "head_dim": 80,
     "hidden_act": "silu", "hidden_size": 1920, "initializer_range": 0.02, "intermediate_size": 5120,
     "max_position_embeddings": 16384, "model_type": "llama", "num_attention_heads": 24, "num_hidden_layers": 30,
     "num_key_value_heads": 6, "rms_norm_eps": 1e-05, "rope_theta": 500000.0, "torch_dtype": "bfloat16",
     "transformers_version": "4.46.0", "use_cache": true, "vocab_size": 65536}
    """

  private func serving(_ model: String) -> String {
    """
    model: \(model)
    cluster: {pools: {all: {device: l40s}}}
    workload: {generator: constant, rate: 1 /s, requests: 3, lengths: {prompt: 100 tokens, output: 10 tokens}}
    """
  }

  /// The scenario `text` with files beside it, resolved.
  private func resolved(_ text: String, _ path: String, _ file: String, _ more: [String: String] = [:]) throws
    -> ResolvedScenario
  {
    try withFolder { folder in
      try write(text, to: "\(folder)/s.yaml")
      for (path, file) in [path: file].merging(more, uniquingKeysWith: { $1 }) {
        try write(file, to: "\(folder)/\(path)")
      }
      return try Scenario.read(
        path: "\(folder)/s.yaml", catalogue: Catalogue(root: repository + "/scenarios", dataRoots: [])
      ).resolve()
    }
  }

  @Test(arguments: [("models/mine/config.json", "mine"), ("my/config.json", "{config: my/config.json}")])
  func aFileBesideTheScenarioIsServed(path: String, model: String) throws {
    let resolved = try resolved(serving(model), path, config)
    let engine = try #require(resolved.pools.first).engine
    #expect(engine.model.layers.count == 30 && engine.formats.weights == .bf16)
    // 2 * 30 layers * 6 heads * 80 * 2 B
    #expect(engine.cacheBytesPerToken == 57_600)
  }

  /// A checkpoint's own say on arithmetic stands until weights, activations or `arithmetic` are given.
  @Test func arithmeticIsTheCheckpointsUntilToldOtherwise() throws {
    func scheme(_ bits: Int, _ size: String) -> String {
      #"{"num_bits": \#(bits), "type": "float", "group_size": \#(size)}"#
    }
    let (wide, narrow) = (scheme(8, "null"), scheme(4, "16"))
    let mixed = config.replacing(
      #""torch_dtype""#,
      with: """
        "quantization_config": {"quant_method": "compressed-tensors", "ignore": ["lm_head"], "config_groups": {
          "a": {"weights": \(wide), "input_activations": \(wide), "targets": ["re:.*self_attn.*"]},
          "b": {"weights": \(narrow), "input_activations": \(narrow), "targets": ["re:.*mlp.*"]}}}, "torch_dtype"
        """)
    func told(_ more: String) throws -> (String?, [Format?]) {
      let resolved = try resolved(serving("{config: g.json\(more)}"), "g.json", mixed)
      let formats = try #require(resolved.pools.first).engine.formats
      return (
        resolved.settings.first { $0.path == "model.arithmetic" }?.value,
        [WeightClass.attention, .feedForward].map { formats.inputs[$0] }
      )
    }
    #expect(try told("") == ("fp8, fp4", [.fp8, .fp4]))
    #expect(try told(", arithmetic: fp8") == ("fp8", [.fp8, .fp8]))
    #expect(try told(", activations: bf16") == (nil, [nil, nil]))
    #expect(try told(", weights: fp8") == (nil, [nil, nil]))
    #expect(try told(", weights: fp8, arithmetic: fp8") == ("fp8", [.fp8, .fp8]))
  }

  /// ModelOpt's file says how weights are quantised where the config.json beside it says nothing of it.
  @Test func theFileBesideAConfigQuantises() throws {
    func told(_ config: String, _ quantised: String) throws -> (weights: StorageFormat, cache: StorageFormat) {
      let found = try [("models/mine/", "mine"), ("my/", "{config: my/config.json}")].map { folder, model in
        let files = [folder + "hf_quant_config.json": quantised]
        let resolved = try resolved(serving(model), folder + "config.json", config, files)
        let formats = try #require(resolved.pools.first).engine.formats
        return (weights: formats[.attention], cache: formats.cache)
      }
      #expect(found[0] == found[1])
      return found[0]
    }
    let own =
      #"{"quantization": {"quant_algo": "NVFP4", "kv_cache_quant_algo": "FP8", "exclude_modules": ["lm_head"]}}"#
    #expect(try told(config, own) == (.nvfp4, .fp8))
    let quantised = config.replacing(
      #""torch_dtype""#, with: #""quantization_config": {"quant_method": "fp8"}, "torch_dtype""#)
    #expect(try told(quantised, "what is not read is not wrong") == (.fp8, .bf16))
    let fault = try #require(throws: (any Error).self) {
      try told(config, "{\n  \"quantization\": {\"quant_algo\": \"NEW\"}}")
    }
    #expect(
      "\(fault)".contains("models/mine/hf_quant_config.json:2:34: error: 'quantization' is not understood"), "\(fault)")
  }

  /// What the file leaves to its configuration class is among the settings, with the class.
  @Test func defaultsOfTheClassAreSettings() throws {
    let gemma = """
      {"model_type": "gemma3_text", "hidden_size": 640, "num_hidden_layers": 12, "intermediate_size": 2048,
       "num_attention_heads": 4, "num_key_value_heads": 1, "vocab_size": 1000}
      """
    let resolved = try resolved(serving("{config: g.json}"), "g.json", gemma)
    let setting = try #require(resolved.settings.first { $0.path == "model.config.head_dim" })
    #expect(setting.value == "256" && setting.origin == .byDefault("Gemma3TextConfig"))
  }
}
