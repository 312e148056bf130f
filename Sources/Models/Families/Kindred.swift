/// Decoders that differ from Llama in norms, biases, multipliers or the order of their blocks.
extension Family {
  static let kindred = [
    Family("olmo", ["OlmoForCausalLM"], "OlmoConfig", olmo),
    Family("olmo2", ["Olmo2ForCausalLM"], "Olmo2Config", olmo),
    Family("olmoe", ["OlmoeForCausalLM"], "OlmoeConfig", olmo),
    Family("granite", ["GraniteForCausalLM"], "GraniteConfig", granite),
    Family("granitemoe", ["GraniteMoeForCausalLM"], "GraniteMoeConfig", granite),
    Family("internlm2", ["InternLM2ForCausalLM"], "InternLM2Config", internLM),
    Family("exaone", ["ExaoneForCausalLM"], "ExaoneConfig") { family, reader in
      plain(family, .init(layersKey: "num_layers"), &reader)
    },
    Family("minicpm", ["MiniCPMForCausalLM"], "MiniCPMConfig") { family, reader in
      plain(family, .init(tied: true, multiHead: true), &reader)
    },
    Family("baichuan", ["BaichuanForCausalLM"], "BaichuanConfig") { family, reader in
      plain(family, .init(multiHead: true), &reader)
    },
    Family("smollm3", ["SmolLM3ForCausalLM"], "SmolLM3Config", smolLM),
    Family("glm", ["GlmForCausalLM"], "GlmConfig", glm),
    Family("glm4", ["Glm4ForCausalLM"], "Glm4Config", glm),
    Family("cohere", ["CohereForCausalLM"], "CohereConfig", cohere),
    Family("cohere2", ["Cohere2ForCausalLM"], "Cohere2Config", cohere),
    Family("stablelm", ["StableLmForCausalLM"], "StableLmConfig", stableLM),
    Family("starcoder2", ["Starcoder2ForCausalLM"], "Starcoder2Config", starCoder),
  ]

  /// Layers of Llama without biases.
  private static func plain(
    _ family: Family, _ defaults: DecoderShape.Defaults, _ reader: inout ConfigReader
  ) -> Transformer {
    let shape = DecoderShape(&reader, defaults)
    return shape.model(family) { _ in
      Layer(mixer: shape.attention(window: nil), feedForward: FeedForward(width: shape.width))
    }
  }

  /// OLMo, whose norms have no parameters; OLMo 2 and OLMoE, which norm queries and keys over all heads.
  private static func olmo(_ family: Family, _ reader: inout ConfigReader) -> Transformer {
    var shape = DecoderShape(&reader, .init(multiHead: true))
    readBiases(&shape, &reader)
    shape.attention.qkNorm = family.type != "olmo"
    shape.attention.normsAllHeads = shape.attention.qkNorm
    var block = FeedForward(width: shape.width)
    if family.type == "olmoe" {
      let count = reader.integer("num_experts", in: Bounds.experts, default: 64)
      block.experts = Experts(count: count, perToken: reader.perToken("num_experts_per_tok", of: count, default: 8))
    }
    let found = shape
    var model = shape.model(family) { _ in Layer(mixer: found.attention(window: nil), feedForward: block) }
    if family.type == "olmo" { model.normWidth = 0 }
    return model
  }

  /// Granite 3: a Llama, or a Mixtral, with multipliers.
  private static func granite(_ family: Family, _ reader: inout ConfigReader) -> Transformer {
    var shape = DecoderShape(&reader, .init(multiHead: true))
    readBiases(&shape, &reader)
    var block = FeedForward(width: shape.width)
    if family.type == "granitemoe" {
      let count = reader.integer("num_local_experts", in: Bounds.experts, default: 8)
      block.experts = Experts(count: count, perToken: reader.perToken("num_experts_per_tok", of: count, default: 2))
    } else {
      block.bias = reader.bool("mlp_bias", default: false)
    }
    let found = shape
    return shape.model(family) { _ in Layer(mixer: found.attention(window: nil), feedForward: block) }
  }

  private static func internLM(_ family: Family, _ reader: inout ConfigReader) -> Transformer {
    var shape = DecoderShape(&reader, .init(multiHead: true))
    let bias = reader.bool("bias", default: true)
    shape.attention.qkvBias = bias
    shape.attention.outputBias = bias
    let found = shape
    return shape.model(family) { _ in
      Layer(mixer: found.attention(window: nil), feedForward: FeedForward(width: found.width))
    }
  }

  /// SmolLM 3: some layers do without rotary positions, which changes no shape.
  private static func smolLM(_ family: Family, _ reader: inout ConfigReader) -> Transformer {
    var shape = DecoderShape(&reader, .init(kvHeads: 4, tied: true))
    readBiases(&shape, &reader)
    let bias = reader.bool("mlp_bias", default: false)
    let isWindowed = reader.bool("use_sliding_window", default: false)
    reader.ignore("no_rope_layers", "no_rope_layer_interval", "sliding_window", "max_window_layers")
    let window = isWindowed ? reader.window() : nil
    let windowed = reader.windowedLayers(shape.layers)
    let found = shape
    return shape.model(family) { index in
      Layer(
        mixer: found.attention(window: windowed?[index] ?? true ? window : nil),
        feedForward: FeedForward(width: found.width, bias: bias))
    }
  }

  /// GLM 4: biases of queries, keys and values; from the release 0414 on four norms.
  private static func glm(_ family: Family, _ reader: inout ConfigReader) -> Transformer {
    var shape = DecoderShape(&reader, .init(kvHeads: 2, headDimension: 128))
    shape.attention.qkvBias = reader.bool("attention_bias", default: true)
    let found = shape
    return shape.model(family) { _ in
      Layer(
        mixer: found.attention(window: nil), feedForward: FeedForward(width: found.width),
        norms: family.type == "glm4" ? 4 : 2)
    }
  }

  /// Command R: attention and feed-forward block side by side behind one norm that scales; in Cohere 2 windows in all
  /// but every fourth layer.
  private static func cohere(_ family: Family, _ reader: inout ConfigReader) -> Transformer {
    var shape = DecoderShape(&reader, .init(tied: true, multiHead: true))
    readBiases(&shape, &reader)
    var windows: [Int?] = Array(repeating: nil, count: shape.layers)
    if family.type == "cohere2" {
      let window = reader.window(default: 4096)
      let windowed = reader.windowedLayers(shape.layers)
      let pattern = reader.integer("sliding_window_pattern", "layer_switch", in: Bounds.layers, default: 4)
      windows = windows.indices.map { windowed?[$0] ?? !($0 + 1).isMultiple(of: pattern) ? window : nil }
      reader.ignore(
        "layer_switch", "order_of_interleaved_layers", "use_embedding_sharing", "use_gated_activation",
        "use_parallel_block", "use_parallel_embedding", "cache_implementation")
    } else {
      shape.attention.qkNorm = reader.bool("use_qk_norm", default: false)
      shape.attention.normsAllHeads = shape.attention.qkNorm
    }
    let found = shape
    return shape.model(family) { index in
      Layer(
        mixer: found.attention(window: windows[index]), feedForward: FeedForward(width: found.width), norms: 1,
        parallel: true)
    }
  }

  /// StableLM: layer norms with shifts, biases of queries, keys and values in some.
  private static func stableLM(_ family: Family, _ reader: inout ConfigReader) -> Transformer {
    var shape = DecoderShape(&reader, .init(multiHead: true))
    shape.attention.qkvBias = reader.bool("use_qkv_bias", default: false)
    shape.attention.qkNorm = reader.bool("qk_layernorm", default: false)
    shape.attention.normsAllHeads = shape.attention.qkNorm
    let isParallel = reader.bool("use_parallel_residual", default: false)
    let found = shape
    var model = shape.model(family) { _ in
      Layer(
        mixer: found.attention(window: nil), feedForward: FeedForward(width: found.width), norms: isParallel ? 1 : 2,
        parallel: isParallel)
    }
    model.normWidth = 2
    return model
  }

  /// StarCoder 2: plain feed-forward blocks, layer norms with shifts, biases everywhere, a window.
  private static func starCoder(_ family: Family, _ reader: inout ConfigReader) -> Transformer {
    var shape = DecoderShape(&reader, .init(kvHeads: 2, tied: true))
    let bias = reader.bool("use_bias", default: true)
    shape.attention.qkvBias = bias
    shape.attention.outputBias = bias
    let window = reader.window()
    let found = shape
    reader.ignore("norm_type", "mlp_type")
    var model = shape.model(family) { _ in
      Layer(
        mixer: found.attention(window: window), feedForward: FeedForward(width: found.width, gated: false, bias: bias))
    }
    model.normWidth = 2
    return model
  }

  /// `attention_bias`, of all four projections.
  private static func readBiases(_ shape: inout DecoderShape, _ reader: inout ConfigReader) {
    let bias = reader.bool("attention_bias", default: false)
    shape.attention.qkvBias = bias
    shape.attention.outputBias = bias
  }
}
