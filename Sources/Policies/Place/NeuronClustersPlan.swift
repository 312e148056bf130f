import Cluster
import Hardware
import Models
import Timeline
import Units

extension NeuronClusters {
  /// Reads the settings.
  public static func plan(_ settings: any PlaceSettings) -> PlacedPlan? {
    let own = settings.device
    let other = settings.device("npu", required: false)
    let flash = settings.tier("flash", required: true)
    let memory = DeviceMemory(settings, count: 1)
    let budget = settings.quantity(
      "memory", MemoryDimension.self, in: 0...0x1p50, default: memory.usable, because: "what the engine may use")
    let runtime = settings.quantity(
      "runtime", MemoryDimension.self, in: 0...0x1p50, default: 0, because: "reserved beside the budget")
    let predictor = settings.quantity(
      "predictor", MemoryDimension.self, in: 0...0x1p50, default: 0, because: "activity is known")
    let scales = settings.quantity(
      "scales", MemoryDimension.self, in: 0...0x1p50, default: 0, because: "they lie with their weights")
    let context = settings.count("context", in: 16...10_000_000, default: 2048, because: "a phone's conversation")
    let active = settings.quantity(
      "active", FractionDimension.self, in: 0.001...1, default: 1, because: "a dense model")
    let exponent = settings.number("popularity", in: 0...10, default: 0, because: "all neurons alike")
    let opened = settings.quantity(
      "opened", FractionDimension.self, in: 0...1, default: 0.8,
      because: "PowerInfer-2 v3, section 4.4: the rows of a neuron are active together four times of five")
    let hot =
      settings.has("hot")
      ? settings.quantity("hot", FractionDimension.self, in: 0...1, default: 0, because: "chosen by cost") : nil
    let cache = settings.choice("cache", of: ["lru", "static"], default: "lru", because: "PowerInfer-2's cold region")
    let window = settings.count("window", in: 0...1_000_000, default: 0, because: "as long as memory allows")
    let bundle = settings.flag("bundle", default: true, because: "PowerInfer-2")
    let pipeline = settings.flag("pipeline", default: true, because: "PowerInfer-2")
    let page = settings.quantity(
      "page", MemoryDimension.self, in: 512...0x1p30, default: flash?.request.value.value ?? 4096,
      because: "the drive's smallest request")
    let depth = settings.count("depth", in: 1...Tier.depthLimit, default: 32, because: "requests in flight")
    let sync = settings.quantity(
      "sync", TimeDimension.self, in: 0...1, default: other?.forms.handOver?.value.value ?? 0,
      because: "the NPU's hand-over")
    guard let flash, let pieces = settings.pieces(on: own, tensorParallel: 1),
      let others = settings.pieces(on: other ?? own, tensorParallel: 1)
    else { return nil }
    guard let group = settings.chip(with: other.map { [$0] } ?? []) else { return nil }
    let weights = pieces.layers.reduce(0) { $0 + pieces.kinds[$1].blockBytes }
    guard weights > 0 else {
      settings.refuse(
        nil, "the model has no neurons to place", why: "it has no feed-forward blocks",
        fix: "a model with them, or a placement of whole layers such as 'layer-streaming'")
      return nil
    }
    guard scales < weights else {
      settings.refuse(
        "scales", "scales take more than the weights that they are a part of",
        why: "\(Memory(scales).text) >= \(Memory(weights).text) of all feed-forward blocks",
        fix: "the bytes of the scales alone, or leave 'scales' away")
      return nil
    }
    guard budget <= memory.usable else {
      settings.refuse(
        "memory", "the budget is more than the engine may use",
        why: "\(Memory(budget).text) > \(Memory(memory.usable).text)", fix: "a smaller budget")
      return nil
    }
    let blocks = weights - scales
    let stay: [(key: String?, of: String, bytes: Double)] = [
      (nil, "attention, embedding and head", pieces.weights - weights),
      ("scales", "scales", scales), ("predictor", "the predictor", predictor), ("runtime", "the runtime", runtime),
      ("context", "\(context) tokens of KV cache", Double(context) * pieces.cacheBytesPerToken),
    ]
    let fixed = pieces.weights - blocks + predictor + runtime + Double(context) * pieces.cacheBytesPerToken
    guard fixed < budget else {
      settings.refuse(
        stay.first { $0.bytes >= budget }?.key ?? "memory", "the memory cannot hold what must stay in it",
        why: stay.filter { $0.bytes > 0 }.map { "\(Memory($0.bytes).text) of \($0.of)" }.joined(separator: " + ")
          + " >= a budget of \(Memory(budget).text)",
        fix: "a larger budget, or less that must stay")
      return nil
    }
    let largest = (pieces.kinds.map(\.blockBytes).max() ?? 0) * blocks / weights
    guard page <= max(largest, flash.request.value.value) else {
      settings.refuse(
        "page", "a page holds more than all neurons of a layer",
        why: "\(Memory(page).text) > \(Memory(largest).text)",
        fix: "a page of about a neuron's bytes, or leave 'page' away")
      return nil
    }
    guard blocks <= flash.capacity.value.value else {
      settings.refuse(
        "flash", "\(flash.name) cannot hold the neurons",
        why: "\(Memory(blocks).text) > \(flash.capacity.value.text)", fix: "a larger drive")
      return nil
    }
    var machine = Machine()
    let channel = machine.memory(of: group)
    let cpu = machine.processor(own, pieces, sharing: channel, isExtra: false)
    let npu = other.map { machine.processor($0, others, sharing: channel, isExtra: true) } ?? cpu
    let pages = machine.reads(flash, request: page, depth: depth, name: "\(flash.name).pages")
    let runs = machine.reads(flash, request: max(page, 0x1p19), depth: depth, name: "\(flash.name).runs")
    machine.hold(own.memoryName, bytes: min(budget, fixed + blocks), of: memory.capacity)
    machine.hold(flash.name, bytes: blocks, of: flash.capacity.value.value)
    let chooser = SplitChooser(
      own: cpu, npu: npu, together: group.together.value.value, lengths: .padding,
      shapes: other?.forms.shapes?.tokens ?? [], sync: sync, parts: 16,
      allowed: other == nil ? [.own] : [.own, .npu, .both], attention: .own,
      ends: machine.resources.ring(layerTasks * 2))
    let widths = neurons(settings.model, pieces)
    let neuron =
      (pieces.kinds.indices.map { pieces.kinds[$0].blockBytes / max(1, widths[$0]) }.max() ?? 0) * blocks / weights
    func paged(_ bytes: Double) -> Double { (bytes / page).rounded(.up) * page }
    let rows = settings.model.layers.compactMap(\.feedForward).first.map { Double($0.ups + 1) } ?? 1
    let isDense = active == 1
    // Where a page holds several neurons, all that are missing are read in as many fewer.
    let perPage = max(1, (page / neuron).rounded(.down))
    let store = Store(
      capacity: min(1, (budget - fixed) / blocks), isDynamic: cache == "lru",
      window: window == 0 ? .infinity : Double(window),
      firstRead: isDense ? neuron : bundle ? page : rows * paged(neuron / rows),
      nextReads: isDense || !bundle ? 0 : opened * (paged(neuron) - page),
      streamed: isDense ? neuron : paged(neuron) / perPage,
      pages: pages, runs: runs)
    let policy = NeuronClusters(
      chooser: chooser, hasNPU: other != nil, law: NeuronLaw(active: active, exponent: exponent), store: store,
      hot: hot, isPipelined: pipeline, predictor: predictor / Double(max(1, pieces.layers.count { widths[$0] > 0 })),
      widths: widths)
    return machine.plan(policy, cacheTokens: Double(context))
  }

  /// Neurons of a block of each kind of layer, over all experts; 0 without a block.
  private static func neurons(_ model: Transformer, _ pieces: ModelPieces) -> [Double] {
    var widths = [Double](repeating: 0, count: pieces.kinds.count)
    for (index, kind) in pieces.layers.enumerated() where index < model.layers.count {
      let block = model.layers[index].feedForward
      widths[kind] = Double((block?.width ?? 0) * (block?.experts?.count ?? 1))
    }
    return widths
  }
}
