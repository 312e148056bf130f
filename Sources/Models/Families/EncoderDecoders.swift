/// Encoders with a decoder: T5, Switch, NLLB and its mixture.
extension Family {
  static let encoderDecoders = [
    Family("t5", ["T5ForConditionalGeneration"], "T5Config", t5),
    Family("switch_transformers", ["SwitchTransformersForConditionalGeneration"], "SwitchTransformersConfig", t5),
    Family("m2m_100", ["M2M100ForConditionalGeneration"], "M2M100Config", m2m),
    Family("nllb-moe", ["NllbMoeForConditionalGeneration"], "NllbMoeConfig", m2m),
  ]

  /// An encoder's and a decoder's layers: the decoder's attend to the encoder's output too, behind a norm of its own.
  private func model(
    hidden: Int, encoder: [FeedForward], decoder: [FeedForward], attention: (encoder: Attention, decoder: Attention),
    vocabulary: Int, tied: Bool
  ) -> Transformer {
    var inward = attention.encoder
    inward.bidirectional = true
    let layers =
      encoder.map { Layer(mixer: .attention(inward), feedForward: $0, role: .encoder) }
      + decoder.map { Layer(mixer: .attention(attention.decoder), feedForward: $0, norms: 3, role: .crossDecoder) }
    var model = Transformer(
      family: type, hidden: hidden, layers: layers, vocabulary: vocabulary, tiedEmbeddings: tied)
    model.output.norms = 2
    return model
  }

  /// T5 and Switch: no biases, tables of relative positions, and in Switch a mixture in every so many layers.
  private static func t5(_ family: Family, _ reader: inout ConfigReader) -> Transformer {
    let hidden = reader.integer("d_model", in: Bounds.hidden)
    let heads = reader.integer("num_heads", in: Bounds.heads)
    let attention = Attention(
      heads: heads, kvHeads: heads, headDimension: reader.integer("d_kv", in: Bounds.headDimension))
    let width = reader.integer("d_ff", in: Bounds.width)
    let layers = reader.integer("num_layers", in: Bounds.layers)
    let decoders = reader.integer("num_decoder_layers", in: Bounds.layers, else: layers)
    let projection = reader.string("feed_forward_proj") ?? "relu"
    let gated = reader.bool("is_gated_act", default: projection.hasPrefix("gated-"))
    reader.ignore("dense_act_fn")
    let buckets = reader.integer("relative_attention_num_buckets", in: 1...Bounds.hidden.upperBound, default: 32)
    let vocabulary = reader.integer("vocab_size", in: Bounds.vocabulary)
    let tied = reader.tied(default: true)
    let context = reader.optionalInteger("n_positions", in: Bounds.context)
    let dense = FeedForward(width: width, gated: gated)
    var encoder = Array(repeating: dense, count: layers)
    var decoder = Array(repeating: dense, count: decoders)
    if family.type == "switch_transformers" {
      var sparse = dense
      let count = reader.integer("num_experts", in: Bounds.experts)
      sparse.experts = Experts(count: count, perToken: 1, routerBias: reader.bool("router_bias", default: false))
      let inEncoder = reader.integer("num_sparse_encoder_layers", in: 0...layers, default: min(3, layers))
      let inDecoder = reader.integer("num_sparse_decoder_layers", in: 0...decoders, default: min(3, decoders))
      reader.ignore("encoder_sparse_step", "decoder_sparse_step")  // follow from the two
      place(sparse, count: inEncoder, in: &encoder)
      place(sparse, count: inDecoder, in: &decoder)
    }
    var model = family.model(
      hidden: hidden, encoder: encoder, decoder: decoder, attention: (attention, attention), vocabulary: vocabulary,
      tied: tied)
    model.maxContext = context
    model.embedding.relativePositions = 2 * buckets * heads
    return model
  }

  /// Puts mixtures into the second layer and every so many after it, as Switch spaces them.
  private static func place(_ sparse: FeedForward, count: Int, in blocks: inout [FeedForward]) {
    guard count > 0 else { return }
    let step = blocks.count / count
    for index in blocks.indices where step == 1 || index % step == 1 { blocks[index] = sparse }
  }

  /// M2M-100 and NLLB: biases everywhere, sinusoidal positions; in NLLB-MoE every so many layers are mixtures whose
  /// tokens go to two experts.
  private static func m2m(_ family: Family, _ reader: inout ConfigReader) -> Transformer {
    let hidden = reader.integer("d_model", in: Bounds.hidden)
    func attention(_ heads: Int, _ reader: inout ConfigReader) -> Attention {
      var attention = Attention(heads: heads, kvHeads: heads, headDimension: reader.headDimension(hidden, heads))
      attention.qkvBias = true
      attention.outputBias = true
      return attention
    }
    let inward = attention(reader.integer("encoder_attention_heads", in: Bounds.heads), &reader)
    let outward = attention(reader.integer("decoder_attention_heads", in: Bounds.heads), &reader)
    let wide = FeedForward(
      width: reader.integer("encoder_ffn_dim", in: Bounds.width), gated: false, bias: true)
    let narrow = FeedForward(
      width: reader.integer("decoder_ffn_dim", in: Bounds.width), gated: false, bias: true)
    let layers = reader.integer("encoder_layers", in: Bounds.layers)
    let decoders = reader.integer("decoder_layers", in: Bounds.layers)
    reader.ignore("num_hidden_layers")  // repeats encoder_layers
    var encoder = Array(repeating: wide, count: layers)
    var decoder = Array(repeating: narrow, count: decoders)
    if family.type == "nllb-moe" {
      let count = reader.integer("num_experts", in: Bounds.experts)
      let experts = Experts(
        count: count, perToken: min(2, count), routerBias: reader.bool("router_bias", default: false))
      let steps = 0...Bounds.layers.upperBound
      let inEncoder = reader.integer("encoder_sparse_step", in: steps, default: 4)
      let inDecoder = reader.integer("decoder_sparse_step", in: steps, default: 4)
      for index in encoder.indices where inEncoder > 0 && (index + 1) % inEncoder == 0 {
        encoder[index].experts = experts
      }
      for index in decoder.indices where inDecoder > 0 && (index + 1) % inDecoder == 0 {
        decoder[index].experts = experts
      }
    }
    var model = family.model(
      hidden: hidden, encoder: encoder, decoder: decoder, attention: (inward, outward),
      vocabulary: reader.integer("vocab_size", in: Bounds.vocabulary), tied: reader.tied(default: true))
    model.normWidth = 2
    model.maxContext = reader.optionalInteger("max_position_embeddings", in: Bounds.context)
    return model
  }
}
