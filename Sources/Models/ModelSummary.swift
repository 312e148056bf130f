/// Words for what a model is made of.
extension Mixer {
  /// The mixer in short: "GQA 32/8 x 128, window 4096", "MLA 16 x 192, cache 576", "Mamba-2 128 x 64, state 128".
  public var summary: String {
    switch self {
    case .attention(let attention):
      let kind = attention.kvHeads == attention.heads ? "MHA" : attention.kvHeads == 1 ? "MQA" : "GQA"
      let heads = kind == "GQA" ? "\(attention.heads)/\(attention.kvHeads)" : "\(attention.heads)"
      let window = attention.window.map { ", window \($0)" } ?? ""
      return "\(kind) \(heads) x \(attention.headDimension)\(window)"
        + (attention.sharesCache ? ", shared cache" : "") + (attention.bidirectional ? ", both ways" : "")
    case .latent(let latent):
      return "MLA \(latent.heads) x \(latent.keyDimension), cache \(latent.cacheElements)"
    case .stateSpace(let space):
      return "Mamba-2 \(space.heads) x \(space.headDimension), state \(space.stateSize)"
    }
  }
}

extension FeedForward {
  /// The block in short: "14336 gated", "128 experts of 768 gated, 8 a token", "64 of 1408 gated, 6 a token + 2816".
  public var summary: String {
    let block = "\(width)" + (gated ? " gated" : "")
    guard let experts else { return block }
    return "\(experts.count) experts of \(block), \(experts.perToken) a token"
      + (experts.sharedWidth > 0 ? " + shared \(experts.sharedWidth)" : "")
  }
}

extension Transformer {
  /// The mixers in the order of first appearance, with how many layers have each where they differ.
  /// A network without layers says how many operators it has.
  public var mixerSummary: String {
    operators.isEmpty ? Self.list(layers.compactMap(\.mixer).map(\.summary)) : "\(operators.count) operators"
  }

  /// The feed-forward blocks in the order of first appearance, with how many layers have each where they differ.
  public var feedForwardSummary: String { Self.list(layers.compactMap(\.feedForward).map(\.summary)) }

  private static func list(_ words: [String]) -> String {
    let kinds = words.counted()
    guard kinds.count > 1 else { return kinds.first?.element ?? "none" }
    return kinds.map { "\($0.count)x \($0.element)" }.joined(separator: "; ")
  }

  /// Floating-point operations of one token in matrix products with weights, attention to its context left out: two
  /// for each active parameter but those of the embedding, which are looked up; of a list of operators, theirs.
  public var operationsPerToken: Int {
    operators.isEmpty
      ? 2 * (activeParameters - embeddingParameters + sharedParameters)
      : operators.reduce(0) { $0 + $1.count * $1.operations }
  }
}
