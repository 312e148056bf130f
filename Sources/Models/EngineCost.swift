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
  /// Vector operations that convert one weight, by class, of the classes that must be.
  public let conversions: [WeightClass: Double]
  /// Where weights and KV cache stand, if not in the devices' memory.
  public let placement: Placement

  /// Lays `model` out over devices like `device`.
  ///
  /// `stageLink` joins one pipeline stage to the next, `expertLink` the devices that experts are spread over; without
  /// them they use the device's own link to its peers. Decode batches up to the plan's `maxSequences` are tabulated,
  /// at most ``largestTable``. The operators named in `free` cost nothing: what would it be worth if they did not?
  /// Operators that `kernels` has a measured kernel for take its time, the others that of their roofline.
  /// - Throws: ``EngineFault``.
  public init(
    _ model: Transformer, formats: ModelFormats = ModelFormats(), layout: EngineLayout = EngineLayout(),
    device: Device, stageLink: Link? = nil, expertLink: Link? = nil, plan: MemoryPlan = MemoryPlan(),
    free: [String] = [], placement: Placement = Placement(), kernels: EngineKernels? = nil
  ) throws(EngineFault) {
    try layout.check(model, device)
    let operators: Operators
    do {
      operators = Operators(
        model: model, formats: formats, layout: layout, device: device, rates: try OperatorRates(device, formats),
        peers: layout.tensorParallel > 1 ? device.peerLink : nil,
        expertLink: layout.attentionGroups > 1 ? expertLink ?? device.peerLink : nil,
        next: layout.pipelineParallel > 1 ? stageLink ?? device.peerLink : nil, kernels: kernels)
    } catch { throw .arithmetic(error) }
    if layout.tensorParallel > 1, operators.peers == nil { throw .noLink(device: device.name) }
    if layout.attentionGroups > 1, operators.expertLink == nil { throw .noLink(device: device.name) }
    if layout.pipelineParallel > 1, operators.next == nil { throw .noLink(device: device.name) }
    memory = try MemoryBudget(model, formats, layout, device, plan, placement)
    conversions = memory.weightsByClass.map(\.name).reduce(into: [:]) { found, name in
      let count = operators.conversions(name)
      if count > 0 { found[name] = count }
    }
    let slices = layout.slices(of: model)
    let dispatch = slices.map { layers in
      let share = model.layers.isEmpty ? 1 : Double(layers.count) / Double(model.layers.count)
      return Dispatch(
        prefill: device.execution.prefillDispatch.value.value * share,
        decode: device.execution.decodeDispatch.value.value * share)
    }
    let forms = EngineForms(
      device: device, format: formats.activations.element, weights: memory.weights, placement: placement.ofOperators)
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
        maxBatch: min(plan.maxSequences, Self.largestTable), dispatch: dispatch, window: model.window ?? 0)
    } catch { throw .cost(error) }
    self.model = model
    self.formats = formats
    self.layout = layout
    self.device = device
    self.placement = placement
  }

  /// Decode batches beyond this are computed term by term.
  static let largestTable = 4096

  /// Bytes of one token's keys and values over the whole engine, copies of shared heads not counted.
  public var cacheBytesPerToken: Double { model.cacheBytesPerToken(formats.cache) }

  /// Model FLOPs utilisation over `span` seconds of the clock in which the summed steps ran: operations of all
  /// devices over what they could have done at their peak rate.
  public func mfu(_ sums: StepSums, span: Seconds) -> Double {
    let peak = formats.peakOperations(on: device) ?? .infinity
    return cost.operations(over: sums) / (Double(layout.pipelineParallel) * peak * span.value)
  }

  /// Model bandwidth utilisation over `span` seconds of the clock, as ``mfu(_:span:)``.
  public func mbu(_ sums: StepSums, span: Seconds) -> Double {
    let peak = device.memory.first?.bandwidth.value.value ?? .infinity
    return cost.bytes(over: sums) / (Double(layout.pipelineParallel) * peak * span.value)
  }
}
