/// The names that the modules of a family's layers have in checkpoints, by which quantisers list them.
///
/// Sources: the modules of each family in Hugging Face's `transformers`, or in the code of its own repository; what vLLM
/// fuses, from `packed_modules_mapping` of its models.
struct CheckpointModules: Sendable {
  /// Modules, each by the names it has within a layer.
  typealias Modules = [[String]]

  /// What the layers are numbered within.
  var layers = "model.layers"
  /// What those of an encoder beside a decoder are numbered within.
  var encoder: String?
  /// Projections of attention.
  var attention = modules("self_attn", of: "q_proj k_proj v_proj o_proj")
  /// Projections of state-space mixers.
  var stateSpace: Modules = []
  /// Projections of feed-forward blocks.
  var feedForward = modules("mlp", of: gated)
  /// Those of the first expert, or of all in one.
  var experts = modules("mlp.experts.0", of: gated)
  /// Those of shared experts.
  var sharedExperts = modules("mlp.shared_experts", "mlp.shared_expert", of: gated)

  private static let gated = "gate_proj up_proj down_proj"
  private static let plain = "dense_h_to_4h dense_4h_to_h"

  /// The modules `words` within `parents`, of which a layer has one; words joined by `|` are names of one module.
  private static func modules(_ parents: String..., of words: String) -> Modules {
    words.split(separator: " ").map { word in
      parents.flatMap { parent in word.split(separator: "|").map { parent.isEmpty ? "\($0)" : "\(parent).\($0)" } }
    }
  }

  /// The names of each family, whose `model_type` stand in one text where they have the same.
  private static let table: [(families: String, names: CheckpointModules)] = [
    (
      """
      llama mistral qwen2 qwen2_moe qwen3 qwen3_moe deepseek deepseek_v2 deepseek_v3 kimi_k2 gemma gemma2 gemma3_text gpt_oss
      olmo olmo2 olmoe granite minicpm smollm3 cohere cohere2 stablelm
      """, .init()
    ),
    ("baichuan", .init(attention: modules("self_attn", of: "W_pack o_proj"))),
    (
      "phi3",
      .init(
        attention: modules("self_attn", of: "qkv_proj o_proj"),
        feedForward: modules("mlp", of: "gate_up_proj down_proj"))
    ),
    ("glm glm4", .init(feedForward: modules("mlp", of: "gate_up_proj down_proj"))),
    (
      "phi",
      .init(
        attention: modules("self_attn", of: "q_proj k_proj v_proj dense"), feedForward: modules("mlp", of: "fc1 fc2"))
    ),
    ("starcoder2", .init(feedForward: modules("mlp", of: "c_fc c_proj"))),
    (
      "internlm2",
      .init(attention: modules("attention", of: "wqkv wo"), feedForward: modules("feed_forward", of: "w1 w3 w2"))
    ),
    (
      "mixtral phimoe",
      .init(
        experts: modules("block_sparse_moe.experts.0", "mlp.experts.0", of: "w1|gate_proj w3|up_proj w2|down_proj"))
    ),
    (
      "llama4_text",
      .init(
        feedForward: modules("feed_forward", of: gated), experts: modules("feed_forward.experts.0", of: gated),
        sharedExperts: modules("feed_forward.shared_expert", of: gated))
    ),
    (
      "dbrx",
      .init(
        layers: "transformer.blocks",
        attention: modules("norm_attn_norm.attn", of: "Wqkv|q_proj|k_proj|v_proj out_proj"),
        experts: modules("ffn.experts.mlp", "ffn.experts.mlp.0", of: "w1 v1 w2"))
    ),
    (
      "opt",
      .init(
        layers: "model.decoder.layers", attention: modules("self_attn", of: "q_proj k_proj v_proj out_proj"),
        feedForward: modules("", of: "fc1 fc2"))
    ),
    (
      "bloom falcon RefinedWebModel RefinedWeb",
      .init(
        layers: "transformer.h", attention: modules("self_attention", of: "query_key_value dense"),
        feedForward: modules("mlp", of: plain))
    ),
    (
      "gpt_neox",
      .init(
        layers: "gpt_neox.layers", attention: modules("attention", of: "query_key_value dense"),
        feedForward: modules("mlp", of: plain))
    ),
    (
      "gpt2 gpt_bigcode",
      .init(
        layers: "transformer.h", attention: modules("attn", of: "c_attn c_proj"),
        feedForward: modules("mlp", of: "c_fc c_proj"))
    ),
    (
      "gptj",
      .init(
        layers: "transformer.h", attention: modules("attn", of: "q_proj k_proj v_proj out_proj"),
        feedForward: modules("mlp", of: "fc_in fc_out"))
    ),
    (
      "exaone",
      .init(
        layers: "transformer.h", attention: modules("attn.attention", of: "q_proj k_proj v_proj out_proj"),
        feedForward: modules("mlp", of: "c_fc_0 c_fc_1 c_proj"))
    ),
    ("granitemoe", .init(experts: modules("block_sparse_moe", of: "input_linear output_linear"))),
    (
      "granitemoehybrid",
      .init(
        stateSpace: modules("mamba", of: "in_proj out_proj"),
        feedForward: modules("shared_mlp", of: "input_linear output_linear"),
        experts: modules("block_sparse_moe", of: "input_linear output_linear"),
        sharedExperts: modules("shared_mlp", of: "input_linear output_linear"))
    ),
    (
      "bamba",
      .init(stateSpace: modules("mamba", of: "in_proj out_proj"), feedForward: modules("feed_forward", of: gated))
    ),
    (
      "mamba2 nemotron_h",
      .init(
        layers: "backbone.layers", attention: modules("mixer", of: "q_proj k_proj v_proj o_proj"),
        stateSpace: modules("mixer", of: "in_proj out_proj"), feedForward: modules("mixer", of: "up_proj down_proj"))
    ),
    (
      "llada",
      .init(
        layers: "model.transformer.blocks", attention: modules("", of: "q_proj k_proj v_proj attn_out"),
        feedForward: modules("", of: "ff_proj up_proj ff_out"))
    ),
    ("bert", encoder(in: "bert")), ("roberta xlm-roberta", encoder(in: "roberta")),
    (
      "t5 switch_transformers",
      .init(
        layers: "decoder.block", encoder: "encoder.block",
        attention: modules("layer.0.SelfAttention", of: "q k v o"),
        feedForward: modules(
          "layer.1.DenseReluDense", "layer.2.DenseReluDense", "layer.1.mlp", "layer.2.mlp", of: "wi|wi_0|wi_1 wo"),
        experts: modules("layer.1.mlp.experts.expert_0", "layer.2.mlp.experts.expert_0", of: "wi wo"))
    ),
    (
      "m2m_100 nllb-moe",
      .init(
        layers: "model.decoder.layers", encoder: "model.encoder.layers",
        attention: modules("self_attn", of: "q_proj k_proj v_proj out_proj"),
        feedForward: modules("", "ffn", of: "fc1 fc2"), experts: modules("ffn.experts.expert_0", of: "fc1 fc2"))
    ),
  ]

  private static func encoder(in root: String) -> CheckpointModules {
    .init(
      layers: "\(root).encoder.layer",
      attention: modules("attention.self", of: "query key value") + modules("attention.output", of: "dense"),
      feedForward: modules("intermediate", of: "dense") + modules("output", of: "dense"))
  }

  private static let byFamily: [String: CheckpointModules] = Dictionary(
    uniqueKeysWithValues: table.flatMap { families, names in
      families.split(whereSeparator: \.isWhitespace).map { (String($0), names) }
    })

  /// The names of a family by its `model_type`; nil for one that has no layers.
  static func of(_ family: String) -> CheckpointModules? { byFamily[family] }

  /// The modules of a class in the first `most` layers of `model`, each by all names that lists may have for it.
  static func names(_ weightClass: WeightClass, _ model: Transformer, most: Int) -> Modules {
    guard let family = of(model.family) else { return [] }
    var numbers: [Layer.Role: Int] = [:]
    return model.layers.prefix(most).flatMap { layer -> Modules in
      let number = numbers[layer.role, default: 0]
      numbers[layer.role] = number + 1
      let layers = layer.role == .encoder ? family.encoder ?? family.layers : family.layers
      let places = layers.hasPrefix("model.") ? [layers] + wrapped(layers) : [layers]
      return family.modules(weightClass, layer).map { names in
        let all = names.flatMap(spellings)
        return places.flatMap { place in all.map { "\(place).\(number).\($0)" } }
      }
    }
  }

  /// Where a text model's layers are within one that sees too.
  private static func wrapped(_ layers: String) -> [String] {
    ["language_model.\(layers)", "model.language_model.\(layers.dropFirst("model.".count))"]
  }

  /// What engines fuse projections into.
  private static let fused = [
    "q_proj": "qkv_proj", "k_proj": "qkv_proj", "v_proj": "qkv_proj", "gate_proj": "gate_up_proj",
    "up_proj": "gate_up_proj", "w1": "gate_up_proj", "w3": "gate_up_proj", "c_fc_0": "gate_up_proj",
    "c_fc_1": "gate_up_proj", "q_a_proj": "fused_qkv_a_proj", "kv_a_proj_with_mqa": "fused_qkv_a_proj",
  ]

  /// A module's name, that of what engines fuse it into, and those without the number of an expert.
  private static func spellings(_ name: String) -> [String] {
    var all = [name]
    let parts = name.split(separator: ".")
    if let last = parts.last, let whole = fused[String(last)] {
      all.append((parts.dropLast().map(String.init) + [whole]).joined(separator: "."))
    }
    return all + all.filter { $0.contains(".experts.0.") }.map { $0.replacing(".experts.0.", with: ".experts.") }
  }

  /// Modules of a layer that hold weights of a class; empty where the layer has none, and for classes that are not of layers.
  private func modules(_ weightClass: WeightClass, _ layer: Layer) -> Modules {
    switch weightClass {
    case .attention:
      switch layer.mixer {
      case .attention: return attention
      case .latent(let latent):
        let query = latent.queryRank == nil ? "q_proj" : "q_a_proj q_b_proj"
        return Self.modules("self_attn", of: query + " kv_a_proj_with_mqa kv_b_proj o_proj")
      case .stateSpace: return stateSpace
      case nil: return []
      }
    case .feedForward: return layer.feedForward.map { $0.experts == nil ? feedForward : [] } ?? []
    case .experts: return layer.feedForward?.experts == nil ? [] : experts
    case .sharedExperts: return layer.feedForward?.experts.map { $0.sharedWidth > 0 ? sharedExperts : [] } ?? []
    case .embedding, .head, .norms: return []
    }
  }
}
