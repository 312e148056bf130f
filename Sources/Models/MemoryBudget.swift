import Hardware

/// What bounds the KV cache of an engine.
public struct MemoryPlan: Hashable, Sendable {
  /// Share of each device's capacity that the engine may use, in (0, 1].
  public var utilization = 0.9
  /// Bytes of each device that the runtime and its libraries hold.
  public var reserved = 1e9
  /// Most tokens of one step, which size the workspace.
  public var maxBatchTokens = 2048
  /// Most sequences that sample in one step.
  public var maxSequences = 256
  /// Tokens of one KV block.
  public var blockTokens = 16
  /// Blocks to use instead of those that fit; nil to compute them.
  public var blocks: Int?

  /// vLLM's: nine tenths of the device, blocks of 16 tokens.
  public init() {}
}

/// Where the bytes of an engine's fullest device go.
public struct MemoryBudget: Hashable, Sendable {
  /// Bytes the engine may use on each device.
  public var available: Double
  /// Weights by class.
  public var weightsByClass: [WeightBytes] = []
  /// Bytes of states that do not grow with their sequences, of the plan's most sequences.
  public var state = 0.0
  /// Bytes of activations and logits.
  public var activations = 0.0
  /// Bytes of the runtime and its libraries.
  public var reserved: Double
  /// Bytes of one token's keys and values on the device: of a token of the engine, on average over groups of
  /// data-parallel attention.
  public var cacheBytesPerToken = 0.0
  /// KV blocks of the engine: those that fit on the fullest device, or the plan's.
  public var blocks: Int
  /// Tokens of one block.
  public var blockTokens: Int

  /// Bytes of weights.
  public var weights: Double { weightsByClass.reduce(0) { $0 + $1.bytes } }
  /// Bytes of activations, logits and the runtime's own.
  public var workspace: Double { reserved + activations }
  /// Bytes that no KV block can have.
  public var taken: Double { weights + workspace + state }
  /// Bytes of one KV block.
  public var blockBytes: Double { cacheBytesPerToken * Double(blockTokens) }
  /// Tokens that the KV cache of the engine holds.
  public var cacheTokens: Int { blocks * blockTokens }

  /// Blocks of a model that keeps nothing for a token, whose sequences are bounded by the plan's most sequences alone.
  public static let unboundedBlocks = 1_000_000

  /// The budget of the stage with the fewest blocks.
  ///
  /// - Throws: ``EngineFault/memory(_:)`` where not one block fits and the plan names none.
  init(
    _ model: Transformer, _ formats: ModelFormats, _ layout: EngineLayout, _ device: Device, _ plan: MemoryPlan,
    _ placement: Placement = Placement()
  ) throws(EngineFault) {
    guard placement.isValid else { throw .layout("a tier of the placement holds nothing or moves nothing") }
    guard plan.utilization > 0, plan.utilization <= 1, plan.reserved >= 0, plan.reserved.isFinite else {
      throw .layout("the memory plan's utilization must lie in (0, 1] and its reserved bytes not be negative")
    }
    guard (1...1_000_000).contains(plan.blockTokens), (1...1_000_000_000).contains(plan.maxBatchTokens),
      (1...1_000_000).contains(plan.maxSequences), (1...1_000_000_000_000).contains(plan.blocks ?? 1)
    else { throw .layout("the memory plan has a count below 1 or beyond reason") }
    available = (device.memory.first?.capacity.value.value ?? 0) * plan.utilization
    reserved = plan.reserved
    blockTokens = plan.blockTokens
    blocks = .max
    for (stage, layers) in layout.slices(of: model).enumerated() {
      var budget = self
      budget.weightsByClass = WeightShare(model, layout, stage: stage, layers: layers).bytes(formats)
      if placement.weights != nil { budget.keepStaged(of: layers.count) }
      budget.activations = Self.activations(model, formats, layout, plan, stage: stage)
      let sequences = Double(plan.maxSequences) / Double(layout.attentionGroups)
      budget.state = Double(layout.stateElements(layers)) * formats.activations.bytes * sequences
      budget.cacheBytesPerToken =
        Double(layout.cacheElements(layers)) * formats.cache.bytes / Double(layout.attentionGroups)
      budget.blocks = placement.cache == nil ? budget.fittingBlocks : budget.taken <= budget.available ? .max - 1 : 0
      if budget.blocks < blocks { self = budget }
    }
    if blocks < 1, plan.blocks == nil { throw .memory(self) }
    blocks = min(blocks, try placement.blocks(model, formats, blockTokens: plan.blockTokens))
    blocks = plan.blocks ?? blocks
  }

  /// Leaves of a stage's weights the layers that are in use or on their way.
  private mutating func keepStaged(of layers: Int) {
    for index in weightsByClass.indices { weightsByClass[index].bytes *= Placement.stagedShare(layers: layers) }
  }

  /// Blocks that fit.
  private var fittingBlocks: Int {
    let free = available - taken
    if blockBytes == 0 { return free >= 0 ? Self.unboundedBlocks : 0 }
    let room = free / blockBytes
    return room >= 1 ? Int(min(room, 1e12)) : 0
  }

  /// Bytes of the widest layer's activations for the largest step, and of its logits in fp32.
  static func activations(
    _ model: Transformer, _ formats: ModelFormats, _ layout: EngineLayout, _ plan: MemoryPlan, stage: Int
  ) -> Double {
    let groups = Double(layout.attentionGroups)
    let block = model.decoding.block
    let tokens = Double(max(plan.maxBatchTokens, block > 1 ? plan.maxSequences * block : 0))
    let widest = model.layers.counted().reduce(0) { max($0, layout.widest($1.element)) }
    let listed = model.operators.reduce(0) { max($0, $1.inputs + $1.outputs) }
    let perToken = (4 * Double(model.hidden) + widest + Double(listed)) * formats.activations.bytes
    let isLast = stage == layout.pipelineParallel - 1 && model.output.head
    let rows = isLast ? Double(plan.maxSequences * block) / groups : 0
    return tokens / groups * perToken + rows * Double(model.vocabulary) * Format.fp32.bytes
  }
}

extension EngineLayout {
  /// Elements that one token leaves in the KV cache of a device by `layers`; latent vectors are copied.
  func cacheElements(_ layers: some Collection<Layer>) -> Int {
    layers.reduce(0) { sum, layer in
      switch layer.mixer {
      case _ where layer.role == .encoder: sum
      case .attention(let attention)? where !attention.sharesCache:
        sum + 2 * kvHeads(of: attention) * attention.headDimension
      case .latent(let latent)?: sum + latent.cacheElements
      default: sum
      }
    }
  }

  /// State elements of one sequence on a device by `layers`.
  public func stateElements(_ layers: some Collection<Layer>) -> Int {
    layers.reduce(0) { sum, layer in
      guard case .stateSpace(let space)? = layer.mixer else { return sum }
      let inner = space.inner / tensorParallel
      let channels = inner + 2 * stateGroups(of: space) * space.stateSize
      return sum + inner * space.stateSize + channels * space.convolution
    }
  }

  /// Elements of a token inside the wider of a layer's blocks on one device, a token of a group counted once.
  func widest(_ layer: Layer) -> Double {
    let tensor = Double(tensorParallel)
    var widest = 0.0
    switch layer.mixer {
    case .attention(let attention)?: widest = Double(2 * attention.queryWidth + 2 * attention.kvWidth) / tensor
    case .latent(let latent)?:
      widest = Double(latent.heads * (2 * latent.keyDimension + 2 * latent.valueDimension)) / tensor
    case .stateSpace(let space)?: widest = Double(2 * space.projectionWidth) / tensor
    case nil: break
    }
    guard let block = layer.feedForward else { return widest }
    let width = Double(block.ups + 1) * Double(block.width)
    guard let experts = block.experts else { return max(widest, width / tensor) }
    let tokens = Double(experts.perToken * attentionGroups) * expertSkew / Double(expertParallel)
    return max(widest, tokens * width / Double(expertShards))
  }
}
