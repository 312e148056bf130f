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
/// by-path`) those together that are guessed to go to like experts; where no paths are guessed, those that do, which
/// nobody knows before. With `part-tokens` any step does, in parts of at most so many tokens that are each a batch of the
/// engine, with its host's time, embedding and head: as they come, or (`schedule: by-expert`) from one queue an expert, the
/// longest first (Read-ME). A step is then a round in which every sequence has its turn, and yields at its end.
///
/// The eviction `belady` is told what the parts of a step ask for, which is known where the router is decoupled; with
/// `lookahead` also what as many later steps would ask for if all sequences went on, which nobody knows: a bound.
///
/// Settings: `from` (tier), `drives`, `request`, `depth`, `link`, `link-efficiency`, `overhead` (of a copy); `cache:
/// {slots | share, per: layer | model, evict, lookahead}`, `pinned-layers`; `fetch` and its own, `decide`, `choose`,
/// `blocking`, `write-back`, `misses`, `prefetched`, `order` (of a layer's fetches: by number or by tokens); `bits`,
/// `rare-bits`, `rare-share`, `convert`, `convert-bytes`; `groups`, `part-tokens`, `schedule`; `routing` (parameters,
/// and `router: per-layer | decoupled`).
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

  var labels = LayerLabels()
  var counts = ExpertCounts()
  /// By layer and expert the number of its last fetch; 0 for none.
  var numbers: [Int]
  /// Layers in the ring of `prefetch-all`, the oldest first, each with the number of its fetch.
  var ring: [(layer: Int, number: Int)] = []
  /// The mixture layers that the step passes, and the next of them to guess or fetch ahead.
  var passed: [Int] = []
  var next = 0
  /// The end of the mixture layer before; those of steps before have ended.
  var block = TaskRef.none
  var isPrompt = false
  var missing: [Int32] = []
  var list: [Int32] = []
  /// By layer and expert whether it was fetched ahead beside the slots.
  var isApart: [Bool]
  /// Experts of the layer under way that were converted in their place, and the tasks that used them.
  var converted: [(expert: Int32, use: TaskRef)] = []

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
    plan.begin(pieces, shape, labels, on: gpu, host: host)
    if options.predict > 0 {
      plan.run(labels.first, on: gpu, for: options.predict)
    }
  }

  /// What stands after the last layer.
  private func end(_ shape: StepShape, into plan: inout StepPlan) {
    plan.run(labels.last, on: gpu, pieces.last.cost(shape))
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
      let cost = layer.attended(shape)
      let attended = plan.run(labels.attention, on: gpu, cost, after: issued)
      let rest = layer.feedForward.cost(shape)
      guard layer.experts != nil else {
        plan.run(labels.feedForward, on: gpu, rest)
        continue
      }
      defer { mixture += 1 }
      guard place < passed.count, passed[place] == mixture else { continue }
      fetchAhead(place, into: &plan)
      let gate = plan.run(labels.feedForward, on: gpu, rest)
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

  /// Counts how long mixture layers took.
  public mutating func note(_ ends: PlanEnds) { counts.note(ends) }

  /// Whether experts are computed as they come: a conversion reads and writes them once more.
  public var movesModel: Bool { options.stored >= 1 }

  /// What it counted.
  public var figures: [PlacedFigure] {
    let totals = cache.totals
    var figures = counts.figures
    if options.fetch != .prefetchAll {
      figures.append(PlacedFigure("expert-hit-rate", Double(totals.hits), of: Double(totals.accesses)))
      figures.append(counts.decodeHitRate)
      figures.append(
        PlacedFigure("expert-reuse-rate", Double(totals.hits - totals.usefulPrefetches), of: Double(totals.accesses)))
      figures.append(PlacedFigure("prefetch-use", Double(totals.usefulPrefetches), of: Double(totals.prefetches)))
    }
    if let guesses {
      figures.append(PlacedFigure("prefetch-accuracy", Double(guesses.right), of: Double(guesses.asked)))
    }
    figures.append(PlacedFigure("weights-held", options.heldBytes, of: 1, unit: "B"))
    figures.append(PlacedFigure("weights-held-share", options.heldBytes, of: options.allBytes))
    return figures
  }
}
