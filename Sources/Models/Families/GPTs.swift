/// Decoders of the years before gates: multi-head attention, layer norms with shifts, plain feed-forward blocks.
extension Family {
  static let gpts = [
    Family("opt", ["OPTForCausalLM"], "OPTConfig", opt),
    Family("bloom", ["BloomForCausalLM"], "BloomConfig", bloom),
    Family("gpt2", ["GPT2LMHeadModel"], "GPT2Config", gpt2),
    Family("gpt_bigcode", ["GPTBigCodeForCausalLM"], "GPTBigCodeConfig", gpt2),
    Family("gptj", ["GPTJForCausalLM"], "GPTJConfig", gptJ),
    Family("gpt_neox", ["GPTNeoXForCausalLM"], "GPTNeoXConfig", gptNeoX),
  ]

  /// Layers all alike, with biases everywhere unless `bias` says otherwise.
  private func model(
    hidden: Int, heads: Int, layers: Int, width: Int, vocabulary: Int, tied: Bool, bias: Bool = true,
    parallel: Bool = false, norms: Int = 2, _ reader: inout ConfigReader
  ) -> Transformer {
    var attention = Attention(heads: heads, kvHeads: heads, headDimension: reader.headDimension(hidden, heads))
    attention.qkvBias = bias
    attention.outputBias = bias
    let layer = Layer(
      mixer: .attention(attention), feedForward: FeedForward(width: width, gated: false, bias: true), norms: norms,
      parallel: parallel)
    var model = Transformer(
      family: type, hidden: hidden, layers: Array(repeating: layer, count: layers), vocabulary: vocabulary,
      tiedEmbeddings: tied)
    model.normWidth = 2
    return model
  }

  private static func bloom(_ family: Family, _ reader: inout ConfigReader) -> Transformer {
    let hidden = reader.integer("hidden_size", "n_embed", in: Bounds.hidden)
    let heads = reader.integer("n_head", "num_attention_heads", in: Bounds.heads)
    let layers = reader.integer("n_layer", "num_hidden_layers", in: Bounds.layers)
    let vocabulary = reader.integer("vocab_size", in: Bounds.vocabulary)
    var model = family.model(
      hidden: hidden, heads: heads, layers: layers, width: 4 * hidden, vocabulary: vocabulary,
      tied: reader.bool("tie_word_embeddings", default: true), &reader)
    model.maxContext = reader.optionalInteger("seq_length", in: Bounds.context)
    model.embedding.norm = true
    return model
  }

  private static func opt(_ family: Family, _ reader: inout ConfigReader) -> Transformer {
    let hidden = reader.integer("hidden_size", in: Bounds.hidden)
    let heads = reader.integer("num_attention_heads", in: Bounds.heads)
    let layers = reader.integer("num_hidden_layers", in: Bounds.layers)
    let width = reader.integer("ffn_dim", in: Bounds.width)
    let vocabulary = reader.integer("vocab_size", in: Bounds.vocabulary)
    let positions = reader.integer("max_position_embeddings", in: Bounds.context)
    let bias = reader.bool("enable_bias", default: true)
    let affine = reader.bool("layer_norm_elementwise_affine", default: true)
    var model = family.model(
      hidden: hidden, heads: heads, layers: layers, width: width, vocabulary: vocabulary,
      tied: reader.tied(default: true), bias: bias, &reader)
    for index in model.layers.indices { model.layers[index].feedForward?.bias = bias }
    if !affine { model.normWidth = 0 }
    model.maxContext = positions
    model.embedding.positionRows = positions + 2  // OPT offsets its positions by 2
    let before = reader.bool("do_layer_norm_before", default: true)
    model.output.norms = before && !reader.bool("_remove_final_layer_norm", default: false) ? 1 : 0
    let token = reader.integer("word_embed_proj_dim", in: Bounds.hidden, else: hidden)
    if token != hidden { model.embedding.width = token }
    return model
  }

  private static func gpt2(_ family: Family, _ reader: inout ConfigReader) -> Transformer {
    let hidden = reader.integer("n_embd", "hidden_size", in: Bounds.hidden)
    let heads = reader.integer("n_head", "num_attention_heads", in: Bounds.heads)
    let layers = reader.integer("n_layer", "num_hidden_layers", in: Bounds.layers)
    let width = reader.integer("n_inner", in: Bounds.width, else: 4 * hidden)
    let vocabulary = reader.integer("vocab_size", in: Bounds.vocabulary)
    let positions = reader.integer("n_positions", "max_position_embeddings", in: Bounds.context)
    let isSingle = family.type == "gpt_bigcode" && reader.bool("multi_query", default: true)
    var model = family.model(
      hidden: hidden, heads: heads, layers: layers, width: width, vocabulary: vocabulary,
      tied: reader.tied(default: true), &reader)
    if isSingle, case .attention(var attention)? = model.layers.first?.mixer {
      attention.kvHeads = 1
      for index in model.layers.indices { model.layers[index].mixer = .attention(attention) }
    }
    model.maxContext = positions
    model.embedding.positionRows = positions
    return model
  }

  /// GPT-J: attention without biases and feed-forward block side by side behind one norm.
  private static func gptJ(_ family: Family, _ reader: inout ConfigReader) -> Transformer {
    let hidden = reader.integer("n_embd", "hidden_size", in: Bounds.hidden)
    let heads = reader.integer("n_head", "num_attention_heads", in: Bounds.heads)
    let layers = reader.integer("n_layer", "num_hidden_layers", in: Bounds.layers)
    let width = reader.integer("n_inner", in: Bounds.width, else: 4 * hidden)
    var model = family.model(
      hidden: hidden, heads: heads, layers: layers, width: width,
      vocabulary: reader.integer("vocab_size", in: Bounds.vocabulary), tied: reader.tied(default: false), bias: false,
      parallel: true, norms: 1, &reader)
    model.output.bias = true
    model.maxContext = reader.optionalInteger("n_positions", "max_position_embeddings", in: Bounds.context)
    return model
  }

  private static func gptNeoX(_ family: Family, _ reader: inout ConfigReader) -> Transformer {
    let hidden = reader.integer("hidden_size", in: Bounds.hidden)
    let heads = reader.integer("num_attention_heads", in: Bounds.heads)
    let layers = reader.integer("num_hidden_layers", in: Bounds.layers)
    let width = reader.integer("intermediate_size", in: Bounds.width)
    var model = family.model(
      hidden: hidden, heads: heads, layers: layers, width: width,
      vocabulary: reader.integer("vocab_size", in: Bounds.vocabulary), tied: reader.tied(default: false),
      bias: reader.bool("attention_bias", default: true),
      parallel: reader.bool("use_parallel_residual", default: true), &reader)
    model.maxContext = reader.optionalInteger("max_position_embeddings", in: Bounds.context)
    return model
  }
}
