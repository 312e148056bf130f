import Hardware

/// The families of config.json that are understood.
enum Family: String, CaseIterable {
  case llama, mistral, mixtral, qwen2, bloom, opt, falcon, gpt2

  /// The architecture's name in `architectures`.
  var architecture: String {
    switch self {
    case .llama: "LlamaForCausalLM"
    case .mistral: "MistralForCausalLM"
    case .mixtral: "MixtralForCausalLM"
    case .qwen2: "Qwen2ForCausalLM"
    case .bloom: "BloomForCausalLM"
    case .opt: "OPTForCausalLM"
    case .falcon: "FalconForCausalLM"
    case .gpt2: "GPT2LMHeadModel"
    }
  }
}

/// Bounds of what a config.json may say: far beyond any model, and small enough for parameters to fit in 62 bits.
private enum Bounds {
  static let layers = 1...4096
  static let hidden = 1...131_072
  static let heads = 1...16_384
  static let headDimension = 1...16_384
  static let intermediate = 1...1_048_576
  static let vocabulary = 1...(1 << 30)
  static let experts = 1...1024
  static let context = 1...(1 << 30)
}

extension Transformer {
  /// The model that `reader`'s file describes; nil, with a fault in the reader, where its family is unknown.
  static func read(_ reader: inout ConfigReader) -> Transformer? {
    let type = reader.string("model_type")
    let architecture = reader.firstString("architectures")
    guard type != nil || architecture != nil else {
      if reader.faults.isEmpty { reader.fault("model_type", "is missing, and so is architectures") }
      return nil
    }
    let family = Family.allCases.first { family in
      type.map { $0 == family.rawValue } ?? (architecture == family.architecture)
    }
    guard let family else {
      let known = Family.allCases.map(\.rawValue).joined(separator: ", ")
      reader.fault(
        type == nil ? "architectures" : "model_type",
        "'\((type ?? architecture ?? "").prefix(40))' is not understood; \(known) are")
      return nil
    }
    var model: Transformer
    switch family {
    case .llama, .mistral, .mixtral, .qwen2: model = gated(family, &reader)
    case .bloom: model = bloom(&reader)
    case .opt: model = opt(&reader)
    case .falcon: model = falcon(&reader)
    case .gpt2: model = gpt2(&reader)
    }
    model.publishedFormat = published(&reader)
    for (mixer, _) in model.layers.compactMap(\.mixer).counted() {
      guard case .attention(let attention) = mixer else { continue }
      if !attention.heads.isMultiple(of: attention.kvHeads) {
        reader.fault(
          "num_key_value_heads", "must divide the \(attention.heads) attention heads, is \(attention.kvHeads)")
      }
      if attention.queryWidth > Bounds.intermediate.upperBound {
        reader.fault("head_dim", "heads x head_dim must not exceed \(Bounds.intermediate.upperBound)")
      }
    }
    return model
  }

  private static func published(_ reader: inout ConfigReader) -> Format? {
    switch reader.string("torch_dtype") ?? reader.string("dtype") {
    case "float16": .fp16
    case "bfloat16": .bf16
    case "float32": .fp32
    case "float8_e4m3fn", "float8_e5m2": .fp8
    default: nil
    }
  }

  /// The width of a head where the file does not give it: hidden / heads, which must be whole.
  private static func headDimension(_ hidden: Int, _ heads: Int, _ reader: inout ConfigReader) -> Int {
    if !hidden.isMultiple(of: heads) {
      reader.fault("num_attention_heads", "must divide the hidden size \(hidden), is \(heads)")
    }
    return max(1, hidden / heads)
  }

  /// Llama, Mistral, Mixtral, Qwen2: RMS norms, rotary positions, gated feed-forward blocks.
  private static func gated(_ family: Family, _ reader: inout ConfigReader) -> Transformer {
    let hidden = reader.integer("hidden_size", in: Bounds.hidden)
    let heads = reader.integer("num_attention_heads", in: Bounds.heads)
    let width = reader.optionalInteger("head_dim", in: Bounds.headDimension)
    // Llama without the key is multi-head; the others' defaults differ from version to version, so it is required.
    let kvHeads =
      family == .llama
      ? reader.integer("num_key_value_heads", in: Bounds.heads, default: heads)
      : reader.integer("num_key_value_heads", in: Bounds.heads)
    let count = reader.integer("num_hidden_layers", in: Bounds.layers)
    var attention = Attention(
      heads: heads, kvHeads: kvHeads, headDimension: width ?? headDimension(hidden, heads, &reader))
    var block = FeedForward(width: reader.integer("intermediate_size", in: Bounds.intermediate))
    let vocabulary = reader.integer("vocab_size", in: Bounds.vocabulary)
    let tied = reader.bool("tie_word_embeddings", default: false)
    let context = reader.optionalInteger("max_position_embeddings", in: Bounds.context)
    if family != .qwen2 || reader.bool("use_sliding_window", default: false) {
      attention.window = reader.optionalInteger("sliding_window", in: Bounds.context)
    }
    let attentionBias = reader.bool("attention_bias", default: false)
    attention.qkvBias = attentionBias || family == .qwen2
    attention.outputBias = attentionBias
    block.bias = reader.bool("mlp_bias", default: false)
    if family == .mixtral {
      let count = reader.integer("num_local_experts", in: Bounds.experts)
      block.experts = Experts(count: count, perToken: reader.integer("num_experts_per_tok", in: 1...max(1, count)))
    }
    var model = Transformer(
      family: family.rawValue, hidden: hidden,
      layers: Array(repeating: Layer(mixer: .attention(attention), feedForward: block), count: count),
      vocabulary: vocabulary, tiedEmbeddings: tied)
    model.maxContext = context
    return model
  }

  /// Multi-head attention with biases everywhere and plain feed-forward blocks: GPT-2, OPT, BLOOM.
  private static func biased(
    _ family: String, hidden: Int, heads: Int, layers: Int, width: Int, vocabulary: Int, tied: Bool,
    _ reader: inout ConfigReader
  ) -> Transformer {
    var attention = Attention(heads: heads, kvHeads: heads, headDimension: headDimension(hidden, heads, &reader))
    attention.qkvBias = true
    attention.outputBias = true
    let layer = Layer(
      mixer: .attention(attention), feedForward: FeedForward(width: width, gated: false, bias: true))
    var model = Transformer(
      family: family, hidden: hidden, layers: Array(repeating: layer, count: layers), vocabulary: vocabulary,
      tiedEmbeddings: tied)
    model.normWidth = 2
    return model
  }

  private static func bloom(_ reader: inout ConfigReader) -> Transformer {
    let hidden = reader.integer("hidden_size", "n_embed", in: Bounds.hidden)
    let heads = reader.integer("n_head", "num_attention_heads", in: Bounds.heads)
    let layers = reader.integer("n_layer", "num_hidden_layers", in: Bounds.layers)
    var model = biased(
      "bloom", hidden: hidden, heads: heads, layers: layers, width: 4 * hidden,
      vocabulary: reader.integer("vocab_size", in: Bounds.vocabulary), tied: true, &reader)
    model.maxContext = reader.optionalInteger("seq_length", in: Bounds.context)
    model.embedding.norm = true
    return model
  }

  private static func opt(_ reader: inout ConfigReader) -> Transformer {
    let hidden = reader.integer("hidden_size", in: Bounds.hidden)
    let heads = reader.integer("num_attention_heads", in: Bounds.heads)
    let layers = reader.integer("num_hidden_layers", in: Bounds.layers)
    let width = reader.integer("ffn_dim", in: Bounds.intermediate)
    let vocabulary = reader.integer("vocab_size", in: Bounds.vocabulary)
    let tied = reader.bool("tie_word_embeddings", default: true)
    var model = biased(
      "opt", hidden: hidden, heads: heads, layers: layers, width: width, vocabulary: vocabulary, tied: tied, &reader)
    let positions = reader.integer("max_position_embeddings", in: Bounds.context)
    model.maxContext = positions
    model.embedding.positionRows = positions + 2  // OPT offsets its positions by 2
    model.output.norms = reader.bool("do_layer_norm_before", default: true) ? 1 : 0
    let projection = reader.integer("word_embed_proj_dim", in: Bounds.hidden, default: hidden)
    if projection != hidden {
      reader.fault("word_embed_proj_dim", "embeddings narrower than the hidden size \(hidden) are not understood")
    }
    return model
  }

  private static func falcon(_ reader: inout ConfigReader) -> Transformer {
    let hidden = reader.integer("hidden_size", in: Bounds.hidden)
    let heads = reader.integer("num_attention_heads", "n_head", in: Bounds.heads)
    let grouped = reader.bool("new_decoder_architecture", default: false)
    let single = reader.bool("multi_query", default: true)
    let parallel = reader.bool("parallel_attn", default: true)
    let kvHeads = reader.integer("num_kv_heads", "n_head_kv", in: Bounds.heads, default: heads)
    let bias = reader.bool("bias", default: false)
    var attention = Attention(
      heads: heads, kvHeads: grouped ? kvHeads : single ? 1 : heads,
      headDimension: headDimension(hidden, heads, &reader))
    attention.qkvBias = bias
    attention.outputBias = bias
    let width = reader.integer("ffn_hidden_size", in: Bounds.intermediate, default: 4 * hidden)
    let layer = Layer(
      mixer: .attention(attention), feedForward: FeedForward(width: width, gated: false, bias: bias),
      norms: parallel && !grouped ? 1 : 2, parallel: parallel || grouped)
    let count = reader.integer("num_hidden_layers", "n_layer", in: Bounds.layers)
    var model = Transformer(
      family: "falcon", hidden: hidden, layers: Array(repeating: layer, count: count),
      vocabulary: reader.integer("vocab_size", in: Bounds.vocabulary),
      tiedEmbeddings: reader.bool("tie_word_embeddings", default: true))
    model.normWidth = 2
    model.maxContext = reader.optionalInteger("max_position_embeddings", in: Bounds.context)
    return model
  }

  private static func gpt2(_ reader: inout ConfigReader) -> Transformer {
    let hidden = reader.integer("n_embd", "hidden_size", in: Bounds.hidden)
    let heads = reader.integer("n_head", "num_attention_heads", in: Bounds.heads)
    let layers = reader.integer("n_layer", "num_hidden_layers", in: Bounds.layers)
    let width = reader.integer("n_inner", in: Bounds.intermediate, default: 4 * hidden)
    let vocabulary = reader.integer("vocab_size", in: Bounds.vocabulary)
    var model = biased(
      "gpt2", hidden: hidden, heads: heads, layers: layers, width: width, vocabulary: vocabulary,
      tied: reader.bool("tie_word_embeddings", default: true), &reader)
    let positions = reader.integer("n_positions", "max_position_embeddings", in: Bounds.context)
    model.maxContext = positions
    model.embedding.positionRows = positions
    return model
  }
}
