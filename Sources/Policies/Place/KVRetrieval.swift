import Cluster
import Hardware
import Models
import Timeline
import Units

/// The whole KV cache stands in the host's memory; the device keeps an index of it, scores every token with it, and
/// fetches the few that a step attends to.
///
/// With `index: codes` the index is a code for each token and head, read whole in every step, and exactly the share
/// `top-k` of the tokens is fetched. With `index: blocks` it is the largest and the smallest key of each block of `block`
/// tokens, and whole blocks are fetched: `spread` of them for each that would hold the tokens wanted, for these lie
/// apart. Scores, fetch and attention of a layer follow each other. Keys and values of new tokens are written back beside
/// the next layers' work. Prompts are attended on the device; what their earlier chunks have left is fetched whole.
/// Settings: `host` (tier), `host-capacity`, `link`, `link-efficiency`, `index`, `top-k`, `code-bits` (of a token and
/// head), `block`, `spread`.
/// Source: A2ATS (He et al., Findings of ACL 2025, arXiv 2502.12665); Quest (Tang et al., ICML 2024) for blocks.
public struct KVRetrieval: PlacePolicy {
  /// The name that scenarios and reports use.
  public static let name = "kv-retrieval"
  /// What it does.
  public static let summary = "The KV cache stands in host memory; an index on the device says which tokens to fetch."

  private let pieces: ModelPieces
  private let gpu: StreamID
  private let host: StreamID
  private let fetch: Way
  private let store: Way
  /// Seconds in which the device reads a byte of the index.
  private let secondsPerByte: Double
  private let launch: Double
  /// Tokens fetched of each token of context.
  private let share: Double
  /// Bytes of index for each byte of keys and values.
  private let indexed: [Double]
  /// Bytes of keys and values in the contexts of decoding sequences, step by step.
  private var contextBytes = 0.0
  private var labels = LayerLabels()
  private var score = TaskLabel.unnamed
  private var write = TaskLabel.unnamed

  /// Reads the settings.
  public static func plan(_ settings: any PlaceSettings) -> PlacedPlan? {
    let count = settings.layout.tensorParallel
    guard let pieces = settings.pieces(on: settings.device, tensorParallel: count) else { return nil }
    let tier = settings.tier("host", required: true)
    let capacity = settings.quantity(
      "host-capacity", MemoryDimension.self, in: 1e6...0x1p50, default: tier?.capacity.value.value ?? 0x1p30,
      because: "all of it")
    let (link, efficiency) = settings.path(default: settings.device.hostLink)
    let index = settings.choice("index", of: ["codes", "blocks"], default: "codes", because: "A2ATS")
    let topK = settings.quantity(
      "top-k", FractionDimension.self, in: 1e-4...1, default: 0.03, because: "assumed: between 1 and 6 %")
    let bits = settings.number(
      "code-bits", in: 1...256, default: 12, because: "assumed: one of 4096 codewords for a head's key")
    let block = settings.count("block", in: 1...1024, default: 16, because: "Quest: pages of 16 tokens")
    let spread = settings.number("spread", in: 1...64, default: 1, because: "the tokens wanted lie together")
    guard let tier, let link else { return nil }
    let isCodes = index == "codes"
    // A code is for a head's key; two keys stand for the keys and values of a block's tokens.
    let indexed = settings.indexed(pieces, isCodes: isCodes, bits: bits, block: Double(block))
    let share = isCodes ? topK : min(1, topK * spread)
    var machine = Machine()
    let gpu = machine.compute(settings.device, count: count)
    let host = machine.stream("host")
    let fetch = machine.link(
      link, count: count, name: "fetch", efficiency: efficiency, limit: tier.bandwidth.value.value)
    let store = machine.link(
      link, count: count, name: "store", efficiency: efficiency, limit: tier.writeBandwidth.value.value)
    let memory = DeviceMemory(settings, count: count)
    let weights = pieces.weights * Double(count)
    // The index of all layers, and what is fetched for one of them.
    let onDevice =
      pieces.layers.reduce(0) { $0 + pieces.kinds[$1].cacheBytesPerToken * indexed[$1] }
      + share * (pieces.kinds.map(\.cacheBytesPerToken).max() ?? 0)
    guard settings.holds(weights, in: memory) else { return nil }
    let tokens = min(
      pieces.tokens(in: capacity), onDevice > 0 ? (memory.usable - weights) / onDevice : .infinity)
    machine.hold("device", bytes: weights + tokens * onDevice, of: memory.capacity)
    machine.hold("host", bytes: tokens * pieces.cacheBytesPerToken, of: tier.capacity.value.value)
    let own = settings.device
    let reads = (own.memory.first?.bandwidth.value.value ?? 1) * own.efficiency.attentionMemory.value * Double(count)
    let policy = KVRetrieval(
      pieces: pieces, gpu: gpu, host: host, fetch: fetch, store: store, secondsPerByte: 1 / reads,
      launch: own.execution.launch.value.value, share: share, indexed: indexed)
    return machine.plan(policy, cacheTokens: tokens)
  }

  init(
    pieces: ModelPieces, gpu: StreamID, host: StreamID, fetch: Way, store: Way, secondsPerByte: Double,
    launch: Double, share: Double, indexed: [Double]
  ) {
    self.pieces = pieces
    self.gpu = gpu
    self.host = host
    self.fetch = fetch
    self.store = store
    self.secondsPerByte = secondsPerByte
    self.launch = launch
    self.share = share
    self.indexed = indexed
  }

  /// It counts.
  public var isSteady: Bool { false }

  /// Of the context only some tokens are read.
  public var computesModel: Bool { false }
  /// What full attention would have read.
  public var figures: [PlacedFigure] { [PlacedFigure("context-bytes", contextBytes, unit: "B")] }

  /// Takes the labels of its tasks.
  public mutating func begin(_ plan: inout StepPlan) {
    labels = LayerLabels(&plan)
    score = plan.label("score")
    write = plan.label("write")
  }

  /// Scores, fetches and attends layer by layer.
  public mutating func place(_ step: StepView, into plan: inout StepPlan) {
    let shape = step.shape
    plan.begin(pieces, shape, labels, on: gpu, host: host)
    let dispatch = pieces.dispatchPerLayer(shape)
    let chosen = (Double(shape.decodeContext) * share).rounded(.up)
    contextBytes += Double(shape.decodeContext) * pieces.cacheBytesPerToken
    let attended = StepShape(decodes: shape.decodes, context: max(shape.decodes, Int(chosen)), window: shape.window)
    for (kind, count) in pieces.runs {
      let layer = pieces.kinds[kind]
      let input = layer.input.cost(shape)
      let prompts = layer.attention.cost(shape.prompts)
      let attention = layer.attention.cost(layer.cacheBytesPerToken > 0 ? attended : shape.decoding)
      let rest = layer.afterAttention(shape)
      let index = Double(shape.decodeContext) * layer.cacheBytesPerToken * indexed[kind]
      plan.repeating(count) { plan in
        let issued = plan.run(labels.host, on: host, for: dispatch, bound: PieceCost.hostBound)
        let projected = plan.run(labels.input, on: gpu, input, after: issued)
        plan.move(
          write, over: store.stream, bytes: Double(shape.tokens) * layer.cacheBytesPerToken, latency: store.latency,
          after: projected, bound: PieceCost.linkBound)
        if shape.prefillTokens > 0 {
          let earlier = plan.move(
            labels.copy, over: fetch.stream, bytes: Double(shape.cachedPrefillContext) * layer.cacheBytesPerToken,
            latency: shape.cachedPrefillContext > 0 ? fetch.latency : 0, bound: PieceCost.linkBound)
          plan.run(labels.attention, on: gpu, prompts, after: earlier)
        }
        if shape.decodes > 0 {
          var ready = TaskRef.none
          if layer.cacheBytesPerToken > 0 {
            // One kernel scores, one selects.
            let scored = plan.run(
              score, on: gpu, for: 2 * launch + index * secondsPerByte, bound: UInt8(Roof.memory.rawValue))
            ready = plan.move(
              labels.copy, over: fetch.stream, bytes: chosen * layer.cacheBytesPerToken, latency: fetch.latency,
              after: scored, bound: PieceCost.linkBound)
          }
          plan.run(labels.attention, on: gpu, attention, after: ready)
        }
        plan.run(labels.feedForward, on: gpu, rest)
      }
    }
    plan.run(labels.last, on: gpu, pieces.last.cost(shape))
  }
}

extension PlaceSettings {
  /// Bytes of index for each byte of keys and values, by kind of layer.
  fileprivate func indexed(_ pieces: ModelPieces, isCodes: Bool, bits: Double, block: Double) -> [Double] {
    pieces.kinds.indices.map { kind in
      let bytes = pieces.kinds[kind].cacheBytesPerToken
      guard bytes > 0 else { return 0 }
      guard isCodes else { return 1 / block }
      let layer = pieces.layers.firstIndex(of: kind).map { model.layers[$0] }
      guard case .attention(let attention) = layer?.mixer else { return bits / 8 / bytes }
      return Double(attention.kvHeads) * bits / 8 / bytes
    }
  }
}
