import Hardware
import Units

/// A model laid out over equal devices: the time of its steps, and the room of its KV cache.
public struct EngineCost: Sendable {
  /// The model.
  public let model: Transformer
  /// Its formats.
  public let formats: ModelFormats
  /// How it lies over the devices.
  public let layout: EngineLayout
  /// Each of the devices.
  public let device: Device
  /// The time of a step, by operator.
  public let cost: StepCost
  /// The room of the KV cache.
  public let memory: MemoryBudget

  /// Lays `model` out over devices like `device`.
  ///
  /// `stageLink` joins one pipeline stage to the next; without it they use the device's own link to its peers.
  /// Decode batches up to the plan's `maxSequences` are tabulated, at most ``largestTable``. The operators named in
  /// `free` cost nothing: what would it be worth if they did not?
  /// - Throws: ``EngineFault``.
  public init(
    _ model: Transformer, formats: ModelFormats = ModelFormats(), layout: EngineLayout = EngineLayout(),
    device: Device, stageLink: Link? = nil, plan: MemoryPlan = MemoryPlan(), free: [String] = []
  ) throws(EngineFault) {
    try Self.check(model, layout, device)
    let operators: Operators
    do {
      let roofline = Roofline(device)
      operators = Operators(
        model: model, formats: formats, layout: layout, device: device,
        dense: try roofline.ceiling(.dense, formats.activations),
        attention: try roofline.ceiling(.attention, formats.activations),
        elementwise: try roofline.ceiling(.elementwise, formats.activations),
        peers: layout.tensorParallel > 1 ? device.peerLink : nil,
        next: layout.pipelineParallel > 1 ? stageLink ?? device.peerLink : nil)
    } catch { throw .arithmetic(error) }
    if layout.tensorParallel > 1, operators.peers == nil { throw .noLink(device: device.name) }
    if layout.pipelineParallel > 1, operators.next == nil { throw .noLink(device: device.name) }
    memory = try MemoryBudget(model, formats, layout, device, plan)
    let slices = layout.slices(of: model)
    let dispatch = slices.map { layers in
      let share = Double(layers.count) / Double(model.layers.count)
      return Dispatch(
        prefill: device.execution.prefillDispatch.value.value * share,
        decode: device.execution.decodeDispatch.value.value * share)
    }
    let forms = EngineForms(device: device, format: formats.activations, weights: memory.weights)
    var stages: [[CostTerm]] = []
    do {
      for (stage, layers) in slices.enumerated() {
        let terms = operators.terms(stage: stage, layers: layers)
        stages.append(try forms.applied(to: terms, isFirst: stage == 0))
      }
    } catch { throw .arithmetic(error) }
    let names = stages.flatMap { $0.map(\.name) }
    if let unknown = free.first(where: { !names.contains($0) }) {
      throw .noOperator(unknown, among: names.reduce(into: []) { if !$0.contains($1) { $0.append($1) } })
    }
    do {
      cost = try StepCost(
        stages: stages.map { $0.filter { !free.contains($0.name) } },
        maxBatch: min(plan.maxSequences, Self.largestTable), dispatch: dispatch)
    } catch { throw .cost(error) }
    self.model = model
    self.formats = formats
    self.layout = layout
    self.device = device
  }

  /// Decode batches beyond this are computed term by term.
  static let largestTable = 4096

  private static func check(
    _ model: Transformer, _ layout: EngineLayout, _ device: Device
  ) throws(EngineFault) {
    let faults = device.faults
    guard faults.isEmpty else { throw .device(faults) }
    let tensor = layout.tensorParallel
    guard tensor >= 1, tensor <= 1024, layout.pipelineParallel >= 1 else {
      throw .layout("tensor-parallel must lie in 1...1024 and pipeline-parallel be at least 1")
    }
    for (layer, _) in model.layers.counted() { try check(layer, tensor) }
    if model.decoding != .autoregressive { throw .notCosted("a model that does not decode token by token") }
    if model.embedding.width != nil { throw .notCosted("an embedding of another width than the layers") }
    guard layout.pipelineParallel <= model.layers.count else {
      throw .layout("pipeline-parallel \(layout.pipelineParallel) exceeds the \(model.layers.count) layers")
    }
  }

  private static func check(_ layer: Layer, _ tensor: Int) throws(EngineFault) {
    if layer.role != .decoder { throw .notCosted("a layer of an encoder-decoder") }
    switch layer.mixer {
    case .attention(let attention)?:
      if attention.sharesCache { throw .notCosted("a layer that shares another's cache") }
      if attention.bidirectional { throw .notCosted("attention to later tokens") }
      guard attention.heads.isMultiple(of: tensor) else {
        throw .layout("tensor-parallel \(tensor) does not divide the \(attention.heads) heads")
      }
      let kvHeads = attention.kvHeads
      guard kvHeads.isMultiple(of: tensor) || tensor.isMultiple(of: kvHeads) else {
        throw .layout("tensor-parallel \(tensor) neither divides the \(kvHeads) key-value heads nor is divided")
      }
    case .latent?: throw .notCosted("a layer of latent attention")
    case .stateSpace?: throw .notCosted("a state-space layer")
    case nil: break
    }
    if let block = layer.feedForward {
      if let experts = block.experts, experts.sharedWidth > 0 { throw .notCosted("a layer with shared experts") }
      guard block.width.isMultiple(of: tensor) else {
        throw .layout("tensor-parallel \(tensor) does not divide the feed-forward width \(block.width)")
      }
    }
  }

  /// Bytes of one token's keys and values over the whole engine, copies of shared heads not counted.
  public var cacheBytesPerToken: Double { model.cacheBytesPerToken(formats.cache) }

  /// Model FLOPs utilisation over `span` seconds of the clock in which the summed steps ran: operations of all
  /// devices over what they could have done at their peak rate.
  public func mfu(_ sums: StepSums, span: Seconds) -> Double {
    let peak = device.peakOperations(formats.activations) ?? .infinity
    return cost.operations(over: sums) / (Double(layout.pipelineParallel) * peak * span.value)
  }

  /// Memory bandwidth utilisation over `span` seconds of the clock, as ``mfu(_:span:)``.
  public func mbu(_ sums: StepSums, span: Seconds) -> Double {
    let peak = device.memory.first?.bandwidth.value.value ?? .infinity
    return cost.bytes(over: sums) / (Double(layout.pipelineParallel) * peak * span.value)
  }
}
