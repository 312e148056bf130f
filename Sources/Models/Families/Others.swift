/// Models that do not decode token by token.
extension Family {
  static let others = [
    Family("llada", ["LLaDAModelLM"], "LLaDAConfig", llada),
    Family("bert", ["BertModel", "BertForMaskedLM", "BertForPreTraining"], "BertConfig", bert),
    Family("roberta", ["RobertaModel", "RobertaForMaskedLM"], "RobertaConfig", bert),
    Family("xlm-roberta", ["XLMRobertaModel", "XLMRobertaForMaskedLM"], "XLMRobertaConfig", bert),
  ]

  /// LLaDA: a Llama whose attention sees both ways, and which refines blocks of tokens.
  private static func llada(_ family: Family, _ reader: inout ConfigReader) -> Transformer {
    let hidden = reader.integer("d_model", in: Bounds.hidden)
    let heads = reader.integer("n_heads", in: Bounds.heads)
    let layers = reader.integer("n_layers", in: Bounds.layers)
    let kvHeads = reader.integer("n_kv_heads", in: Bounds.heads, else: heads)
    let width = reader.integer("mlp_hidden_size", in: Bounds.width)
    let vocabulary = reader.integer("embedding_size", "vocab_size", in: Bounds.vocabulary)
    reader.ignore("vocab_size", "mlp_ratio", "multi_query_attention", "layer_norm_type", "block_group_size")
    if let kind = reader.string("block_type"), kind != "llama" {
      reader.fault("block_type", why: "the layers of LLaDA are those of llama")
    }
    if reader.bool("attention_layer_norm", default: false) {
      reader.fault("attention_layer_norm", why: "norms of queries and keys are not understood in this family")
    }
    var attention = Attention(heads: heads, kvHeads: kvHeads, headDimension: reader.headDimension(hidden, heads))
    attention.bidirectional = true
    attention.qkvBias = reader.bool("include_qkv_bias", default: false)
    let bias = reader.bool("include_bias", default: false)
    attention.outputBias = bias
    let layer = Layer(mixer: .attention(attention), feedForward: FeedForward(width: width, bias: bias))
    var model = Transformer(
      family: family.type, hidden: hidden, layers: Array(repeating: layer, count: layers), vocabulary: vocabulary,
      tiedEmbeddings: reader.bool("weight_tying", default: false))
    model.maxContext = reader.optionalInteger("max_sequence_length", in: Bounds.context)
    model.decoding = .blockDiffusion(block: 32)
    reader.note("block_length", "32", "tokens refined together; the file does not say", isDefault: false)
    return model
  }

  /// BERT and RoBERTa: norms after the blocks, learned positions and kinds of token, no head but the pooler.
  private static func bert(_ family: Family, _ reader: inout ConfigReader) -> Transformer {
    let hidden = reader.integer("hidden_size", in: Bounds.hidden)
    let heads = reader.integer("num_attention_heads", in: Bounds.heads)
    let layers = reader.integer("num_hidden_layers", in: Bounds.layers)
    let width = reader.integer("intermediate_size", in: Bounds.width)
    var attention = Attention(heads: heads, kvHeads: heads, headDimension: reader.headDimension(hidden, heads))
    attention.qkvBias = true
    attention.outputBias = true
    attention.bidirectional = true
    let layer = Layer(
      mixer: .attention(attention), feedForward: FeedForward(width: width, gated: false, bias: true), role: .encoder)
    var model = Transformer(
      family: family.type, hidden: hidden, layers: Array(repeating: layer, count: layers),
      vocabulary: reader.integer("vocab_size", in: Bounds.vocabulary), tiedEmbeddings: true)
    let positions = reader.integer("max_position_embeddings", in: Bounds.context)
    model.normWidth = 2
    model.maxContext = positions
    model.embedding.positionRows = positions
    model.embedding.tokenTypes = reader.integer("type_vocab_size", in: 0...Bounds.hidden.upperBound, default: 2)
    model.embedding.norm = true
    model.output.head = false
    model.output.norms = 0
    model.output.pooler = true
    model.decoding = .encoder
    reader.ignore("tie_word_embeddings")
    if reader.bool("is_decoder", default: false) {
      reader.fault("is_decoder", why: "this family is costed as an encoder")
    }
    return model
  }
}
