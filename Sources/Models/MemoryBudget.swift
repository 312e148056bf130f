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
  /// Bytes of weights.
  public var weights: Double
  /// Bytes of activations, logits and the runtime's own.
  public var workspace: Double
  /// Bytes of one token's keys and values on the device.
  public var cacheBytesPerToken: Double
  /// KV blocks of the engine: those that fit on the fullest device, or the plan's.
  public var blocks: Int
  /// Tokens of one block.
  public var blockTokens: Int

  /// Tokens that the KV cache of the engine holds.
  public var cacheTokens: Int { blocks * blockTokens }

  /// The budget of the stage with the fewest blocks.
  ///
  /// - Throws: ``EngineFault/memory(needed:available:)`` where not one block fits and the plan names none.
  init(
    _ model: Transformer, _ formats: ModelFormats, _ layout: EngineLayout, _ device: Device, _ plan: MemoryPlan
  ) throws(EngineFault) {
    guard plan.utilization > 0, plan.utilization <= 1, plan.reserved >= 0, plan.reserved.isFinite else {
      throw .layout("the memory plan's utilization must lie in (0, 1] and its reserved bytes not be negative")
    }
    guard (1...1_000_000).contains(plan.blockTokens), (1...1_000_000_000).contains(plan.maxBatchTokens),
      (1...1_000_000).contains(plan.maxSequences), (1...1_000_000_000_000).contains(plan.blocks ?? 1)
    else { throw .layout("the memory plan has a count below 1 or beyond reason") }
    available = (device.memory.first?.capacity.value.value ?? 0) * plan.utilization
    blockTokens = plan.blockTokens
    weights = 0
    workspace = 0
    cacheBytesPerToken = 0
    blocks = .max
    for (stage, layers) in layout.slices(of: model).enumerated() {
      let weights = Self.weights(model, layout, stage: stage, layers: layers) * formats.weights.bytes
      let workspace = Self.workspace(model, formats, layout, plan, stage: stage)
      let elements = layers.reduce(0) { sum, layer in
        guard case .attention(let attention)? = layer.mixer, !attention.sharesCache else { return sum }
        return sum + 2 * layout.kvHeads(of: attention) * attention.headDimension
      }
      let perToken = Double(elements) * formats.cache.bytes
      let room = (available - weights - workspace) / (perToken * Double(plan.blockTokens))
      let fitting = room >= 1 ? Int(min(room, 1e12)) : 0
      if fitting < blocks {
        blocks = fitting
        self.weights = weights
        self.workspace = workspace
        cacheBytesPerToken = perToken
      }
    }
    if let fixed = plan.blocks {
      blocks = fixed
    } else if blocks < 1 {
      throw .memory(needed: weights + workspace, available: available)
    }
  }

  /// Parameters on one device of a stage: matrices are split, norms and routers copied, and the embedding stands
  /// where it is looked up and, where it is also the output projection, there too.
  static func weights(
    _ model: Transformer, _ layout: EngineLayout, stage: Int, layers: ArraySlice<Layer>
  ) -> Double {
    let tensor = Double(layout.tensorParallel)
    var parameters = 0.0
    for (layer, count) in layers.counted() {
      var split = Double(layer.splitParameters(hidden: model.hidden))
      if case .attention(let attention)? = layer.mixer, !attention.sharesCache {
        let copies = Double(layout.kvHeads(of: attention) * layout.tensorParallel) / Double(attention.kvHeads)
        split += Double(2 * model.hidden * attention.kvWidth) * (copies - 1)
      }
      let whole = Double(layer.wholeParameters(hidden: model.hidden, normWidth: model.normWidth))
      parameters += Double(count) * (split / tensor + whole)
    }
    let last = stage == layout.pipelineParallel - 1
    if stage == 0 { parameters += Double(model.embeddingParameters) / tensor }
    if last, !model.tiedEmbeddings || layout.pipelineParallel > 1 {
      parameters += Double(model.outputParameters) / tensor
    }
    return parameters
  }

  /// Bytes of the runtime, of the widest layer's activations for the largest step, and of its logits in fp32.
  static func workspace(
    _ model: Transformer, _ formats: ModelFormats, _ layout: EngineLayout, _ plan: MemoryPlan, stage: Int
  ) -> Double {
    let tensor = Double(layout.tensorParallel)
    let widest = model.layers.counted().reduce(0) { max($0, inner($1.element) / tensor) }
    let perToken = (4 * Double(model.hidden) + widest) * formats.activations.bytes
    let logits =
      stage == layout.pipelineParallel - 1
      ? Double(plan.maxSequences) * Double(model.vocabulary) * Format.fp32.bytes : 0
    return plan.reserved + Double(plan.maxBatchTokens) * perToken + logits
  }

  /// Elements of a token inside the wider of a layer's blocks.
  private static func inner(_ layer: Layer) -> Double {
    var widest = 0.0
    if case .attention(let attention)? = layer.mixer {
      widest = Double(2 * attention.queryWidth + 2 * attention.kvWidth)
    }
    if let block = layer.feedForward {
      let routed = Double(block.experts?.perToken ?? 1)
      widest = max(widest, routed * Double(block.ups + 1) * Double(block.width))
    }
    return widest
  }
}
