import Hardware

/// Builds the operators of one pipeline stage of a model on one of the devices that share it.
///
/// A matrix product of m tokens with a k x n weight shard has 2 m k n operations and k n weight elements plus
/// m (k + n) activation elements of bytes. Attention has 4 operations per query head, element of a head and
/// query-key pair (2 for the scores, 2 for the values) and reads the keys and values once. Source: Kaplan et al.,
/// "Scaling Laws for Neural Language Models", 2020, table 1; Pope et al., "Efficiently Scaling Transformer
/// Inference", 2022.
struct Operators {
  let model: Transformer
  let formats: ModelFormats
  let layout: EngineLayout
  let device: Device
  let dense: Ceiling
  let attention: Ceiling
  let elementwise: Ceiling
  /// The link of the devices that share a layer; nil for one device.
  let peers: Link?
  /// The link from one stage to the next; nil for one stage.
  let next: Link?

  private var tensor: Double { Double(layout.tensorParallel) }
  private var hidden: Double { Double(model.hidden) }
  private var vocabulary: Double { Double(model.vocabulary) / tensor }
  private var activation: Double { formats.activations.bytes }
  private var weight: Double { formats.weights.bytes }
  private var cached: Double { formats.cache.bytes }

  /// The terms of stage `stage` with its `layers`.
  func terms(stage: Int, layers: ArraySlice<Layer>) -> [CostTerm] {
    var terms: [CostTerm] = []
    if stage == 0 {
      terms.append(hostStep)
      terms.append(embedding)
    }
    terms += blocks(of: layers)
    if stage == layout.pipelineParallel - 1 {
      terms += output
    } else if let next {
      terms.append(send(over: next))
    }
    return terms
  }

  /// The layers' terms, equal mixers and equal feed-forward blocks counted together.
  private func blocks(of layers: ArraySlice<Layer>) -> [CostTerm] {
    var terms = [norms(layers.reduce(0) { $0 + $1.norms })]
    for (mixer, count) in layers.compactMap(\.mixer).counted() {
      if case .attention(let attention) = mixer { terms += attend(count, attention) }
    }
    terms += allReduce("all-reduce.attention", layers.count { $0.mixer != nil && !$0.parallel })
    for (block, count) in layers.compactMap(\.feedForward).counted() {
      terms += block.experts.map { experts(count, block, $0) } ?? feedForward(count, block)
    }
    terms += allReduce("all-reduce.block", layers.count { $0.parallel })
    terms += allReduce("all-reduce.ffn", layers.count { $0.feedForward != nil && !$0.parallel })
    return terms
  }

  private func attend(_ layers: Int, _ attention: Attention) -> [CostTerm] {
    let (queries, keys) = (queries(attention), keys(attention))
    return [
      product("attention.qkv", layers, from: hidden, to: queries + 2 * keys), cacheWrite(layers, attention),
      prefillAttention(layers, attention), decodeAttention(layers, attention),
      product("attention.output", layers, from: queries, to: hidden),
    ]
  }

  /// Elements of a token's queries on one device.
  private func queries(_ attention: Attention) -> Double { Double(attention.queryWidth) / tensor }
  /// Elements of a token's keys, or of its values, on one device; shared heads are copied.
  private func keys(_ attention: Attention) -> Double {
    Double(attention.headDimension) * Double(layout.kvHeads(of: attention))
  }
  /// Width of a feed-forward block on one device.
  private func inner(_ block: FeedForward) -> Double { Double(block.width) / tensor }

  // MARK: Matrix products

  private func term(_ name: String, _ count: Int, _ driver: CostTerm.Driver, _ ceiling: Ceiling) -> CostTerm {
    var term = CostTerm(name: name, count: count, driver: driver)
    term.launch = ceiling.launch
    term.operationRate = ceiling.operationRate
    term.byteRate = ceiling.byteRate
    return term
  }

  /// A product of every token with a weight shard of `rows` x `columns`.
  private func product(_ name: String, _ layers: Int, from rows: Double, to columns: Double) -> CostTerm {
    var term = term(name, layers, .step, dense)
    term.operations.perToken = 2 * rows * columns
    term.bytes.constant = rows * columns * weight
    term.bytes.perToken = (rows + columns) * activation
    term.product = CostTerm.Product(inner: rows, columns: columns)
    return term
  }

  private func feedForward(_ layers: Int, _ block: FeedForward) -> [CostTerm] {
    let inner = inner(block)
    return [
      product("ffn.up", layers, from: hidden, to: Double(block.ups) * inner),
      activate("ffn.activation", layers, 1, block),
      product("ffn.down", layers, from: inner, to: hidden),
    ]
  }

  /// The activation function of `blocks` blocks like `block` per token.
  private func activate(_ name: String, _ layers: Int, _ blocks: Double, _ block: FeedForward) -> CostTerm {
    var term = term(name, layers, .step, elementwise)
    term.bytes.perToken = blocks * (Double(block.ups) + 1) * inner(block) * activation
    return term
  }

  private func experts(_ layers: Int, _ block: FeedForward, _ experts: Experts) -> [CostTerm] {
    let (ups, inner) = (Double(block.ups), inner(block))
    let each = Double(experts.perToken)
    var router = product("experts.router", layers, from: hidden, to: Double(experts.count))
    router.launch *= 2  // scores, then the choice and sorting of tokens by expert
    return [
      router, expertProduct("experts.up", layers, experts, from: hidden, to: ups * inner),
      activate("experts.activation", layers, each, block),
      expertProduct("experts.down", layers, experts, from: inner, to: hidden),
    ]
  }

  /// A product of every token with the shards of the experts it is routed to.
  private func expertProduct(
    _ name: String, _ layers: Int, _ experts: Experts, from rows: Double, to columns: Double
  ) -> CostTerm {
    let each = Double(experts.perToken)
    var term = term(name, layers, .step, dense)
    term.operations.perToken = each * 2 * rows * columns
    term.bytes.perToken = each * (rows + columns) * activation
    term.product = CostTerm.Product(inner: rows, columns: columns)
    term.experts = ActiveExperts(
      count: experts.count, perToken: experts.perToken, bytes: rows * columns * weight)
    return term
  }

  private var output: [CostTerm] {
    var norm = term("norm.final", 1, .step, elementwise)
    norm.bytes.perToken = 2 * hidden * activation
    var head = term("lm-head", 1, .sample, dense)
    head.operations.perSampled = 2 * hidden * vocabulary
    head.bytes.constant = hidden * vocabulary * weight
    head.bytes.perSampled = (hidden + vocabulary) * activation
    head.product = CostTerm.Product(inner: hidden, columns: vocabulary)
    var sample = term("sample", 1, .sample, elementwise)
    sample.bytes.perSampled = Double(model.vocabulary) * Format.fp32.bytes
    // A second of the host counts as a byte that crosses at 1 byte/s.
    var host = CostTerm(name: "host.sequences", count: 1, driver: .sample)
    host.bytes.perSampled = device.execution.hostPerSequence.value.value
    host.byteRate = 1
    host.byteRoof = .host
    return [norm, head] + gatherLogits + [sample, host]
  }

  // MARK: Attention

  private func prefillAttention(_ layers: Int, _ shape: Attention) -> CostTerm {
    var term = term("attention.prefill", layers, .prefill, attention)
    term.operations.perPrefillPair = 4 * queries(shape)
    term.bytes.perPrefillContext = 2 * keys(shape) * cached
    term.bytes.perPrefillToken = 2 * queries(shape) * activation
    return term
  }

  private func decodeAttention(_ layers: Int, _ shape: Attention) -> CostTerm {
    var term = term("attention.decode", layers, .decode, attention)
    term.operations.perDecodeContext = 4 * queries(shape)
    term.bytes.perDecodeContext = 2 * keys(shape) * cached
    term.bytes.perDecode = 2 * queries(shape) * activation
    return term
  }

  // MARK: Elementwise

  private var embedding: CostTerm {
    var term = term("embedding", 1, .step, elementwise)
    term.bytes.perToken = hidden * (weight + activation)
    term.lasting.perToken = hidden * weight
    return term
  }

  /// `count` norms, each with the residual sum before it: two reads and two writes.
  private func norms(_ count: Int) -> CostTerm {
    var term = term("norms", count, .step, elementwise)
    term.bytes.perToken = 4 * hidden * activation
    return term
  }

  /// Rotary positions of queries and keys, then keys and values into the cache: two kernels.
  private func cacheWrite(_ layers: Int, _ attention: Attention) -> CostTerm {
    let (queries, keys) = (queries(attention), keys(attention))
    var term = term("attention.cache", layers, .step, elementwise)
    term.launch *= 2
    term.bytes.perToken = 2 * (queries + keys) * activation + 2 * keys * (activation + cached)
    term.lasting.perToken = 2 * keys * cached
    return term
  }

  private var hostStep: CostTerm {
    var term = CostTerm(name: "host.step", count: 1, driver: .step)
    term.launch = device.execution.hostPerStep.value.value
    term.launchRoof = .host
    return term
  }

  // MARK: Links

  /// An all-reduce of every token's hidden state: latency per doubling of the devices, and 2 (n - 1) / n of the
  /// message over each device's link, as a ring moves it.
  ///
  /// Source: Thakur, Rabenseifner, Gropp, "Optimization of Collective Communication Operations in MPICH", 2005.
  private func allReduce(_ name: String, _ layers: Int) -> [CostTerm] {
    guard let peers, layers > 0 else { return [] }
    let message = hidden * activation
    let peak = peers.bandwidth.value.value
    var term = CostTerm(name: name, count: layers, driver: .step)
    term.launch = device.collective.latency.value.value * Double(layout.doublings)
    term.bytes.perToken = 2 * (tensor - 1) / tensor * message
    term.byteRate = peak * device.efficiency.link.value
    term.byteRoof = .link
    if let large = device.collective.large {
      let tokens = min((large.from.value.value / message).rounded(.up), 1e15)
      term.large = LargeCalls(fromTokens: Int(tokens), byteRate: peak * large.efficiency.value)
    }
    return [term]
  }

  /// The logits of the other devices' shares of the vocabulary.
  private var gatherLogits: [CostTerm] {
    guard let peers else { return [] }
    var term = CostTerm(name: "all-gather.logits", count: 1, driver: .sample)
    term.launch = device.collective.latency.value.value * Double(layout.doublings)
    term.bytes.perSampled = (tensor - 1) * vocabulary * activation
    term.byteRate = peers.bandwidth.value.value * device.efficiency.link.value
    term.byteRoof = .link
    return [term]
  }

  private func send(over link: Link) -> CostTerm {
    var term = CostTerm(name: "pipeline.send", count: 1, driver: .step)
    term.launch = link.latency.value.value
    term.bytes.perToken = hidden * activation
    term.byteRate = link.bandwidth.value.value * device.efficiency.link.value
    term.byteRoof = .link
    return term
  }
}

extension EngineLayout {
  /// Key-value heads that each device holds; fewer heads than devices are copied.
  func kvHeads(of attention: Attention) -> Int { max(1, attention.kvHeads / tensorParallel) }
}
