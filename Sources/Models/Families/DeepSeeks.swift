/// DeepSeek-MoE, V2 and V3, and Kimi K2, which has the shape of V3.
///
/// Layers that predict further tokens are neither counted nor costed.
extension Family {
  static let deepSeeks = [
    Family("deepseek", ["DeepseekForCausalLM"], "DeepseekConfig", deepSeek),
    Family("deepseek_v2", ["DeepseekV2ForCausalLM"], "DeepseekV2Config", deepSeek),
    Family("deepseek_v3", ["DeepseekV3ForCausalLM"], "DeepseekV3Config", deepSeek),
    Family("kimi_k2", [], "DeepseekV3Config", deepSeek),
  ]

  private static func deepSeek(_ family: Family, _ reader: inout ConfigReader) -> Transformer {
    let shape = DecoderShape(&reader, .init(multiHead: true, isLatent: family.type != "deepseek"))
    let mixer = family.type == "deepseek" ? Mixer.attention(attention(shape, &reader)) : latent(shape, &reader)
    if let further = reader.optionalInteger("num_nextn_predict_layers", in: 0...Bounds.layers.upperBound), further > 0 {
      reader.note("num_nextn_predict_layers", "\(further)", "not counted: layers that predict further tokens")
    }
    let dense = FeedForward(width: shape.width)
    guard let experts = experts(family, &reader) else {
      return shape.model(family) { _ in Layer(mixer: mixer, feedForward: dense) }
    }
    let first = reader.integer("first_k_dense_replace", in: 0...Bounds.layers.upperBound, default: 0)
    let step = reader.integer("moe_layer_freq", in: Bounds.layers, else: 1)
    return shape.model(family) { index in
      let isSparse = index >= first && index.isMultiple(of: step)
      return Layer(mixer: mixer, feedForward: isSparse ? experts : dense)
    }
  }

  private static func attention(_ shape: DecoderShape, _ reader: inout ConfigReader) -> Attention {
    var attention = shape.attention
    let bias = reader.bool("attention_bias", default: false)
    attention.qkvBias = bias
    attention.outputBias = bias
    return attention
  }

  private static func latent(_ shape: DecoderShape, _ reader: inout ConfigReader) -> Mixer {
    if reader.bool("attention_bias", default: false) {
      reader.fault("attention_bias", why: "latent attention with biases is not understood")
    }
    reader.ignore("qk_head_dim")
    return .latent(
      LatentAttention(
        heads: shape.attention.heads, queryRank: reader.optionalInteger("q_lora_rank", in: Bounds.rank),
        kvRank: reader.integer("kv_lora_rank", in: Bounds.rank),
        ropeDimension: reader.integer("qk_rope_head_dim", in: Bounds.headDimension),
        nopeDimension: reader.integer("qk_nope_head_dim", in: Bounds.headDimension),
        valueDimension: reader.integer("v_head_dim", in: Bounds.headDimension)))
  }

  /// The mixture; nil for a dense model. The shared experts are one block as wide as all of them.
  private static func experts(_ family: Family, _ reader: inout ConfigReader) -> FeedForward? {
    guard let count = reader.optionalInteger("n_routed_experts", in: Bounds.experts) else { return nil }
    let width = reader.integer("moe_intermediate_size", in: Bounds.width)
    let shared = reader.optionalInteger("n_shared_experts", in: 0...Bounds.experts.upperBound) ?? 0
    if shared * width > Bounds.width.upperBound {
      reader.fault("n_shared_experts", why: "the shared experts are wider than \(Bounds.width.upperBound)")
    }
    // Routing without an auxiliary loss corrects the scores by a bias for each expert.
    let method = reader.string("topk_method")
    return FeedForward(
      width: width,
      experts: Experts(
        count: count, perToken: reader.perToken("num_experts_per_tok", of: count), sharedWidth: shared * width,
        routerBias: method == "noaux_tc" || family.type == "deepseek_v3" && method == nil))
  }
}
