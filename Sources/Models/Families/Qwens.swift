/// Qwen 2, 2.5 and 3, dense and as mixtures.
extension Family {
  static let qwens = [
    Family("qwen2", ["Qwen2ForCausalLM"], "Qwen2Config", dense),
    Family("qwen3", ["Qwen3ForCausalLM"], "Qwen3Config", dense),
    Family("qwen2_moe", ["Qwen2MoeForCausalLM"], "Qwen2MoeConfig", mixture),
    Family("qwen3_moe", ["Qwen3MoeForCausalLM"], "Qwen3MoeConfig", mixture),
  ]

  /// The attention of each layer: biases in Qwen 2, norms of queries and keys in Qwen 3, and a window from layer
  /// `max_window_layers` on where it is switched on.
  private static func shape(
    _ family: Family, _ reader: inout ConfigReader
  ) -> (shape: DecoderShape, mixer: (Int) -> Mixer) {
    let isThird = family.type.hasPrefix("qwen3")
    var shape = DecoderShape(&reader, .init(headDimension: family.type == "qwen3" ? 128 : nil))
    let bias = isThird && reader.bool("attention_bias", default: false)
    shape.attention.qkvBias = isThird ? bias : reader.bool("qkv_bias", default: true)
    shape.attention.outputBias = bias
    shape.attention.qkNorm = isThird
    let isWindowed = reader.bool("use_sliding_window", default: false)
    reader.ignore("sliding_window", "max_window_layers")
    let window = isWindowed ? reader.window(default: 4096) : nil
    let first = isWindowed ? reader.integer("max_window_layers", in: 0...Bounds.layers.upperBound, default: 28) : 0
    let windowed = reader.windowedLayers(shape.layers)
    let found = shape
    return (shape, { index in found.attention(window: windowed?[index] ?? (index >= first) ? window : nil) })
  }

  private static func dense(_ family: Family, _ reader: inout ConfigReader) -> Transformer {
    let (shape, mixer) = shape(family, &reader)
    return shape.model(family) { Layer(mixer: mixer($0), feedForward: FeedForward(width: shape.width)) }
  }

  /// Every `decoder_sparse_step`-th layer is a mixture, those of `mlp_only_layers` are not; Qwen 2 has shared experts
  /// behind a gate.
  private static func mixture(_ family: Family, _ reader: inout ConfigReader) -> Transformer {
    let (shape, mixer) = shape(family, &reader)
    let isThird = family.type == "qwen3_moe"
    let count = reader.integer("num_experts", "num_local_experts", in: Bounds.experts, default: isThird ? 128 : 60)
    let perToken = reader.perToken("num_experts_per_tok", of: count, default: isThird ? 8 : 4)
    let width = reader.integer("moe_intermediate_size", in: Bounds.width, default: isThird ? 768 : 1408)
    let shared = isThird ? 0 : reader.integer("shared_expert_intermediate_size", in: Bounds.width, default: 5632)
    let step = reader.integer("decoder_sparse_step", in: Bounds.layers, default: 1)
    let only = Set(reader.integers("mlp_only_layers", in: 0...Bounds.layers.upperBound) ?? [])
    let experts = Experts(count: count, perToken: perToken, sharedWidth: shared, sharedGate: shared > 0)
    return shape.model(family) { index in
      let isSparse = !only.contains(index) && (index + 1).isMultiple(of: step)
      return Layer(
        mixer: mixer(index),
        feedForward: isSparse ? FeedForward(width: width, experts: experts) : FeedForward(width: shape.width))
    }
  }
}
