import Hardware

/// What several families say under the same keys.
extension ConfigReader {
  /// A fault of values that do not fit each other, where each of them can be.
  mutating func refuse(_ what: String, why: String) {
    guard !hasBadValues else { return }
    fault("", what, why: why, fix: "correct it, or take the config.json of the model's repository")
  }

  /// The width of a head where the file does not give it: hidden / heads, which must be whole.
  mutating func headDimension(_ hidden: Int, _ heads: Int) -> Int {
    if !hidden.isMultiple(of: heads) {
      refuse("\(heads) attention heads do not divide the hidden size \(hidden)", why: "heads are equally wide")
    }
    return max(1, hidden / heads)
  }

  /// Whether the output projection is the embedding; the default is noted.
  mutating func tied(default fallback: Bool) -> Bool {
    if !isPresent("tie_word_embeddings") {
      if fallback { note("tie_word_embeddings", "true", configurationClass, isDefault: true) }
      return fallback
    }
    return bool("tie_word_embeddings", default: fallback)
  }

  /// The format that the activations were published in; nil where the file does not say.
  static func published(_ reader: inout ConfigReader) -> Format? {
    switch reader.string("torch_dtype", "dtype") {
    case "float16": .fp16
    case "bfloat16": .bf16
    case "float32": .fp32
    case "float8_e4m3fn", "float8_e5m2": .fp8
    default: nil
    }
  }

  /// For each layer, whether `layer_types` gives it a window; nil where the key is absent.
  mutating func windowedLayers(_ count: Int) -> [Bool]? {
    guard let types = strings("layer_types") else { return nil }
    let known = ["full_attention": false, "sliding_attention": true, "chunked_attention": true]
    let windowed = types.compactMap { known[$0] }
    guard windowed.count == types.count, types.count == count else {
      fault(
        "layer_types", why: "it gives full_attention, sliding_attention or chunked_attention to each of \(count) layers"
      )
      return nil
    }
    return windowed
  }

  /// The window under `sliding_window`; where the key is absent `fallback`, noted as a default.
  mutating func window(default fallback: Int? = nil) -> Int? {
    if !isPresent("sliding_window"), let fallback {
      note("sliding_window", "\(fallback)", configurationClass, isDefault: true)
      return fallback
    }
    return optionalInteger("sliding_window", in: Bounds.context)
  }

  /// Experts to each token, at most `count`.
  mutating func perToken(_ keys: String..., of count: Int, default fallback: Int? = nil) -> Int {
    let chosen = integer(keys[0], keys.dropFirst().first ?? keys[0], in: Bounds.experts, default: fallback)
    if chosen > count {
      fault(keys[0], why: "there are \(count) experts")
      return count
    }
    return chosen
  }
}

/// A decoder as the files of Llama's descendants name its parts.
struct DecoderShape {
  var hidden: Int
  var layers: Int
  var width: Int
  var vocabulary: Int
  var tied: Bool
  var context: Int?
  var attention: Attention

  /// Defaults of a configuration class, for keys that published files leave out; nil where every file has the key.
  struct Defaults {
    var hidden: Int?
    var layers: Int?
    var width: Int?
    var vocabulary: Int?
    var heads: Int?
    var kvHeads: Int?
    var headDimension: Int?
    var tied = false
    var context: Int?
    /// Whether there are as many key-value heads as heads where the key is absent.
    var multiHead = false
    /// The key of the number of layers.
    var layersKey = "num_hidden_layers"
    /// Whether heads are described by other keys than `head_dim`.
    var isLatent = false
  }

  init(_ reader: inout ConfigReader, _ defaults: Defaults = Defaults()) {
    hidden = reader.integer("hidden_size", in: Bounds.hidden, default: defaults.hidden)
    layers = reader.integer(defaults.layersKey, in: Bounds.layers, default: defaults.layers)
    let heads = reader.integer("num_attention_heads", in: Bounds.heads, default: defaults.heads)
    let kvHeads =
      defaults.multiHead
      ? reader.integer("num_key_value_heads", in: Bounds.heads, else: heads)
      : reader.integer("num_key_value_heads", in: Bounds.heads, default: defaults.kvHeads)
    let given =
      defaults.headDimension.map { reader.integer("head_dim", in: Bounds.headDimension, default: $0) }
      ?? reader.optionalInteger("head_dim", in: Bounds.headDimension)
    attention = Attention(
      heads: heads, kvHeads: kvHeads,
      headDimension: given ?? (defaults.isLatent ? 1 : reader.headDimension(hidden, heads)))
    width = reader.integer("intermediate_size", in: Bounds.width, default: defaults.width)
    vocabulary = reader.integer("vocab_size", in: Bounds.vocabulary, default: defaults.vocabulary)
    tied = reader.tied(default: defaults.tied)
    context =
      defaults.context.map { reader.integer("max_position_embeddings", in: Bounds.context, default: $0) }
      ?? reader.optionalInteger("max_position_embeddings", in: Bounds.context)
  }

  /// A model of this shape with a layer for each number.
  func model(_ family: Family, _ layer: (Int) -> Layer) -> Transformer {
    var model = Transformer(
      family: family.type, hidden: hidden, layers: (0..<layers).map(layer), vocabulary: vocabulary,
      tiedEmbeddings: tied)
    model.maxContext = context
    return model
  }

  /// The attention of a layer, through a window or not.
  func attention(window: Int?) -> Mixer {
    var attention = attention
    attention.window = window
    return .attention(attention)
  }
}
