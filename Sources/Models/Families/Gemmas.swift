/// Gemma 1, 2 and 3: wide heads, tied embeddings, and from Gemma 2 on windows in most layers and four norms.
extension Family {
  static let gemmas = [
    Family("gemma", ["GemmaForCausalLM"], "GemmaConfig", gemma),
    Family("gemma2", ["Gemma2ForCausalLM"], "Gemma2Config", gemma2),
    Family("gemma3", ["Gemma3ForConditionalGeneration"], "Gemma3Config") { $0.text(of: "gemma3_text", &$1) },
    Family("gemma3_text", ["Gemma3ForCausalLM"], "Gemma3TextConfig", gemma3),
  ]

  private static func gemma(_ family: Family, _ reader: inout ConfigReader) -> Transformer {
    let shape = DecoderShape(&reader, .init(headDimension: 256, tied: true))
    return shape.model(family) { _ in
      Layer(mixer: biased(shape, window: nil, &reader), feedForward: FeedForward(width: shape.width))
    }
  }

  /// Every other layer has a window, the first included.
  private static func gemma2(_ family: Family, _ reader: inout ConfigReader) -> Transformer {
    let shape = DecoderShape(&reader, .init(headDimension: 256, tied: true))
    let window = reader.window(default: 4096)
    let windowed = reader.windowedLayers(shape.layers)
    return shape.model(family) { index in
      let window = windowed?[index] ?? index.isMultiple(of: 2) ? window : nil
      return Layer(
        mixer: biased(shape, window: window, &reader), feedForward: FeedForward(width: shape.width), norms: 4)
    }
  }

  /// Every layer but each `sliding_window_pattern`-th has a window; queries and keys are normed.
  private static func gemma3(_ family: Family, _ reader: inout ConfigReader) -> Transformer {
    var shape = DecoderShape(
      &reader,
      .init(
        hidden: 2304, layers: 26, width: 9216, vocabulary: 262_208, heads: 8, kvHeads: 4, headDimension: 256,
        tied: true, context: 131_072))
    shape.attention.qkNorm = true
    let window = reader.window(default: 4096)
    let windowed = reader.windowedLayers(shape.layers)
    let pattern =
      windowed == nil
      ? reader.integer("sliding_window_pattern", "_sliding_window_pattern", in: Bounds.layers, default: 6) : 1
    if reader.bool("use_bidirectional_attention", default: false) {
      reader.fault("use_bidirectional_attention", why: "an encoder of this family is not understood")
    }
    return shape.model(family) { index in
      let window = windowed?[index] ?? !(index + 1).isMultiple(of: pattern) ? window : nil
      return Layer(
        mixer: biased(shape, window: window, &reader), feedForward: FeedForward(width: shape.width), norms: 4)
    }
  }

  private static func biased(_ shape: DecoderShape, window: Int?, _ reader: inout ConfigReader) -> Mixer {
    var attention = shape.attention
    attention.window = window
    let bias = reader.bool("attention_bias", default: false)
    attention.qkvBias = bias
    attention.outputBias = bias
    return .attention(attention)
  }
}
