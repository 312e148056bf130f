/// Mixtures of experts that are no variant of a dense family.
extension Family {
  static let mixtures = [
    Family("mixtral", ["MixtralForCausalLM"], "MixtralConfig", mixtral),
    Family("llama4", ["Llama4ForConditionalGeneration"], "Llama4Config") { $0.text(of: "llama4_text", &$1) },
    Family("llama4_text", ["Llama4ForCausalLM"], "Llama4TextConfig", llama4),
    Family("dbrx", ["DbrxForCausalLM"], "DbrxConfig", dbrx),
    Family("gpt_oss", ["GptOssForCausalLM"], "GptOssConfig", gptOSS),
  ]

  private static func mixtral(_ family: Family, _ reader: inout ConfigReader) -> Transformer {
    let shape = DecoderShape(&reader, .init(kvHeads: 8))
    let window = reader.window()
    let count = reader.integer("num_local_experts", in: Bounds.experts, default: 8)
    let experts = Experts(count: count, perToken: reader.perToken("num_experts_per_tok", of: count, default: 2))
    return shape.model(family) { _ in
      Layer(mixer: shape.attention(window: window), feedForward: FeedForward(width: shape.width, experts: experts))
    }
  }

  /// Llama 4: every so many layers a mixture with a shared expert as wide as a routed one; rotary layers see the
  /// chunk of the context they stand in, those without positions all of it.
  ///
  /// A chunk is costed as a window of its size, although a token sees half a chunk on average.
  private static func llama4(_ family: Family, _ reader: inout ConfigReader) -> Transformer {
    let shape = DecoderShape(&reader, .init(kvHeads: 8, headDimension: 128))
    var attention = shape.attention
    let bias = reader.bool("attention_bias", default: false)
    attention.qkvBias = bias
    attention.outputBias = bias
    reader.ignore("use_qk_norm")  // the norm of queries and keys has no parameters
    let chunk =
      reader.isPresent("attention_chunk_size")
      ? reader.optionalInteger("attention_chunk_size", in: Bounds.context)
      : reader.integer("attention_chunk_size", in: Bounds.context, default: 8192)
    if let chunk {
      reader.note("attention_chunk_size", "\(chunk)", "costed as a window of \(chunk) tokens")
    }
    let rotary = reader.integers("no_rope_layers", in: Bounds.flags) ?? []
    let chunked = reader.windowedLayers(shape.layers)
    if !rotary.isEmpty, rotary.count != shape.layers {
      reader.fault("no_rope_layers", why: "it has a number for each of \(shape.layers) layers")
    } else if rotary.isEmpty, chunked == nil {
      reader.note("no_rope_layers", "every 4th layer", reader.configurationClass, isDefault: true)
    }
    let dense = reader.integer("intermediate_size_mlp", in: Bounds.width, default: 16_384)
    let count = reader.integer("num_local_experts", in: Bounds.experts, default: 16)
    let experts = Experts(
      count: count, perToken: reader.perToken("num_experts_per_tok", of: count, default: 1), sharedWidth: shape.width)
    let step = reader.integer("interleave_moe_layer_step", in: Bounds.layers, default: 1)
    let sparse = reader.integers("moe_layers", in: 0...Bounds.layers.upperBound).map(Set.init)
    return shape.model(family) { index in
      let isChunked = chunked?[index] ?? (index < rotary.count ? rotary[index] == 1 : (index + 1) % 4 != 0)
      var mixer = attention
      mixer.window = isChunked ? chunk : nil
      let isSparse = sparse?.contains(index) ?? ((index + 1) % step == 0)
      return Layer(
        mixer: .attention(mixer),
        feedForward: isSparse ? FeedForward(width: shape.width, experts: experts) : FeedForward(width: dense))
    }
  }

  private static func dbrx(_ family: Family, _ reader: inout ConfigReader) -> Transformer {
    let hidden = reader.integer("d_model", in: Bounds.hidden)
    let heads = reader.integer("n_heads", in: Bounds.heads)
    let layers = reader.integer("n_layers", in: Bounds.layers)
    let kvHeads = reader.within("attn_config", family.type) { reader in
      reader.ignore("model_type")
      return reader.integer("kv_n_heads", in: Bounds.heads, default: 1)
    }
    let block = reader.within("ffn_config", family.type) { reader in
      reader.ignore("ffn_act_fn")
      let count = reader.integer("moe_num_experts", in: Bounds.experts, default: 4)
      return FeedForward(
        width: reader.integer("ffn_hidden_size", in: Bounds.width, default: 3584),
        experts: Experts(count: count, perToken: reader.perToken("moe_top_k", of: count, default: 1)))
    }
    if kvHeads == nil || block == nil, reader.faults.isEmpty {
      reader.refuse("attn_config or ffn_config is missing", why: "heads and experts are described there")
    }
    let attention = Attention(
      heads: heads, kvHeads: kvHeads ?? 1, headDimension: reader.headDimension(hidden, heads))
    var model = Transformer(
      family: family.type, hidden: hidden,
      layers: Array(repeating: Layer(mixer: .attention(attention), feedForward: block), count: layers),
      vocabulary: reader.integer("vocab_size", in: Bounds.vocabulary), tiedEmbeddings: reader.tied(default: false))
    model.maxContext = reader.optionalInteger("max_seq_len", in: Bounds.context)
    return model
  }

  /// gpt-oss: biases everywhere, a sink for each head, and a window in every other layer, the first included.
  private static func gptOSS(_ family: Family, _ reader: inout ConfigReader) -> Transformer {
    let shape = DecoderShape(&reader, .init(kvHeads: 8, headDimension: 64))
    let bias = reader.bool("attention_bias", default: true)
    let window = reader.window(default: 128)
    let windowed = reader.windowedLayers(shape.layers)
    let count = reader.integer("num_local_experts", "num_experts", in: Bounds.experts, default: 128)
    let experts = Experts(
      count: count, perToken: reader.perToken("num_experts_per_tok", "experts_per_token", of: count, default: 4),
      routerBias: true)
    return shape.model(family) { index in
      var attention = shape.attention
      attention.window = windowed?[index] ?? index.isMultiple(of: 2) ? window : nil
      attention.qkvBias = bias
      attention.outputBias = bias
      attention.sinks = true
      return Layer(
        mixer: .attention(attention), feedForward: FeedForward(width: shape.width, bias: true, experts: experts))
    }
  }
}
