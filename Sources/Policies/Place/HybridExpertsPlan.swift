import Cluster
import Hardware
import Models
import Timeline
import Units

extension HybridExperts {
  /// Reads the settings.
  public static func plan(_ settings: any PlaceSettings) -> PlacedPlan? {
    let other = settings.device("cpu", required: true)
    let (link, efficiency) = settings.path(default: settings.device.hostLink)
    let share = settings.quantity(
      "cache", FractionDimension.self, in: 0...1, default: 0.25, because: "a quarter of the experts, HybriMoE's least")
    let rules = HybridSchedule.Rule.allCases.map(\.rawValue) + ["layers"]
    let scheduling = settings.choice("scheduling", of: rules, default: "dynamic", because: "HybriMoE")
    let isWhole =
      settings.choice("spread", of: ["even", "whole-layers"], default: "even", because: "HybriMoE's slots a layer")
      == "whole-layers"
    let fillsFirst =
      settings.choice("fill", of: ["hottest", "first"], default: "hottest", because: "what a profile says") == "first"
    let isByScores =
      settings.choice(
        "ahead", of: ["gain", "scores"], default: "gain", because: "HybriMoE's impact-driven prefetching")
      == "scores"
    let prefetch =
      isByScores ? 1 : settings.count("prefetch", in: 0...16, default: 3, because: "HybriMoE looks three layers ahead")
    let accuracy = settings.number(
      "accuracy", in: 0...1, default: 0.788, because: "a layer's input through the gate of the next: Fate, as reported")
    let updates = settings.flag("updates", default: true, because: "the cache follows what is asked for")
    let launch = settings.quantity(
      "expert-launch", TimeDimension.self, in: 0...1, default: 0, because: "the kernels' own launches")
    let start = settings.quantity(
      "cpu-start", TimeDimension.self, in: 0...1, default: 0, because: "the processor's own launches")
    let eviction = settings.evict("evict", default: "mrs")
    guard let shape = settings.experts(for: name), settings.isOneDevice() else { return nil }
    let foresees = eviction is Belady
    let lookahead =
      foresees ? settings.count("lookahead", in: 0...1024, default: 0, because: "what the step itself asks for") : 0
    if foresees, lookahead == 0 { settings.warnOfBlindBelady() }
    let byScores =
      isByScores
      ? settings.count(
        "prefetch-experts", in: 0...shape.experts, default: shape.perToken, because: "as many as a token goes to") : nil
    let wantsScores = isByScores || eviction.map { type(of: $0).isForExperts } ?? false
    guard let routed = RoutedSteps(settings, shape, wantsScores: wantsScores, lookahead: lookahead), let other,
      let link, let eviction,
      let pieces = settings.pieces(on: settings.device, tensorParallel: 1),
      let beside = self.pieces(beside: other, settings),
      let kind = pieces.kinds.firstIndex(where: { $0.experts != nil }),
      let expert = pieces.kinds[kind].expert, let expertBeside = beside.kinds[kind].expert
    else { return nil }
    let isByLayers = scheduling == "layers"
    let layers = pieces.layers.count
    let options = Options(
      rule: HybridSchedule.Rule(rawValue: scheduling) ?? .fixed, isByLayers: isByLayers,
      deviceLayers: isByLayers ? Int((share * Double(layers)).rounded()) : layers, prefetch: prefetch,
      byScores: byScores, updates: updates,
      slots: isByLayers ? Array(repeating: 0, count: shape.layers) : slots(shape, share, isWhole: isWhole),
      fillsFirst: fillsFirst, launch: launch, foresees: foresees)
    var machine = Machine()
    let gpu = machine.compute(settings.device, name: "gpu")
    let host = machine.stream("host")
    let cpu = machine.compute(other, name: "cpu", isExtra: true)
    let copy = machine.link(
      link, name: "copy", efficiency: efficiency, limit: other.memory.first?.bandwidth.value.value ?? .infinity)
    let send = machine.link(link, name: "send", efficiency: efficiency)
    let results = machine.link(link, name: "result", efficiency: efficiency)
    let bytes = pieces.kinds[kind].expertBytes
    let way = ExpertWay(
      read: nil, copy: copy, convert: nil, expertBytes: bytes,
      memoryRate: settings.device.memory.first?.bandwidth.value.value ?? .infinity,
      copied: machine.resources.ring(2), overhead: 0)
    guard let cacheTokens = memory(settings, pieces, options, bytes, shape, other, &machine) else { return nil }
    let qualities = (1...max(1, prefetch)).map { ahead in (0..<ahead).reduce(1) { product, _ in product * accuracy } }
    let policy = HybridExperts(
      options: options, pieces: pieces, beside: beside, experts: (expert, expertBeside), streams: (gpu, host, cpu),
      send: send, results: results,
      way: way, routed: routed,
      cache: ExpertCache(
        shape, slots: .perLayer(options.slots), streams: true, policy: eviction),
      predictor: ExpertPredictor(GuessQuality(accuracy: qualities) ?? .preGated, seed: settings.seed),
      costs: HybridSeconds(
        gpu: { max(launch, expert.seconds(HybridExperts.shape($0))) },
        cpu: { expertBeside.seconds(HybridExperts.shape($0)) },
        cpuStart: start, copy: copy.seconds(bytes)), recent: RecentScores(share: MinusRecentScore.share))
    return machine.plan(policy, cacheTokens: cacheTokens)
  }

  /// The model on the processor, in its own arithmetic; nil where it cannot be, which is told.
  private static func pieces(beside processor: Device, _ settings: any PlaceSettings) -> ModelPieces? {
    let products = settings.choice(
      "cpu-products", of: ["as-activations", "int8"], default: "as-activations", because: "the format of activations")
    guard products == "int8" else { return settings.pieces(on: processor, tensorParallel: 1) }
    var formats = settings.formats
    formats.activations = .int8
    formats.inputs = [:]
    formats.conversionOperations = 0
    do {
      return try ModelPieces(
        settings.model, formats: formats, device: processor, maxBatch: settings.memory.maxSequences)
    } catch {
      settings.refuse(
        "cpu-products", "\(processor.name) cannot multiply in int8", why: "\(error)",
        fix: "a processor with a rate of int8, or leave 'cpu-products' away")
      return nil
    }
  }

  /// Slots of each mixture layer: as many in all of them, or all experts of the first ones.
  private static func slots(_ shape: ExpertShape, _ share: Double, isWhole: Bool) -> [Int] {
    let whole = Int((share * Double(shape.layers)).rounded())
    let each = Int((share * Double(shape.experts)).rounded())
    return (0..<shape.layers).map { isWhole ? ($0 < whole ? shape.experts : 0) : each }
  }

  /// Says what device and host hold, and how many tokens' keys and values they have room for; nil where the weights do not
  /// fit, which is told.
  private static func memory(
    _ settings: any PlaceSettings, _ pieces: ModelPieces, _ options: Options, _ expertBytes: Double,
    _ shape: ExpertShape, _ other: Device, _ machine: inout Machine
  ) -> Double? {
    let ends = pieces.ends
    // Two buffers beside the slots, for what finds none.
    let held =
      pieces.layers.prefix(options.deviceLayers).reduce(ends) {
        $0 + (options.isByLayers ? pieces.kinds[$1].allWeights : pieces.kinds[$1].weights)
      } + (options.isByLayers ? 0 : expertBytes * Double(options.slots.reduce(2, +)))
    let own = pieces.layers.prefix(options.deviceLayers).reduce(0) { $0 + pieces.kinds[$1].cacheBytesPerToken }
    let theirs = pieces.cacheBytesPerToken - own
    let memory = DeviceMemory(settings, count: 1)
    let capacity = other.memory.first?.capacity.value.value ?? 0
    let kept = pieces.weights
    guard held <= memory.usable else {
      settings.refuse(
        "cache", "the device cannot hold its part of the weights",
        why: "\(Memory(held).text) > \(Memory(memory.usable).text)", fix: "a smaller cache, or a smaller format")
      return nil
    }
    guard kept <= capacity else {
      settings.refuse(
        "cpu", "\(other.name) cannot hold the weights", why: "\(Memory(kept).text) > \(Memory(capacity).text)",
        fix: "a processor with more memory, or a smaller format")
      return nil
    }
    let onDevice = own > 0 ? (memory.usable - held) / own : .infinity
    let onHost = theirs > 0 ? (capacity - kept) / theirs : .infinity
    let tokens = min(onDevice, onHost, 1e9)
    machine.hold("device", bytes: min(memory.usable, held + own * tokens), of: memory.capacity)
    machine.hold("host", bytes: min(capacity, kept + theirs * tokens), of: capacity)
    return tokens
  }
}
