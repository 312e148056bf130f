import Cluster
import Hardware
import Models
import Timeline
import Units

extension ExpertOffload {
  /// Reads the settings.
  public static func plan(_ settings: any PlaceSettings) -> PlacedPlan? {
    let devices = settings.layout.tensorParallel
    guard let pieces = settings.pieces(on: settings.device, tensorParallel: devices) else { return nil }
    guard let shape = settings.experts(for: name), let kind = pieces.kinds.first(where: { $0.experts != nil }) else {
      return nil
    }
    let word = settings.choice(
      "fetch", of: Fetch.allCases.map(\.rawValue), default: Fetch.onDemand.rawValue, because: "what the gate asks for")
    let fetch = Fetch(rawValue: word) ?? .onDemand
    var options = ExpertOptions(
      fetch: fetch, ahead: 0, roles: settings.model.layers.map(\.role), expertBytes: kind.expertBytes * Double(devices))
    let guesses = guesses(settings, shape, &options)
    let rate = settings.device.memoryRate * Double(devices)
    let keepsStored = widths(settings, rate: rate, &options)
    guard parts(settings, &options) else { return nil }

    var machine = Machine()
    let gpu = machine.compute(settings.device, count: devices)
    let host = machine.stream("host")
    let slots = fetch == .prefetchAll ? nil : ExpertSlots(settings, shape)
    let own = settings.section("cache")
    let evict = fetch == .prefetchAll ? nil : own.evict("evict", default: "lru")
    let isTold = evict.map { type(of: $0).isForExperts } ?? false
    options.foresees = isTold && (evict is Belady || own.has("lookahead"))
    let lookahead =
      options.foresees
      ? own.count("lookahead", in: 0...1024, default: 0, because: "what the step's own parts ask for") : 0
    let passesOnce = options.groups == 1 && options.partTokens == nil && slots?.isShared == false
    if evict is Belady, lookahead == 0, passesOnce { own.warnOfBlindBelady() }
    let routed = RoutedSteps(settings, shape, wantsScores: isTold, lookahead: lookahead)
    let way = way(settings, options, rate: rate, converts: !keepsStored, &machine)
    guard let routed, let way, fetch == .prefetchAll || evict != nil else { return nil }

    let kept = options.expertBytes * (keepsStored ? options.stored : 1)
    let places = slots?.count ?? (options.ahead + 1) * shape.experts
    options.allBytes = pieces.weights * Double(devices)
    let all = options.expertBytes * Double(shape.layers * shape.experts)
    // Two buffers for what finds no slot, where anything may not, or two layers of what is fetched ahead.
    let buffered =
      fetch == .prefetchAll || places >= shape.layers * shape.experts ? 0 : options.keepsApart ? 2 * shape.experts : 2
    options.heldBytes = options.allBytes - all + kept * Double(places + buffered)
    let memory = DeviceMemory(settings, count: devices)
    let room = memory.usable - options.heldBytes
    guard room > 0 else {
      settings.refuse(
        settings.has("cache") ? "cache" : nil, "the device cannot hold the experts' slots",
        why:
          "\(Memory(options.allBytes - all).text) of other weights and \(places + buffered) experts of \(Memory(kept).text) > \(Memory(memory.usable).text)",
        fix: "fewer slots, fewer layers ahead, or fewer pinned ones")
      return nil
    }
    machine.hold("device", bytes: memory.usable, of: memory.capacity)
    machine.hold("experts", bytes: all * options.stored, of: way.capacity)
    guard all * options.stored <= way.capacity else {
      settings.refuse(
        "from", "the tier cannot hold the experts",
        why: "\(Memory(all * options.stored).text) > \(Memory(way.capacity).text)",
        fix: "a larger tier, or narrower weights")
      return nil
    }
    var cache = ExpertCache(
      shape, slots: slots?.slots ?? .shared(0), streams: false, policy: evict ?? FirstInFirstOut())
    for layer in 0..<(slots?.pinned ?? 0) {
      for expert in 0..<Int32(shape.experts) { _ = cache.pin(layer, expert) }
    }
    let policy = ExpertOffload(
      options: options, pieces: pieces, gpu: gpu, host: host, way: way.way, routed: routed, cache: cache,
      guesses: guesses)
    return machine.plan(policy, cacheTokens: pieces.tokens(in: room))
  }

  /// What guesses, as the settings of the kind of fetch say; its options are noted.
  private static func guesses(
    _ settings: any PlaceSettings, _ shape: ExpertShape, _ options: inout ExpertOptions
  ) -> ExpertGuesses? {
    options.decide = settings.quantity(
      "decide", TimeDimension.self, in: 0...1, default: 10e-6,
      because: "assumed: a small copy back to the host, which waits for it")
    options.choose = settings.quantity(
      "choose", TimeDimension.self, in: 0...1, default: 0, because: "the device goes on without the host")
    options.isBlocking = settings.flag("blocking", default: false, because: "fetches are issued, not waited for")
    options.keepsApart =
      settings.choice("prefetched", of: ["in-slots", "apart"], default: "in-slots", because: "slots are all there is")
      == "apart"
    let order = settings.choice(
      "order", of: ["by-number", "by-tokens"], default: "by-number", because: "as the layer numbers them")
    options.isByTokens = order == "by-tokens"
    func predictors(_ qualities: [GuessQuality?]) -> ExpertGuesses {
      ExpertGuesses(
        qualities.compactMap { $0 }.map { ExpertPredictor($0, seed: settings.seed) }, layers: shape.layers)
    }
    switch options.fetch {
    case .onDemand: return nil
    case .prefetchAll:
      // A ring of all layers is as long as any gets.
      options.ahead = min(
        settings.count("ahead", in: 1...64, default: 1, because: "SE-MoE's ring of two layers"), shape.layers - 1)
      return nil
    case .exactNext: return predictors([.preGated])
    case .predictedNext:
      let fate = "Fate, as third parties report it"
      let accuracy = settings.number("accuracy", in: 0...1, default: 0.788, because: fate)
      options.extra = settings.count("extra", in: 0...64, default: 0, because: "no candidates besides")
      let coverage = settings.number("coverage", in: 0...1, default: max(accuracy, 0.9715), because: fate)
      options.isWithinBudget = settings.flag("io-budget", default: false, because: "all that are named are fetched")
      let recovery = accuracy < 1 ? max(0, coverage - accuracy) / (1 - accuracy) : 0
      return predictors(
        (0...options.extra).map { GuessQuality(accuracy: [accuracy], extra: $0, recovery: $0 > 0 ? recovery : 0) })
    case .activationPath:
      let width = settings.count(
        "width", in: 1...shape.experts, default: shape.perToken, because: "as many as a token goes to")
      return ExpertGuesses([], table: ActivationTable(shape, width: width), layers: shape.layers)
    case .path:
      options.ahead = settings.count(
        "ahead", in: 1...1024, default: 2, because: "while one layer computes the next comes")
      let accuracy = settings.number(
        "accuracy", in: 0...1, default: 0.92, because: "ExpertFlow, which third parties report above 90 %")
      options.predict = settings.quantity(
        "predict", TimeDimension.self, in: 0...10, default: 0, because: "the guess is made beside the step before")
      return predictors([.path(accuracy: accuracy)])
    }
  }

  /// The parts in which steps pass the layers; false where they cannot be, which is told.
  private static func parts(_ settings: any PlaceSettings, _ options: inout ExpertOptions) -> Bool {
    options.groups = settings.count("groups", in: 1...64, default: 1, because: "the batch as it is")
    let isCut = settings.has("part-tokens")
    if isCut {
      options.partTokens = settings.count("part-tokens", in: 1...1_000_000, default: 1, because: "the step as it is")
    }
    let schedule = settings.choice(
      "schedule", of: StepParts.Order.allCases.map(\.rawValue), default: StepParts.Order.asTheyCome.rawValue,
      because: "parts of the batch in its order")
    options.order = StepParts.Order(rawValue: schedule) ?? .asTheyCome
    if isCut, options.groups > 1 {
      settings.refuse(
        "groups", "a step is cut in two ways", why: "'part-tokens' says how long its parts are", fix: "leave one away")
      return false
    }
    let needsCut = options.order == .byExpert
    if options.order != .asTheyCome, isCut != needsCut {
      settings.refuse(
        "schedule", "'\(schedule)' needs \(needsCut ? "'part-tokens'" : "'groups'")",
        why: needsCut ? "queues are emptied into parts of so many tokens" : "like sequences come into equal groups",
        fix: needsCut ? "part-tokens: 64" : "groups: 2")
      return false
    }
    return true
  }

  /// Widths of weights on their way; whether they are kept so and converted at each use.
  private static func widths(_ settings: any PlaceSettings, rate: Double, _ options: inout ExpertOptions) -> Bool {
    let full = settings.formats[.experts].bits
    let bits = settings.number("bits", in: 0.5...64, default: full, because: "as they are computed")
    let rare = settings.number("rare-bits", in: 0.5...64, default: bits, because: "as the others")
    options.rareShare = settings.quantity(
      "rare-share", FractionDimension.self, in: 0...1, default: 0, because: "all of a layer's experts are alike")
    let convert = settings.choice(
      "convert", of: ["on-arrival", "on-use", "in-place"], default: "on-arrival",
      because: "experts are kept as they are computed")
    options.stored = bits / full
    options.rareStored = rare / full
    guard convert != "on-arrival", options.stored < 1 else { return false }
    let moved = settings.number(
      "convert-bytes", in: 0...1024, default: (bits + full) / 8,
      because: "each weight is read as it is kept and written as it is computed")
    options.conversion = options.expertBytes * 8 / full * moved / max(rate, 1)
    options.refetches = convert == "in-place"
    return true
  }

  /// The way of experts to the device and the bytes of the tier that they stand in; nil where it cannot be, which is told.
  private static func way(
    _ settings: any PlaceSettings, _ options: ExpertOptions, rate: Double, converts: Bool, _ machine: inout Machine
  ) -> (way: ExpertWay, capacity: Double)? {
    let tier = settings.tier("from", required: true)
    let isDrive = tier?.kind == .storage
    let drives = settings.count("drives", in: 1...1024, default: 1, because: "one")
    let requests = settings.requests(of: "an expert's weights")
    // A device that computes in the host's memory reads drives into it.
    let (link, efficiency) = settings.path(default: settings.device.hostLink, required: !isDrive)
    let overhead = settings.quantity(
      "overhead", TimeDimension.self, in: 0...1, default: 0, because: "a copy takes its bytes and the link's latency")
    guard let tier, link != nil || isDrive else { return nil }
    let count = settings.layout.tensorParallel
    let read =
      isDrive
      ? machine.reads(tier, drives: drives, request: requests.bytes, depth: requests.depth, name: "read") : nil
    let copy = link.map {
      machine.link(
        $0, count: count, name: "copy", efficiency: efficiency, limit: isDrive ? .infinity : tier.bandwidth.value.value)
    }
    let convert = converts && options.stored < 1 ? machine.stream("convert") : nil
    var way = ExpertWay(
      read: read, copy: copy, convert: convert, expertBytes: options.expertBytes, memoryRate: max(rate, 1),
      copied: machine.resources.ring(2), overhead: overhead)
    way.writesBack = settings.flag("write-back", default: false, because: "the host keeps a copy of every expert")
    let misses = settings.choice(
      "misses", of: ["in-turn", "beside"], default: "in-turn", because: "copies stand in one queue")
    if misses == "beside", let copy {
      way.beside = machine.stream("missed", route: machine.resources.streams[copy.stream.index].route)
    }
    return (way, tier.capacity.value.value * Double(isDrive ? drives : 1))
  }
}
