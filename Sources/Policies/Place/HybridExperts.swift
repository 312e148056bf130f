import Cluster
import Hardware
import Models
import Timeline
import Units

/// Routed experts are computed on the device or on the processor beside it, whichever is done first; the device holds
/// everything else and a cache of experts, which are copied over the link.
///
/// `scheduling` says who computes what a layer asks for:
/// - `dynamic`: device, processor and link are simulated greedily. The device takes the experts that it holds, the one
///   with the most tokens first, and then those that the link brings, again by tokens; the processor takes the others
///   from the one with the fewest tokens on; the next expert goes to whoever would be done with it first (HybriMoE).
/// - `fixed`: the device what it holds, the processor the rest (kTransformers).
/// - `gpu`: the device all; what it lacks is copied when the gate has chosen (AdapMoE).
/// - `layers`: no cache; the device has whole layers, the first ones, and the processor all others (llama.cpp).
///
/// While the link is idle experts that are guessed for the next `prefetch` layers are copied, always the one that would
/// shorten its layer most; or, with `ahead: scores`, in steps without prompts those of the next layer whose recent router
/// scores are highest, `prefetch-experts` of them and whether the link is idle or not, as the artifact does. Then with
/// `updates` those that the processor has just computed, if the eviction lets them in.
/// The device computes shared experts first, while the processor has begun with its own.
/// The cache begins with the experts of each layer that most tokens of other requests went to; with `fill: first` with those
/// of the lowest numbers, as HybriMoE's artifact loads them (`load_weights_to_storage`); or, with `spread:
/// whole-layers`, it is all experts of the first layers and none of the others, attention staying on the device (the rules
/// for kTransformers in HybriMoE's artifact). Activations of what the processor computes cross the link beside the experts,
/// both ways. With `cpu-products: int8` the processor multiplies in int8, as llamafile's kernels do with 4-bit weights, which
/// they unpack as they go.
///
/// Settings: `cpu` (device), `link`, `link-efficiency`, `cache` (share of the experts, for `layers` of the layers),
/// `spread`, `fill` (hottest or first), `scheduling`, `ahead` (gain or scores), `prefetch` (layers), `accuracy` (of
/// guesses, for each layer ahead), `prefetch-experts`, `evict` (`belady` is told what the step and the `lookahead` steps
/// after it ask for), `updates`, `cpu-products`, `expert-launch` (the device's least time of an expert), `cpu-start`
/// (before the processor's first of a layer), `routing`.
/// Source: S. Zhong et al., "HybriMoE: hybrid CPU-GPU scheduling and cache management for efficient MoE inference", DAC
/// 2025; the greedy rule as in its artifact (PKU-SEC-Lab/HybriMoE at 0f6e78b, `HSS`), and so `ahead: scores`
/// (`prefetch_expert`).
public struct HybridExperts: PlacePolicy {
  /// The name that scenarios and reports use.
  public static let name = "hybrid-experts"
  /// What it does.
  public static let summary =
    "Experts are computed on the device or on the processor beside it, as a schedule of both and the link says."

  /// What is fixed for the run.
  struct Options: Sendable {
    var rule: HybridSchedule.Rule
    /// Whether the device has whole layers, and no cache.
    var isByLayers: Bool
    /// Layers that the device computes; the processor all that follow.
    var deviceLayers: Int
    var prefetch: Int
    /// How many of the next layer's experts are copied by recent scores; nil where by gain.
    var byScores: Int?
    var updates: Bool
    /// Experts that the cache of each mixture layer holds.
    var slots: [Int]
    /// Whether the cache begins with the first experts of each layer, and not with the hottest.
    var fillsFirst: Bool
    /// The device's least seconds of an expert.
    var launch: Double
    /// Whether the cache is told what a step asks for, and what comes after as far as it is looked ahead.
    var foresees: Bool
  }

  let options: Options
  let pieces: ModelPieces
  let beside: ModelPieces
  /// A routed expert on either.
  let expert: Piece
  let expertBeside: Piece
  let gpu: StreamID
  let host: StreamID
  let cpu: StreamID
  let send: Way
  let results: Way
  var way: ExpertWay
  var routed: RoutedSteps
  var cache: ExpertCache
  var predictor: ExpertPredictor
  var costs: HybridSeconds

  var labels = LayerLabels()
  var sendLabel = TaskLabel.unnamed
  var resultLabel = TaskLabel.unnamed
  var besideLabel = TaskLabel.unnamed
  var sharedLabel = TaskLabel.unnamed
  var schedule = HybridSchedule()
  var trial = HybridSchedule()
  var recent: RecentScores
  var isPrompt = false
  var ahead: [HybridAhead] = []
  var guess = GuessedExperts()
  var asked: [HybridExpert] = []
  var missing: [Int32] = []
  /// By layer and expert the number of its last copy, 0 for none, and when by ``now`` it has come.
  var numbers: [Int]
  var arrivals: [Double]
  /// Seconds since the run began without its pauses, as the schedules have them, and when the link is free.
  var now = 0.0
  var linkFree = 0.0
  var computed = (device: 0, processor: 0)
  var faults = 0

  init(
    options: Options, pieces: ModelPieces, beside: ModelPieces, experts: (Piece, Piece),
    streams: (gpu: StreamID, host: StreamID, cpu: StreamID),
    send: Way, results: Way, way: ExpertWay, routed: RoutedSteps, cache: ExpertCache, predictor: ExpertPredictor,
    costs: HybridSeconds, recent: RecentScores
  ) {
    (self.options, self.pieces, self.beside) = (options, pieces, beside)
    (expert, expertBeside) = experts
    (gpu, host, cpu) = streams
    (self.send, self.results, self.way, self.routed) = (send, results, way, routed)
    (self.cache, self.predictor, self.costs, self.recent) = (cache, predictor, costs, recent)
    numbers = Array(repeating: 0, count: cache.shape.layers * cache.shape.experts)
    arrivals = Array(repeating: 0, count: numbers.count)
  }

  /// Its cache changes with every step.
  public var isSteady: Bool { false }
  /// Routing is of tokens.
  public var readsSequences: Bool { true }

  /// Takes the labels of its tasks, and fills the cache.
  public mutating func begin(_ plan: inout StepPlan) {
    labels = LayerLabels(&plan)
    sendLabel = plan.label("send")
    besideLabel = plan.label("expert-beside")
    sharedLabel = plan.label("expert-shared")
    resultLabel = plan.label("result")
    way.label(&plan)
    fill()
  }

  /// Passes the layers.
  public mutating func place(_ step: StepView, into plan: inout StepPlan) {
    let shape = step.shape
    isPrompt = shape.prefillTokens > 0
    way.begin(&plan)
    if !options.isByLayers { routed.begin(step.sequences) }
    if options.foresees { cache.foresee(routed.future(of: [routed.routing], then: step.sequences)) }
    plan.begin(pieces, shape, labels, on: gpu, host: host)
    now += pieces.first.seconds(shape)
    let dispatch = pieces.dispatchPerLayer(shape)
    var (mixture, done) = (0, TaskRef.none)
    for (index, kind) in pieces.layers.enumerated() {
      guard index < options.deviceLayers else {
        done = whole(beside.kinds[kind], shape, after: done, isFirst: index == options.deviceLayers, into: &plan)
        continue
      }
      let layer = pieces.kinds[kind]
      let issued = plan.run(labels.host, on: host, for: dispatch, bound: PieceCost.hostBound)
      let cost = layer.attended(shape)
      plan.run(labels.attention, on: gpu, cost, after: issued, done)
      let hasGate = layer.experts != nil && !options.isByLayers
      var rest = (hasGate ? layer.router ?? layer.feedForward : layer.feedForward).cost(shape)
      if options.isByLayers { rest = rest + layer.routed(shape) }
      let gate = plan.run(labels.feedForward, on: gpu, rest)
      done = .none
      now += max(dispatch, cost.seconds + rest.seconds)
      guard hasGate else { continue }
      defer { mixture += 1 }
      let shared = layer.shared?.cost(shape)
      costs.shared = shared?.seconds ?? 0
      if let shared { plan.run(sharedLabel, on: gpu, shared) }
      guard !routed.routing.experts(mixture).isEmpty else {
        now += costs.shared
        continue
      }
      done = reach(mixture, gate, pause: max(dispatch, cost.seconds + rest.seconds), into: &plan)
    }
    // The head is on the device: it gets the tokens that are sampled.
    if options.deviceLayers < pieces.layers.count, shape.sampled > 0 {
      done = bring(width * Double(shape.sampled), after: done, into: &plan)
    }
    let last = pieces.last.cost(shape)
    plan.run(labels.last, on: gpu, last, after: done)
    now += last.seconds
  }

  /// A whole layer on the processor.
  private func whole(
    _ layer: ModelPieces.LayerKind, _ shape: StepShape, after done: TaskRef, isFirst: Bool, into plan: inout StepPlan
  ) -> TaskRef {
    let cost = layer.cost(shape)
    var before = done
    if isFirst {
      let ready = plan.run(labels.output, on: gpu, for: 0)
      before = plan.move(
        sendLabel, over: send.stream, bytes: width * Double(shape.tokens), latency: send.latency, after: ready,
        bound: PieceCost.linkBound)
    }
    return plan.run(besideLabel, on: cpu, cost, after: before)
  }

  /// Bytes of one token's activations.
  var width: Double { Double(pieces.hidden) * pieces.activationBytes }

  /// What it counted.
  public var figures: [PlacedFigure] {
    let totals = cache.totals
    let all = Double(computed.device + computed.processor)
    return [
      PlacedFigure("expert-hit-rate", Double(totals.hits), of: Double(totals.accesses)),
      PlacedFigure("experts-beside", Double(computed.processor), of: all),
      PlacedFigure("prefetches", Double(totals.prefetches)),
      PlacedFigure("prefetch-use", Double(totals.usefulPrefetches), of: Double(totals.prefetches)),
    ] + (faults > 0 ? [PlacedFigure("eviction-faults", Double(faults))] : [])
  }
}
