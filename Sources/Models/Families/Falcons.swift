extension Family {
  /// Falcon, under its present name and those of its first files.
  static let falcons = [
    Family("falcon", ["FalconForCausalLM"], "FalconConfig", falcon),
    Family("RefinedWebModel", ["RWForCausalLM"], "FalconConfig", falcon),
    Family("RefinedWeb", [], "FalconConfig", falcon),
  ]

  private static func falcon(_ family: Family, _ reader: inout ConfigReader) -> Transformer {
    let hidden = reader.integer("hidden_size", in: Bounds.hidden)
    let heads = reader.integer("num_attention_heads", "n_head", in: Bounds.heads)
    let grouped = reader.bool("new_decoder_architecture", default: family.type == "RefinedWeb")
    let single = reader.bool("multi_query", default: true)
    let parallel = reader.bool("parallel_attn", default: true)
    let kvHeads = reader.integer("num_kv_heads", "n_head_kv", in: Bounds.heads, else: heads)
    let bias = reader.bool("bias", default: false)
    let width = reader.integer("ffn_hidden_size", in: Bounds.width, else: 4 * hidden)
    let count = reader.integer("num_hidden_layers", "n_layer", in: Bounds.layers)
    let norms = reader.integer("num_ln_in_parallel_attn", in: 1...2, else: grouped ? 2 : 1)
    var attention = Attention(
      heads: heads, kvHeads: grouped ? kvHeads : single ? 1 : heads, headDimension: reader.headDimension(hidden, heads))
    attention.qkvBias = bias
    attention.outputBias = bias
    let isParallel = parallel || grouped
    let layer = Layer(
      mixer: .attention(attention), feedForward: FeedForward(width: width, gated: false, bias: bias),
      norms: isParallel ? norms : 2, parallel: isParallel)
    var model = Transformer(
      family: "falcon", hidden: hidden, layers: Array(repeating: layer, count: count),
      vocabulary: reader.integer("vocab_size", in: Bounds.vocabulary),
      tiedEmbeddings: reader.bool("tie_word_embeddings", default: true))
    model.normWidth = 2
    model.maxContext = reader.optionalInteger("max_position_embeddings", in: Bounds.context)
    return model
  }
}
