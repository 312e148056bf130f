import Hardware
import Models

/// Small models of every kind of layer, with the shapes of published ones.
extension Transformer {
  /// Attention with the shapes of Llama 2 7B.
  static let plain = Attention(heads: 32, kvHeads: 32, headDimension: 128)

  /// A layer each of Gemma 2 9B's two kinds: hidden 3584, 16 heads and 8 key-value heads of 256, window 4096.
  static var gemma2: Transformer {
    var windowed = Attention(heads: 16, kvHeads: 8, headDimension: 256)
    windowed.window = 4096
    let full = Attention(heads: 16, kvHeads: 8, headDimension: 256)
    let block = FeedForward(width: 14336)
    return Transformer(
      family: "gemma2", hidden: 3584,
      layers: [windowed, full].map { Layer(mixer: .attention($0), feedForward: block, norms: 4) },
      vocabulary: 256_000, tiedEmbeddings: true)
  }

  /// A dense layer of DeepSeek-V3 and a layer with its 256 experts of 2048, 8 a token, and one shared.
  static var deepSeek: Transformer {
    let latent = LatentAttention(
      heads: 128, queryRank: 1536, kvRank: 512, ropeDimension: 64, nopeDimension: 128, valueDimension: 128)
    let experts = Experts(count: 256, perToken: 8, sharedWidth: 2048, routerBias: true)
    return Transformer(
      family: "deepseek_v3", hidden: 7168,
      layers: [
        Layer(mixer: .latent(latent), feedForward: FeedForward(width: 18432)),
        Layer(mixer: .latent(latent), feedForward: FeedForward(width: 2048, experts: experts)),
      ], vocabulary: 129_280, tiedEmbeddings: false)
  }

  /// `layers` layers of Mamba-2 2.7B: hidden 2560, 80 heads of 64, state of 128, one group, convolution over 4.
  static func mamba2(layers: Int = 64) -> Transformer {
    let space = StateSpace(inner: 5120, heads: 80, headDimension: 64, stateSize: 128, groups: 1, convolution: 4)
    return Transformer(
      family: "mamba2", hidden: 2560,
      layers: Array(repeating: Layer(mixer: .stateSpace(space), feedForward: nil, norms: 1), count: layers),
      vocabulary: 50_288, tiedEmbeddings: true)
  }

  /// Twelve encoder layers of BERT base: hidden 768, 12 heads of 64, feed-forward 3072.
  static var bert: Transformer {
    var attention = Attention(heads: 12, kvHeads: 12, headDimension: 64)
    attention.bidirectional = true
    let block = FeedForward(width: 3072, gated: false, bias: true)
    var model = Transformer(
      family: "bert", hidden: 768,
      layers: Array(
        repeating: Layer(mixer: .attention(attention), feedForward: block, role: .encoder), count: 12),
      vocabulary: 30_522, tiedEmbeddings: true)
    model.decoding = .encoder
    model.output.head = false
    model.output.norms = 0
    model.output.pooler = true
    return model
  }

  /// An encoder and a decoder layer of T5 large: hidden 1024, 16 heads of 64, feed-forward 4096.
  static var t5: Transformer {
    let decoder = Attention(heads: 16, kvHeads: 16, headDimension: 64)
    var encoder = decoder
    encoder.bidirectional = true
    let block = FeedForward(width: 4096, gated: false)
    return Transformer(
      family: "t5", hidden: 1024,
      layers: [
        Layer(mixer: .attention(encoder), feedForward: block, role: .encoder),
        Layer(mixer: .attention(decoder), feedForward: block, norms: 3, role: .crossDecoder),
      ], vocabulary: 32_128, tiedEmbeddings: true)
  }

  /// Two layers of LLaDA 8B, which refines blocks of 32 tokens: hidden 4096, 32 heads, feed-forward 12288.
  static var llada: Transformer {
    var model = Transformer(
      family: "llada", hidden: 4096,
      layers: Array(
        repeating: Layer(mixer: .attention(plain), feedForward: FeedForward(width: 12288)), count: 2),
      vocabulary: 126_464, tiedEmbeddings: false)
    model.decoding = .blockDiffusion(block: 32)
    return model
  }

  /// A layer with attention and one that reads its keys and values, as YOCO and Gemma 3n do.
  static var sharing: Transformer {
    var shared = plain
    shared.sharesCache = true
    let block = FeedForward(width: 11008)
    return Transformer(
      family: "shared", hidden: 4096,
      layers: [plain, shared].map { Layer(mixer: .attention($0), feedForward: block) }, vocabulary: 32_000,
      tiedEmbeddings: false)
  }

  /// A network of two operators.
  static var listed: Transformer {
    var model = Transformer(family: "operators", hidden: 0, layers: [], vocabulary: 0, tiedEmbeddings: true)
    model.operators = [
      ListedOperator(
        name: "conv", kind: .dense, count: 2, operations: 118_013_952, weights: 9408, inputs: 150_528, outputs: 802_816),
      ListedOperator(name: "pool", kind: .elementwise, operations: 0, weights: 0, inputs: 802_816, outputs: 200_704),
    ]
    model.decoding = .encoder
    model.output.head = false
    model.output.norms = 0
    return model
  }

  /// All of them.
  static var kinds: [Transformer] {
    [gemma2, deepSeek, mamba2(layers: 2), bert, t5, llada, sharing, listed]
  }
}
