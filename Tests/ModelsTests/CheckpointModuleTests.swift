import Foundation
import Hardware
import Testing

@testable import Models

/// The names by which lists of quantised checkpoints name the modules of each family.
@Suite struct CheckpointModuleTests {
  /// A shipped model in fp8 but for what `list` names; `N` in a name stands for the number of each layer.
  private func classes(_ id: String, _ list: [String]) throws -> Set<WeightClass> {
    let layers = try Catalogue.model(id).layers.count
    let names = list.flatMap { name in
      name.contains("N") && !name.hasPrefix("re:") ? (0..<layers).map { name.replacing("N", with: "\($0)") } : [name]
    }
    var text = try #require(String(data: Catalogue.text(id), encoding: .utf8)).trimmingPrefix { $0.isWhitespace }
    #expect(text.removeFirst() == "{")
    let quantised = #"{"quantization_config": {"quant_method": "fp8", "modules_to_not_convert": \#(names)}, "#
    let model = try Transformer(config: Data((quantised + text).utf8))
    return try #require(model.quantization).untouched.subtracting([.embedding, .head])
  }

  @Test func everyFamilyWithLayersHasNames() throws {
    // Those that see too name their modules as the text model within them does.
    let without: Set = ["operators", "llava", "mistral3", "gemma3", "llama4"]
    for family in Family.all { #expect((CheckpointModules.of(family.type) == nil) == without.contains(family.type)) }
    for id in Catalogue.ids {
      let model = try Catalogue.model(id)
      let weighty = Set(model.layers.flatMap { WeightClass.of($0) })
      for name in weighty {
        let modules = CheckpointModules.names(name, model, most: 128)
        #expect(!modules.isEmpty && modules.allSatisfy { !$0.isEmpty }, "\(id) \(name)")
      }
    }
  }

  @Test(arguments: [
    // What engines fuse of a file that has its projections apart, and what files have fused.
    (
      "llama-3.1-8b", ["model.layers.N.self_attn.qkv_proj", "model.layers.N.self_attn.o_proj"], [WeightClass.attention]
    ),
    ("llama-3.1-8b", ["model.layers.N.mlp.gate_up_proj"], [.feedForward]),
    ("phi-4", ["model.layers.N.self_attn.qkv_proj", "model.layers.N.self_attn.o_proj"], [.attention]),
    ("phi-4", ["model.layers.N.mlp.gate_up_proj", "model.layers.N.mlp.down_proj"], [.feedForward]),
    ("glm-4-9b", ["re:.*gate_up_proj", "re:.*mlp.down_proj"], [.feedForward]),
    ("baichuan2-7b", ["W_pack", "o_proj"], [.attention]),
    ("deepseek-v2", ["model.layers.N.self_attn.fused_qkv_a_proj", "q_b_proj", "kv_b_proj"], [.attention]),
    // Files with other names of layers and of modules.
    ("phi-2", ["fc1", "fc2"], [.feedForward]), ("phi-2", ["model.layers.N.self_attn"], [.attention]),
    ("opt-13b", ["model.decoder.layers.N.fc1", "model.decoder.layers.N.fc2"], [.feedForward]),
    ("opt-13b", ["decoder.layers.N.self_attn.*"], []),
    ("opt-13b", ["model.decoder.layers.N.self_attn.*"], [.attention]),
    ("gpt2", ["transformer.h.N.attn.c_attn", "transformer.h.N.attn.c_proj"], [.attention]),
    ("gpt2", ["h.N.mlp.c_fc", "h.N.mlp.c_proj"], [.feedForward]),
    ("falcon-40b", ["transformer.h.N.self_attention.query_key_value", "dense"], [.attention]),
    ("bloom-7b1", ["*.dense_h_to_4h", "*.dense_4h_to_h"], [.feedForward]),
    ("gpt-neox-20b", ["gpt_neox.layers.N.attention*"], [.attention]),
    ("gpt-j-6b", ["transformer.h.N.mlp.fc_in", "transformer.h.N.mlp.fc_out"], [.feedForward]),
    ("exaone-3.5-7.8b", ["transformer.h.N.attn.attention.q_proj", "transformer.h.N.mlp"], [.feedForward]),
    ("internlm2.5-7b", ["attention.wqkv", "attention.wo"], [.attention]),
    ("starcoder2-3b", ["model.layers.N.mlp.c_fc", "model.layers.N.mlp.c_proj"], [.feedForward]),
    ("llada-8b", ["model.transformer.blocks.N.attn_out", "q_proj", "k_proj"], [.attention]),
    // Text models of models that see.
    ("gemma-3-4b", ["model.language_model.layers.N.self_attn", "vision_tower"], [.attention]),
    ("mistral-small-24b", ["language_model.model.layers.N.mlp.*"], [.feedForward]),
    ("gemma-3-4b", ["vision_tower.vision_model.encoder.layers.N.self_attn"], []),
    // Mixtures, apart and in one.
    ("llama-4-scout", ["feed_forward.shared_expert"], [.sharedExperts]),
    (
      "llama-4-scout", ["language_model.model.layers.N.feed_forward.experts.gate_up_proj", "experts.down_proj"],
      [.experts]
    ),
    ("mixtral-8x7b", ["model.layers.N.block_sparse_moe.experts.0.w1", "re:.*experts.*w[23]"], [.experts]),
    ("mixtral-8x7b", ["block_sparse_moe.gate"], []), ("qwen3-30b-a3b", ["model.layers.N.mlp.gate"], []),
    ("qwen3-30b-a3b", ["model.layers.N.mlp.experts"], [.experts]),
    ("dbrx", ["transformer.blocks.N.norm_attn_norm.attn.Wqkv", "out_proj"], [.attention]),
    ("granite-4.0-h-tiny", ["shared_mlp"], [.sharedExperts]),
    // Mixers of other kinds, in layers of their own; encoders, numbered apart from decoders.
    ("nemotron-h-8b", ["re:.*mixer.(up|down)_proj"], [.feedForward]),
    ("mamba-codestral-7b", ["backbone.layers.N.mixer.in_proj", "backbone.layers.N.mixer.out_proj"], [.attention]),
    ("bert-base", ["encoder.layer.N.attention"], [.attention]),
    ("t5-large", ["encoder.block.N.layer.1", "decoder.block.N.layer.2"], [.feedForward]),
    ("t5-large", ["decoder.block.N.layer.2"], []),
    ("nllb-200-distilled-600m", ["model.encoder.layers.N.fc1", "model.decoder.layers.N.fc1", "fc2"], [.feedForward]),
  ])
  func modulesLeftAloneKeepTheirBits(_ id: String, _ list: [String], _ left: [WeightClass]) throws {
    #expect(try classes(id, list) == Set(left))
  }

  /// A list that says everything of every module is read in time, and one that takes too long is refused once, at its place.
  @Test func patternsThatTakeTooLongAreRefused() throws {
    let wide = try classes("llama-3.1-405b", (0..<126).map { "model.layers.\($0).self_attn*" })
    #expect(wide == [.attention])
    let fault = try #require(throws: ConfigError.self) {
      try classes("llama-3.1-8b", Array(repeating: "re:(((((((.)*!)?.)*!)?.)*!)?.)*!", count: 900))
    }
    #expect(fault.faults.count == 1 && fault.description.hasPrefix("1:"), "\(fault)")
    #expect(fault.description.contains("take too long to match"))
  }
}

extension WeightClass {
  /// The classes that a layer has products with weights of.
  fileprivate static func of(_ layer: Layer) -> [WeightClass] {
    var found: [WeightClass] = layer.mixer == nil ? [] : [.attention]
    guard let block = layer.feedForward else { return found }
    found.append(block.experts == nil ? .feedForward : .experts)
    if let experts = block.experts, experts.sharedWidth > 0 { found.append(.sharedExperts) }
    return found
  }
}
