/// Phi 2, 3, 3.5-MoE and 4.
extension Family {
  static let phis = [
    Family("phi", ["PhiForCausalLM"], "PhiConfig", phi),
    Family("phi3", ["Phi3ForCausalLM"], "Phi3Config", phi3),
    Family("phimoe", ["PhiMoEForCausalLM", "PhimoeForCausalLM"], "PhimoeConfig", mixture),
  ]

  /// Phi 1.5 and 2: attention and a plain feed-forward block side by side behind one norm, biases everywhere.
  private static func phi(_ family: Family, _ reader: inout ConfigReader) -> Transformer {
    var shape = DecoderShape(&reader, .init(multiHead: true))
    if reader.bool("qk_layernorm", default: false) {
      reader.fault("qk_layernorm", why: "norms of queries and keys are not understood in this family")
    }
    shape.attention.qkvBias = true
    shape.attention.outputBias = true
    let block = FeedForward(width: shape.width, gated: false, bias: true)
    var model = shape.model(family) { _ in
      Layer(mixer: shape.attention(window: nil), feedForward: block, norms: 1, parallel: true)
    }
    model.normWidth = 2
    model.output.bias = true
    return model
  }

  private static func phi3(_ family: Family, _ reader: inout ConfigReader) -> Transformer {
    let shape = DecoderShape(&reader, .init(multiHead: true))
    let window = reader.window()
    reader.ignore("attention_bias", "mlp_bias")  // read by no layer of this family
    return shape.model(family) { _ in
      Layer(mixer: shape.attention(window: window), feedForward: FeedForward(width: shape.width))
    }
  }

  /// Phi-3.5-MoE: layer norms with shifts, and a bias of the output projection.
  private static func mixture(_ family: Family, _ reader: inout ConfigReader) -> Transformer {
    var shape = DecoderShape(&reader, .init(kvHeads: 8))
    let bias = reader.bool("attention_bias", default: false)
    shape.attention.qkvBias = bias
    shape.attention.outputBias = bias
    let window = reader.window()
    let count = reader.integer("num_local_experts", in: Bounds.experts, default: 16)
    let experts = Experts(count: count, perToken: reader.perToken("num_experts_per_tok", of: count, default: 2))
    let found = shape
    var model = shape.model(family) { _ in
      Layer(mixer: found.attention(window: window), feedForward: FeedForward(width: found.width, experts: experts))
    }
    model.normWidth = 2
    model.output.bias = reader.bool("lm_head_bias", default: false)
    return model
  }
}
