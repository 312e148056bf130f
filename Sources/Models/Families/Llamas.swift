/// Decoders with RMS norms, rotary positions and gated feed-forward blocks, all layers alike.
extension Family {
  static let llamas = [
    Family("llama", ["LlamaForCausalLM", "LLaMAForCausalLM"], "LlamaConfig", llama),
    Family("mistral", ["MistralForCausalLM"], "MistralConfig", mistral),
    Family("mistral3", ["Mistral3ForConditionalGeneration"], "Mistral3Config") { $0.text(of: "mistral", &$1) },
    Family("llava", ["LlavaForConditionalGeneration"], "LlavaConfig") { $0.text(of: "llama", &$1) },
  ]

  /// Defaults of LlamaConfig, for text models inside other files; a file of its own has all these keys.
  private static func llama(_ family: Family, _ reader: inout ConfigReader) -> Transformer {
    var shape = DecoderShape(&reader, .init(multiHead: true))
    let bias = reader.bool("attention_bias", default: false)
    shape.attention.qkvBias = bias
    shape.attention.outputBias = bias
    let block = FeedForward(width: shape.width, bias: reader.bool("mlp_bias", default: false))
    return shape.model(family) { _ in Layer(mixer: shape.attention(window: nil), feedForward: block) }
  }

  private static func mistral(_ family: Family, _ reader: inout ConfigReader) -> Transformer {
    let shape = DecoderShape(&reader, .init(kvHeads: 8))
    let window = reader.window(default: 4096)
    let windowed = reader.windowedLayers(shape.layers)
    return shape.model(family) {
      Layer(
        mixer: shape.attention(window: windowed?[$0] ?? true ? window : nil),
        feedForward: FeedForward(width: shape.width))
    }
  }

  /// The text model of a file that also describes others, which are left out.
  func text(of type: String, _ reader: inout ConfigReader) -> Transformer {
    for key in ["vision_config", "audio_config"] where reader.isPresent(key) {
      reader.note(key, "given", "not counted: text alone is costed")
    }
    reader.ignore(
      "multi_modal_projector_bias", "projector_hidden_act", "spatial_merge_size", "vision_feature_layer",
      "vision_feature_select_strategy", "image_seq_length", "tie_word_embeddings")
    let text = reader.within("text_config", self.type) { reader in
      Family.find(&reader, default: type)?.model(&reader)
    }
    guard let text = text ?? nil else {
      if reader.faults.isEmpty {
        reader.fault(
          "text_config", "'text_config' is missing", why: "the language model is described there",
          fix: "take the config.json of the model's repository")
      }
      return Transformer(family: type, hidden: 1, layers: [], vocabulary: 1, tiedEmbeddings: false)
    }
    return text
  }
}
