import Cluster
import Hardware
import Models
import Timeline
import Units

/// Routed experts stand in host memory or on drives; the device holds everything else and a cache of experts, into which
/// they are fetched when the router asks for them, or before.
///
/// `fetch` says when:
/// - `on-demand`: when a layer's gate has chosen.
/// - `prefetch-all`: all experts of the layer `ahead` layers further on, in a ring of `ahead` + 1 layers without a cache
///   (SE-MoE).
/// - `exact-next`: a layer's gate chooses for the next mixture layer, and is never wrong (Pre-gated MoE).
/// - `predicted-next`: a guess at the next layer that finds `accuracy` of the experts, and `coverage` of them with `extra`
///   candidates more for each token; with `io-budget` no more than can come while a layer computes (Fate).
/// - `activation-path`: the `width` experts for each token that followed most often in a table of what was seen (EdgeMoE,
///   and the expert-activation-path baseline of Fate).
/// - `path`: all layers of every token are guessed before the step, which takes `predict`; experts are fetched `ahead`
///   layers ahead, the nearest layer's first, those that find no slot as slots that all layers share get free, so that a
///   layer has as many as are predicted (ExpertFlow; with accuracy 1 a router that is decoupled from the layers, as
///   Read-ME's).
///
/// A wrong guess fetches a wrong expert into a slot; with `prefetched: apart` into a place beside the slots, as long as its
/// layer has not been computed, and the slots hold what was used. What was not guessed is fetched when the gate has
/// chosen, `decide` later, before the guesses at further layers that are not issued yet; with `misses: beside` in a queue
/// of its own, whose copies share the link with those of the guesses, as of two streams with one copy engine. Where the
/// host has a part in every choice, it takes `choose` from the end of the gate until a layer's experts can be fetched or
/// computed, wherever they are. With `blocking` it issues nothing more until what is asked for has come, as where the
/// thread that issues kernels reads files. With
/// `write-back` an expert can be used when the one it came in place of has gone back over the link, as where the host keeps
/// no copy of what the device holds. Experts that find no slot pass through two buffers. Copies are as wide as `bits` says,
/// `rare-bits` for the share of a prompt's experts with the fewest tokens. They are converted when they come, or at each use
/// and kept as they are (`convert: on-use`), or at each use in the place of what was kept, which is then fetched again
/// (`in-place`, as Fate's code has it). A conversion costs the bytes of both formats at the device's memory bandwidth; at
/// each use, `convert-bytes` a weight, as where it is several kernels.
///
/// With `groups` a batch that decodes passes the layers in parts, one after another: as they come, or (`schedule:
/// by-path`) those that go to like experts together. With `part-tokens` any step does, in parts of at most so many tokens
/// that are each a batch of the engine, with its host's time, embedding and head: as they come, or (`schedule: by-expert`)
/// from one queue an expert, the longest first (Read-ME). A step is then a round in which every sequence has its turn, and
/// yields at its end.
///
/// The eviction `belady` is told what the parts of a step ask for, which is known where the router is decoupled; with
/// `lookahead` also what as many later steps would ask for if all sequences went on, which nobody knows: a bound.
///
/// Settings: `from` (tier), `drives`, `request`, `depth`, `link`, `link-efficiency`, `overhead` (of a copy); `cache:
/// {slots | share, per: layer | model, evict, lookahead}`, `pinned-layers`; `fetch` and its own, `decide`, `choose`, `blocking`,
/// `write-back`, `misses`, `prefetched`, `order` (of a layer's fetches: by number or by tokens); `bits`, `rare-bits`,
/// `rare-share`, `convert`, `convert-bytes`; `groups`, `part-tokens`, `schedule`; `routing` (parameters, and `router: per-layer | decoupled`).
/// Sources: Hwang et al., ISCA 2024 (Pre-gated MoE); He et al., 2024 (ExpertFlow); Eliseev and Mazur, 2023 (the cache that
/// writes back, mixtral-offloading's `ExpertCache._swap`); Fang et al., 2025 (Fate; its code is in mindspore-lab/models,
/// research/SYSU/Fate); Yi et al., 2023 (EdgeMoE); Shen et al., 2022 (SE-MoE); Cai et al., 2024 (Read-ME).
public struct ExpertOffload: PlacePolicy {
  /// The name that scenarios and reports use.
  public static let name = "expert-offload"
  /// What it does.
  public static let summary =
    "Routed experts stand in host memory or on drives and are fetched into a cache on the device."

  /// When experts are fetched.
  enum Fetch: String, CaseIterable, Sendable {
    case onDemand = "on-demand"
    case prefetchAll = "prefetch-all"
    case exactNext = "exact-next"
    case predictedNext = "predicted-next"
    case activationPath = "activation-path"
    case path
  }

  /// What is fixed for the run.
  let options: ExpertOptions
  let pieces: ModelPieces
  let gpu: StreamID
  let host: StreamID
  var way: ExpertWay
  var routed: RoutedSteps
  /// Empty where all of a layer is fetched.
  var cache: ExpertCache
  /// Nil where nothing is guessed.
  var guesses: ExpertGuesses?

  private var labels = LayerLabels()
  private var counts = ExpertCounts()
  /// By layer and expert the number of its last fetch; 0 for none.
  private var numbers: [Int]
  /// Layers in the ring of `prefetch-all`, the oldest first, each with the number of its fetch.
  private var ring: [(layer: Int, number: Int)] = []
  /// The mixture layers that the step passes, and the next of them to guess or fetch ahead.
  private var passed: [Int] = []
  private var next = 0
  /// The end of the mixture layer before; those of steps before have ended.
  private var block = TaskRef.none
  private var isPrompt = false
  private var missing: [Int32] = []
  private var list: [Int32] = []
  /// By layer and expert whether it was fetched ahead beside the slots.
  private var isApart: [Bool]
  /// Experts of the layer under way that were converted in their place, and the tasks that used them.
  private var converted: [(expert: Int32, use: TaskRef)] = []

  init(
    options: ExpertOptions, pieces: ModelPieces, gpu: StreamID, host: StreamID, way: ExpertWay, routed: RoutedSteps,
    cache: ExpertCache, guesses: ExpertGuesses?
  ) {
    self.options = options
    self.pieces = pieces
    self.gpu = gpu
    self.host = host
    self.way = way
    self.routed = routed
    self.cache = cache
    self.guesses = guesses
    numbers = Array(repeating: 0, count: cache.shape.layers * cache.shape.experts)
    isApart = Array(repeating: false, count: numbers.count)
  }

  /// Its caches change with every step.
  public var isSteady: Bool { false }
  /// Routing is of tokens.
  public var readsSequences: Bool { true }

  /// Takes the labels of its tasks.
  public mutating func begin(_ plan: inout StepPlan) {
    labels = LayerLabels(&plan)
    way.label(&plan)
  }

  /// Passes the layers, once or in parts.
  public mutating func place(_ step: StepView, into plan: inout StepPlan) {
    counts.begin()
    block = .none
    way.begin(&plan)
    let before = cache.totals
    routed.begin(step.sequences)
    let parts = parts(of: step)
    foresee(parts, of: step)
    if options.partTokens != nil {
      for part in parts {
        routed.routing = part.routing
        pass(part.shape, withEnds: true, into: &plan)
      }
    } else {
      begin(step.shape, into: &plan)
      for part in parts {
        routed.routing = part.routing
        pass(part.shape, withEnds: false, into: &plan)
      }
      end(step.shape, into: &plan)
    }
    if step.shape.prefillTokens == 0 { counts.decoded(from: before, to: cache.totals) }
  }

  /// What stands before the first layer, and the guess at paths.
  private func begin(_ shape: StepShape, into plan: inout StepPlan) {
    let first = pieces.first.cost(shape)
    plan.run(labels.first, on: gpu, for: first.seconds, bound: first.bound)
    if options.predict > 0 {
      plan.run(labels.first, on: gpu, for: options.predict)
    }
  }

  /// What stands after the last layer.
  private func end(_ shape: StepShape, into plan: inout StepPlan) {
    let last = pieces.last.cost(shape)
    plan.run(labels.last, on: gpu, for: last.seconds, bound: last.bound)
  }

  /// Passes all layers with the tokens that were routed last.
  private mutating func pass(_ shape: StepShape, withEnds: Bool, into plan: inout StepPlan) {
    if withEnds { begin(shape, into: &plan) }
    isPrompt = shape.prefillTokens > 0
    passed.removeAll(keepingCapacity: true)
    for layer in 0..<cache.shape.layers where !routed.routing.experts(layer).isEmpty { passed.append(layer) }
    next = 0
    if options.fetch == .path {
      for layer in passed { guesses?.guess(routed.routing, layer: layer, ahead: 1, extra: 0) }
    }
    // The host issues only the layers that see tokens.
    let seen = options.roles.count { shape.passes($0) }
    let dispatch = pieces.dispatchPerLayer(shape) * Double(pieces.layers.count) / Double(max(1, seen))
    var (mixture, place) = (0, 0)
    for (index, kind) in pieces.layers.enumerated() {
      let layer = pieces.kinds[kind]
      guard shape.passes(options.roles[index]) else {
        mixture += layer.experts == nil ? 0 : 1
        continue
      }
      let issued = plan.run(labels.host, on: host, for: dispatch, bound: PieceCost.hostBound)
      let cost = layer.input.cost(shape) + layer.attention.cost(shape) + layer.output.cost(shape)
      let attended = plan.run(labels.attention, on: gpu, for: cost.seconds, after: issued, bound: cost.bound)
      let rest = layer.feedForward.cost(shape)
      guard layer.experts != nil else {
        plan.run(labels.feedForward, on: gpu, for: rest.seconds, bound: rest.bound)
        continue
      }
      defer { mixture += 1 }
      guard place < passed.count, passed[place] == mixture else { continue }
      fetchAhead(place, into: &plan)
      let gate = plan.run(labels.feedForward, on: gpu, for: rest.seconds, bound: rest.bound)
      let seconds = max(cost.seconds + rest.seconds, dispatch)
      // The host takes the gate's choice, and issues what follows from it.
      let chosen =
        options.choose > 0
        ? plan.run(labels.host, on: host, for: options.choose, after: gate, bound: PieceCost.hostBound) : gate
      let (end, busy) = reach(place, layer, gate: chosen, seconds: seconds + options.choose, into: &plan)
      block = end
      counts.block(from: attended, to: end, busy: rest.seconds + busy)
      place += 1
    }
    guesses?.learn(routed.routing)
    if withEnds { end(shape, into: &plan) }
  }

  /// Fetches what does not wait for the gate of the layer at `place`: of the ring, or of paths that are known.
  private mutating func fetchAhead(_ place: Int, into plan: inout StepPlan) {
    switch options.fetch {
    case .prefetchAll:
      for ahead in place...place + options.ahead {
        // After the last layer come the first ones of a step like this one.
        let layer = passed[ahead % passed.count]
        guard !ring.contains(where: { $0.layer == layer }) else { continue }
        fetchLayer(layer, into: &plan)
      }
    case .path:
      next = max(next, place)
      while next < min(place + options.ahead, passed.count) {
        let isWhole = prefetch(passed[next], after: block, into: &plan)
        // What found no slot is fetched into those that earlier layers leave; a layer's own ones it would wait for in vain.
        guard isWhole || !cache.isShared else { break }
        next += 1
      }
    default: break
    }
  }

  /// Fetches all experts of a layer in place of the oldest in the ring, once the layer before has been computed.
  private mutating func fetchLayer(_ layer: Int, into plan: inout StepPlan) {
    if ring.count > options.ahead { ring.removeFirst() }
    let bytes = options.storedBytes(rank: 0, of: 1, isPrompt: false) * Double(cache.shape.experts)
    let number = way.fetch(bytes, experts: cache.shape.experts, after: block, into: &plan)
    ring.append((layer, number))
    counts.fetched(cache.shape.experts, bytes: bytes)
  }

  /// Fetches what is guessed of `layer` and not there, once `known` has ended; false where some of it found no slot.
  @discardableResult
  private mutating func prefetch(_ layer: Int, after known: TaskRef, into plan: inout StepPlan) -> Bool {
    guard let guess = guesses?.of(layer) else { return true }
    list.removeAll(keepingCapacity: true)
    for expert in guess.experts {
      // Those that are there stay until the layer has been computed.
      if cache.holds(layer, expert) { _ = try? cache.prefetch(layer, expert) } else { list.append(expert) }
    }
    sort { guess.tokens($0) }
    var isWhole = true
    for (rank, expert) in list.enumerated() {
      if options.keepsApart {
        isApart[layer * cache.shape.experts + Int(expert)] = true
      } else {
        guard (try? cache.prefetch(layer, expert)) == true else {
          isWhole = false
          continue
        }
      }
      fetch(layer, expert, rank: rank, after: known, isBuffered: false, into: &plan)
    }
    return isWhole
  }

  /// Puts the experts to fetch in the order of their tokens, the most first, where that is asked for.
  private mutating func sort(by tokens: (Int32) -> Int) {
    guard options.isByTokens else { return }
    list.sort { (tokens($1), $0) < (tokens($0), $1) }
  }

  @discardableResult
  private mutating func fetch(
    _ layer: Int, _ expert: Int32, rank: Int, after known: TaskRef, delay: Double = 0, isBuffered: Bool,
    into plan: inout StepPlan
  ) -> Int {
    let bytes = options.storedBytes(rank: rank, of: list.count, isPrompt: isPrompt)
    let number = way.fetch(bytes, after: known, delay: delay, isBuffered: isBuffered, into: &plan)
    numbers[layer * cache.shape.experts + Int(expert)] = number
    counts.fetched(1, bytes: bytes)
    return number
  }

  /// What an expert that is fetched waits for: a fetch in turn, by its number, or the end of one beside the others.
  private enum Coming {
    case fetch(Int)
    case end(TaskRef)
  }

  /// Fetches the expert of a layer that is at `rank` of those it misses, beside what is fetched ahead where that has a queue
  /// of its own.
  private mutating func fetchMissed(
    _ layer: Int, rank: Int, after gate: TaskRef, delay: Double, isBuffered: Bool, into plan: inout StepPlan
  ) -> Coming {
    let expert = list[rank]
    guard let beside = way.beside else {
      return .fetch(
        fetch(layer, expert, rank: rank, after: gate, delay: delay, isBuffered: isBuffered, into: &plan))
    }
    let bytes = options.storedBytes(rank: rank, of: list.count, isPrompt: isPrompt)
    let end = way.fetch(bytes, beside: beside, after: gate, delay: delay, isBuffered: isBuffered, into: &plan)
    // It has come before the layer ends.
    numbers[layer * cache.shape.experts + Int(expert)] = 0
    counts.fetched(1, bytes: bytes)
    return .end(end)
  }

  /// Fetches what the layer at `place` lacks and computes its experts; `gate` is the task that has chosen them.
  private mutating func reach(
    _ place: Int, _ kind: ModelPieces.LayerKind, gate: TaskRef, seconds: Double, into plan: inout StepPlan
  ) -> (end: TaskRef, busy: Double) {
    let layer = passed[place]
    let experts = routed.routing.experts(layer)
    counts.asked(experts.count)
    guesses?.check(layer, experts)
    if options.fetch == .prefetchAll {
      let number = ring.first { $0.layer == layer }?.number ?? 0
      let cost = self.cost(experts, layer, kind)
      let end = plan.run(
        labels.expert, on: gpu, for: cost.seconds, after: gate, way.wait(for: number), bound: cost.bound)
      return (end, cost.seconds)
    }
    do { try cache.access(layer, experts, scores: routed.routing.scores(layer), missing: &missing) } catch {
      counts.evictionFailed()
    }
    if options.keepsApart { takeApart(layer) }
    var (end, busy) = computeThere(layer, experts, kind, gate: gate, into: &plan)
    list = missing
    sort { [routing = routed.routing] in routing.tokens(layer, $0) }
    var comes: [Coming] = []
    for rank in 0...list.count {
      if rank < list.count {
        // Copies are issued in a row once the host knows what to copy.
        let isBuffered = !cache.holds(layer, list[rank])
        comes.append(
          fetchMissed(
            layer, rank: rank, after: gate, delay: rank == 0 ? options.decide : 0, isBuffered: isBuffered, into: &plan))
      }
      guard rank > 0 else { continue }
      let expert = list[rank - 1]
      let cost = self.cost(CollectionOfOne(expert), layer, kind)
      let come = wait(for: comes[rank - 1], after: gate, into: &plan)
      end = plan.run(labels.expert, on: gpu, for: cost.seconds, after: gate, come, bound: cost.bound)
      if !cache.holds(layer, expert) { way.used(in: end) } else if options.refetches { converted.append((expert, end)) }
      busy += cost.seconds
    }
    if place + 1 < passed.count, options.guessesNext {
      let extra = options.extra(seconds: seconds, way)
      guesses?.guess(routed.routing, layer: passed[place + 1], ahead: 1, extra: extra)
      prefetch(passed[place + 1], after: gate, into: &plan)
    }
    fetchAgain(layer, into: &plan)
    cache.finish(layer)
    return (end, busy)
  }

  /// Takes what was fetched ahead for a layer out of what it misses.
  private mutating func takeApart(_ layer: Int) {
    let (first, count) = (layer * cache.shape.experts, missing.count)
    let own = first..<first + cache.shape.experts
    missing.removeAll { isApart[first + Int($0)] }
    cache.foundBeside(used: count - missing.count, fetched: isApart[own].count { $0 })
    for place in own { isApart[place] = false }
  }

  /// Fetches what the layer has converted in its place again, behind what is fetched for the next layer.
  private mutating func fetchAgain(_ layer: Int, into plan: inout StepPlan) {
    let bytes = options.expertBytes * options.stored
    for (expert, use) in converted {
      numbers[layer * cache.shape.experts + Int(expert)] = way.fetch(bytes, after: use, into: &plan)
      counts.fetched(1, bytes: bytes)
    }
    converted.removeAll(keepingCapacity: true)
  }

  /// Computes the experts of a layer that are there together, and then those that are on their way, when they have come.
  private mutating func computeThere(
    _ layer: Int, _ experts: ArraySlice<Int32>, _ kind: ModelPieces.LayerKind, gate: TaskRef, into plan: inout StepPlan
  ) -> (end: TaskRef, busy: Double) {
    var (end, busy) = (gate, 0.0)
    let there = experts.filter { !missing.contains($0) }
    let first = layer * cache.shape.experts
    let late = there.filter { way.isUnderWay(numbers[first + Int($0)]) }
    for part in [there.filter { !late.contains($0) }, late] where !part.isEmpty {
      let cost = self.cost(part, layer, kind)
      let last = part.reduce(0) { max($0, numbers[first + Int($1)]) }
      let come = wait(for: .fetch(last), after: gate, into: &plan)
      end = plan.run(labels.expert, on: gpu, for: cost.seconds, after: gate, come, bound: cost.bound)
      if options.refetches { converted += part.filter { cache.holds(layer, $0) }.map { ($0, end) } }
      busy += cost.seconds
    }
    return (end, busy)
  }

  /// What experts wait for until they have come; a host that is blocked waits with them.
  private mutating func wait(for coming: Coming, after gate: TaskRef, into plan: inout StepPlan) -> TaskRef {
    var come = TaskRef.none
    switch coming {
    case .fetch(let number):
      let isUnderWay = way.isUnderWay(number)
      come = way.wait(for: number)
      guard isUnderWay else { return come }
    case .end(let task): come = task
    }
    guard options.isBlocking else { return come }
    return plan.run(labels.host, on: host, for: 0, after: gate, come, bound: PieceCost.hostBound)
  }

  /// What experts of a layer cost for the step's tokens, and the conversion of those that are kept as they were stored.
  private func cost(_ experts: some Collection<Int32>, _ layer: Int, _ kind: ModelPieces.LayerKind) -> PieceCost {
    var sum = PieceCost()
    guard let piece = kind.expert else { return sum }
    for expert in experts {
      var one = StepShape()
      one.prefillTokens = routed.routing.tokens(layer, expert)
      let cost = piece.cost(one)
      sum.compute += cost.compute
      sum.memory += cost.memory + options.conversion
      sum.launch = cost.launch
    }
    return sum
  }

  /// Counts how long mixture layers took.
  public mutating func note(_ ends: PlanEnds) { counts.note(ends) }

  /// What it counted.
  public var figures: [PlacedFigure] {
    let totals = cache.totals
    var figures = counts.figures
    if options.fetch != .prefetchAll {
      figures.append(PlacedFigure("expert-hit-rate", Double(totals.hits), of: Double(totals.accesses)))
      figures.append(counts.decodeHitRate)
      figures.append(
        PlacedFigure("expert-reuse-rate", Double(totals.accesses - totals.fetches), of: Double(totals.accesses)))
      figures.append(PlacedFigure("prefetch-use", Double(totals.usefulPrefetches), of: Double(totals.prefetches)))
    }
    if let guesses {
      figures.append(PlacedFigure("prefetch-accuracy", Double(guesses.right), of: Double(guesses.asked)))
    }
    figures.append(PlacedFigure("weights-held", options.heldBytes, unit: "B"))
    figures.append(PlacedFigure("weights-held-share", options.heldBytes, of: options.allBytes))
    return figures
  }
}
