/// Mamba-2, and hybrids of its layers with attention.
extension Family {
  static let stateSpaces = [
    Family("mamba2", ["Mamba2ForCausalLM"], "Mamba2Config", mamba2),
    Family("bamba", ["BambaForCausalLM"], "BambaConfig", bamba),
    Family("granitemoehybrid", ["GraniteMoeHybridForCausalLM"], "GraniteMoeHybridConfig", granite),
    Family("nemotron_h", ["NemotronHForCausalLM"], "NemotronHConfig", nemotron),
  ]

  /// Keys of a mixer, by family.
  private struct Keys {
    var heads = "mamba_n_heads"
    var width = "mamba_d_head"
    var state = "mamba_d_state"
    var groups = "mamba_n_groups"
    var convolution = "mamba_d_conv"
    var expand = "mamba_expand"
    var chunk = "mamba_chunk_size"
    var bias = "mamba_proj_bias"
    var convolutionBias = "mamba_conv_bias"
  }

  private static func mixer(hidden: Int, _ keys: Keys, _ reader: inout ConfigReader) -> StateSpace {
    let heads = reader.integer(keys.heads, in: Bounds.heads, default: 128)
    let expand = reader.integer(keys.expand, in: 1...64, default: 2)
    // BambaConfig writes "auto" for the width that follows from the others.
    let width =
      reader.isText("auto", keys.width)
      ? max(1, expand * hidden / heads) : reader.integer(keys.width, in: Bounds.headDimension, default: 64)
    let state = reader.integer(keys.state, in: Bounds.state, default: 128)
    let groups = reader.integer(keys.groups, in: Bounds.heads)
    var space = StateSpace(
      inner: heads * width, heads: heads, headDimension: width, stateSize: state, groups: groups,
      convolution: reader.integer(keys.convolution, in: 1...64, default: 4))
    space.chunk = reader.integer(keys.chunk, in: Bounds.hidden, default: 256)
    space.bias = reader.bool(keys.bias, default: false)
    space.convolutionBias = reader.bool(keys.convolutionBias, default: true)
    return space
  }

  private static func mamba2(_ family: Family, _ reader: inout ConfigReader) -> Transformer {
    let hidden = reader.integer("hidden_size", in: Bounds.hidden)
    let space = mixer(
      hidden: hidden,
      Keys(
        heads: "num_heads", width: "head_dim", state: "state_size", groups: "n_groups", convolution: "conv_kernel",
        expand: "expand", chunk: "chunk_size", bias: "use_bias", convolutionBias: "use_conv_bias"),
      &reader)
    let layer = Layer(mixer: .stateSpace(space), feedForward: nil, norms: 1)
    return Transformer(
      family: family.type, hidden: hidden,
      layers: Array(repeating: layer, count: reader.integer("num_hidden_layers", in: Bounds.layers)),
      vocabulary: reader.integer("vocab_size", in: Bounds.vocabulary), tiedEmbeddings: reader.tied(default: false))
  }

  private static func attention(_ shape: DecoderShape, _ reader: inout ConfigReader) -> Mixer {
    var attention = shape.attention
    let bias = reader.bool("attention_bias", default: false)
    attention.qkvBias = bias
    attention.outputBias = bias
    return .attention(attention)
  }

  /// Bamba: attention in the layers of `attn_layer_indices`, a gated feed-forward block in all.
  private static func bamba(_ family: Family, _ reader: inout ConfigReader) -> Transformer {
    let shape = DecoderShape(&reader, .init(kvHeads: 8))
    let space = Mixer.stateSpace(mixer(hidden: shape.hidden, Keys(), &reader))
    let attention = attention(shape, &reader)
    let places = Set(reader.integers("attn_layer_indices", in: 0...Bounds.layers.upperBound) ?? [])
    let block = FeedForward(width: shape.width, bias: reader.bool("mlp_bias", default: false))
    return shape.model(family) { Layer(mixer: places.contains($0) ? attention : space, feedForward: block) }
  }

  /// Granite 4: mixers by `layer_types`, a mixture beside a shared block in all layers, or that block alone.
  private static func granite(_ family: Family, _ reader: inout ConfigReader) -> Transformer {
    let shape = DecoderShape(&reader, .init(multiHead: true))
    let space = Mixer.stateSpace(mixer(hidden: shape.hidden, Keys(), &reader))
    let attention = attention(shape, &reader)
    let types = reader.strings("layer_types") ?? reader.strings("layers_block_type") ?? []
    if types.count != shape.layers || !types.allSatisfy({ $0 == "mamba" || $0 == "attention" }) {
      reader.fault("layer_types", why: "it gives mamba or attention to each of \(shape.layers) layers")
    }
    if let norm = reader.string("normalization_function"), norm != "rmsnorm" {
      reader.fault("normalization_function", why: "the norms of this family are rmsnorm")
    }
    let shared = reader.integer("shared_intermediate_size", in: Bounds.width, default: 1024)
    let count = reader.optionalInteger("num_local_experts", in: 0...Bounds.experts.upperBound) ?? 0
    var block = FeedForward(width: shared)
    if count > 0 {
      block.width = shape.width
      block.experts = Experts(
        count: count, perToken: reader.perToken("num_experts_per_tok", of: count), sharedWidth: shared)
    } else {
      reader.ignore("num_experts_per_tok")
    }
    return shape.model(family) {
      Layer(mixer: $0 < types.count && types[$0] == "attention" ? attention : space, feedForward: block)
    }
  }

  /// Nemotron-H: a pattern of one letter a layer, M for a state-space mixer, * for attention and - for a plain
  /// feed-forward block.
  private static func nemotron(_ family: Family, _ reader: inout ConfigReader) -> Transformer {
    var shape = DecoderShape(&reader, .init(kvHeads: 8, isLatent: true))
    if let width = reader.optionalInteger("attention_head_dim", in: Bounds.headDimension) {
      shape.attention.headDimension = width
    } else if !reader.isPresent("head_dim") {
      reader.refuse("neither head_dim nor attention_head_dim is given", why: "the width of a head follows from it")
    }
    let space = Mixer.stateSpace(
      mixer(
        hidden: shape.hidden,
        Keys(
          heads: "mamba_num_heads", width: "mamba_head_dim", state: "ssm_state_size", groups: "n_groups",
          convolution: "conv_kernel", expand: "expand", chunk: "chunk_size", bias: "use_bias",
          convolutionBias: "use_conv_bias"),
        &reader))
    reader.ignore("mamba_proj_bias")  // use_bias is what the layers read
    let attention = attention(shape, &reader)
    let block = FeedForward(width: shape.width, gated: false, bias: reader.bool("mlp_bias", default: false))
    let pattern = Array(reader.string("hybrid_override_pattern") ?? "")
    if pattern.count != shape.layers || !pattern.allSatisfy({ "M*-".contains($0) }) {
      reader.fault("hybrid_override_pattern", why: "it has one of M, * and - for each of \(shape.layers) layers")
    }
    return shape.model(family) { index in
      switch index < pattern.count ? pattern[index] : "-" {
      case "M": Layer(mixer: space, feedForward: nil, norms: 1)
      case "*": Layer(mixer: attention, feedForward: nil, norms: 1)
      default: Layer(mixer: nil, feedForward: block, norms: 1)
      }
    }
  }
}
