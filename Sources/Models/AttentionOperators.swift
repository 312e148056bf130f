import Hardware

/// Attention with a cache of keys and values.
///
/// It has 4 operations per query head, element of a head and query-key pair (2 for the scores, 2 for the values), and
/// reads keys and values once. Under a causal mask a prompt of n tokens has n (n + 1) / 2 pairs, without it n^2. In a
/// window that looks both ways a token sees as many as in a causal one of the same length.
extension Operators {
  /// Elements of a token's queries on one device.
  func queries(_ attention: Attention) -> Double { Double(attention.queryWidth) / tensor }
  /// Elements of a token's keys, or of its values, on one device; shared heads are copied.
  func keys(_ attention: Attention) -> Double {
    Double(attention.headDimension) * Double(layout.kvHeads(of: attention))
  }

  /// `layers` attentions, `windowed` of them through the model's window.
  ///
  /// Layers that share another's cache neither project nor write keys. A decoder beside an encoder attends twice, each
  /// cached token belonging to one of the two: the encoder's to the cross attention, whose keys are projected from
  /// every prompt token, and the generated ones to the layer's own.
  func attend(_ layers: Int, _ shape: Attention, windowed: Int, _ role: Layer.Role) -> [CostTerm] {
    let (queries, keys) = (queries(shape), shape.sharesCache ? 0 : keys(shape))
    let matrices = shape.sharesCache ? 1 : 3
    var terms = [
      product("attention.qkv", layers, .attention, role, from: hidden, to: queries + 2 * keys, matrices: matrices)
    ]
    if isEager(.projections) { terms[0].launch *= Double(matrices) }
    if role != .encoder { terms.append(cacheWrite(layers, shape, role)) }
    if role == .crossDecoder {
      terms.append(
        product("cross.kv", layers, .attention, .encoder, from: hidden, to: 2 * keys, matrices: 2))
      terms.append(product("cross.query", layers, .attention, role, from: hidden, to: queries))
    }
    for (count, isWindowed) in [(layers - windowed, false), (windowed, true)] where count > 0 {
      terms.append(prefillAttention(count, shape, isWindowed, role))
      if role != .encoder { terms.append(decodeAttention(count, shape, isWindowed, role)) }
    }
    terms.append(product("attention.output", layers, .attention, role, from: queries, to: hidden))
    if role == .crossDecoder {
      terms.append(product("cross.output", layers, .attention, role, from: queries, to: hidden))
    }
    return terms
  }

  private func prefillAttention(_ layers: Int, _ shape: Attention, _ isWindowed: Bool, _ role: Layer.Role) -> CostTerm {
    let (queries, keys) = (queries(shape) / groups, keys(shape) / groups)
    var term = term("attention.prefill" + (isWindowed ? ".window" : ""), layers, .prefill, rates.attention)
    term.isWindowed = isWindowed
    if role == .crossDecoder {
      // The first generated token sees every prompt token.
      term.operations.perPrefillToken = 4 * queries
      term.bytes.perPrefillToken = 2 * keys * cached
      term.lasting = term.bytes
      return term
    }
    let isFull = shape.bidirectional && !isWindowed
    term.operations.perPrefillPair = (isFull ? 8 : 4) * queries
    term.operations.perPrefillToken = isFull ? -4 * queries : 0
    term.bytes.perPrefillContext = 2 * keys * (role == .encoder ? activation : cached)
    term.bytes.perPrefillToken = 2 * queries * activation
    if !shape.bidirectional {
      term.kernel = attentionKernel(
        PrefillAttention.self, .prompts(shard(shape, isWindowed), both: isWindowed ? nil : kernelOfBoth))
    }
    return term
  }

  /// The heads of one device.
  private func shard(_ shape: Attention, _ isWindowed: Bool) -> AttentionShard {
    let size = Double(shape.headDimension)
    return AttentionShard(
      heads: queries(shape) / size, keyHeads: keys(shape) / size, headSize: size,
      window: isWindowed ? Double(model.window ?? 0) : 0)
  }

  /// The measured kernel of a class of attention; nil where there is none.
  private func attentionKernel<Model: KernelModel>(_ model: Model.Type, _ shape: KernelUse.Shape) -> KernelUse? {
    kernels?.attention(Model.name, activations: formats.activations, cache: formats.cache).flatMap { use($0, shape) }
  }

  /// The measured kernel that serves prompts and decoding sequences at once; nil where there is none.
  private var kernelOfBoth: FittedKernel? {
    kernels?.attention(MixedAttention.name, activations: formats.activations, cache: formats.cache)
  }

  /// Attention of the decoding sequences; the tokens of a block also see those of the block, half of it on average
  /// besides the one that is settled.
  private func decodeAttention(_ layers: Int, _ shape: Attention, _ isWindowed: Bool, _ role: Layer.Role) -> CostTerm {
    let (queries, keys) = (queries(shape) / groups, keys(shape) / groups)
    let attentions: Double = role == .crossDecoder ? 2 : 1
    var term = term("attention.decode" + (isWindowed ? ".window" : ""), layers, .decode, rates.attention)
    term.isWindowed = isWindowed
    term.launch *= attentions
    term.operations.perDecodeContext = 4 * queries * block
    term.operations.perDecode = 4 * queries * block * (block - 1) / 2
    term.bytes.perDecodeContext = 2 * keys * cached
    term.bytes.perDecode = attentions * 2 * queries * activation * block + 2 * keys * cached * (block - 1) / 2
    if block == 1, role == .decoder {
      term.kernel = attentionKernel(
        DecodeAttention.self,
        .contexts(shard(shape, isWindowed), alone: !isWindowed && !shape.bidirectional && kernelOfBoth != nil))
    }
    return term
  }

  /// Rotary positions of queries and keys, then keys and values into the cache: two kernels.
  private func cacheWrite(_ layers: Int, _ shape: Attention, _ role: Layer.Role) -> CostTerm {
    let (queries, keys) = (queries(shape), shape.sharesCache ? 0 : keys(shape))
    var term = elementwise(
      "attention.cache", layers, role, bytes: 2 * (queries + keys) * activation + 2 * keys * (activation + cached))
    term.launch *= 2
    term.kernel = rowKernel(EngineKernels.Rows.positions, elements: 2 * (queries + keys))
    if isEager(.positions) {
      // Heads that share keys and values are given copies of them.
      let (pass, copies) = (EagerKernels.positions(activation), shape.kvHeads < shape.heads ? 2.0 : 0)
      term = eager(
        term, role, kernels: 2 * pass.kernels + copies,
        bytes: (queries + keys) * pass.bytes + copies * (queries + keys) * activation)
    }
    term.cacheWrites = perToken(role, 2 * keys * cached)
    return term
  }
}
