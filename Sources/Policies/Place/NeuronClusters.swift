import Cluster
import Hardware
import Models
import Timeline
import Units

/// Feed-forward blocks whose neurons are active for few tokens: hot clusters on an NPU, active cold neurons on the pool's
/// processor, and neurons that memory does not hold from flash.
///
/// A decode step predicts which neurons are active. The most popular ones of each block, its `hot` share, never leave
/// memory, and the NPU computes them whether active or not; how many is chosen by what a step costs with them unless it
/// is given, and then they stay in memory without an NPU too. The processor computes those of the others that are active.
/// What memory holds of them are those used last (`cache: lru`; within a `window` of steps, if given), or any (`static`);
/// the rest is read in pages: with `bundle` the rows of a neuron lie together, and the page that holds its gate is read
/// first, the others where the gate opens; without, each row is a page of its own. Of a block never more is read than all
/// of it, and no page is larger. With `pipeline` reads and computations of clusters overlap; otherwise a block waits for its
/// reads. Attention's products are split between both processors. Prompts run dense, on the NPU where there is one, the
/// missing weights of the next block read meanwhile.
/// Activity is expected, not drawn: see `active` and `popularity`, the exponent of the law. With `active: 100 %` it is an
/// engine that pages a dense model.
/// Settings: `npu` (device), `flash` (tier), `memory`, `runtime` and `predictor` (bytes of the memory that hold no weights
/// of the model), `scales` (bytes of the blocks' weights that always stay in memory), `context` (tokens of KV cache),
/// `active` (the share of neurons that are predicted, and so read and computed: more than are not zero), `popularity`,
/// `opened`, `hot`, `cache`, `window`, `bundle`, `pipeline`, `page`, `depth`, `sync`. Source: PowerInfer-2 (Xue et al.,
/// arXiv 2406.06282 v3); LLM in a flash (Alizadeh et al., arXiv 2312.11514).
public struct NeuronClusters: PlacePolicy {
  /// The name that scenarios and reports use.
  public static let name = "neuron-clusters"
  /// What it does.
  public static let summary =
    "Hot neurons on an NPU, active cold ones on the CPU, and from flash what memory does not hold."

  /// Tasks of a layer of a prompt.
  static let layerTasks = 4
  /// Clusters that reads and computations of a block are cut into.
  private static let clusters = 4
  /// Shares of hot neurons that are tried.
  private static let hotShares = [0, 1, 2, 4, 8, 12, 16, 24, 32].map { Double($0) / 64 }

  /// Memory and flash for the neurons.
  struct Store {
    /// Share of the neurons that memory holds.
    var capacity: Double
    var isDynamic: Bool
    /// Steps after which what was not used leaves; infinite where only room counts.
    var window: Double
    /// Bytes that a missing neuron's first read takes, and those that follow it on average.
    var firstRead: Double
    var nextReads: Double
    /// Bytes of a missing neuron that is read with all others.
    var streamed: Double
    /// Reads of pages, and of long runs.
    var pages: Way
    var runs: Way
  }

  let chooser: SplitChooser
  let hasNPU: Bool
  let law: NeuronLaw
  let store: Store
  /// Share of hot neurons; nil where cost chooses it.
  let hot: Double?
  let isPipelined: Bool
  /// Bytes of a layer's predictor.
  let predictor: Double
  /// Neurons of a block, over all experts, by kind of layer.
  let widths: [Double]
  /// What a decode step of so many tokens demands, by kind and tokens.
  private var demands: [[Int: Demand]]
  private var labels = LayerLabels()
  private var predictLabel = TaskLabel.unnamed
  private var hotLabel = TaskLabel.unnamed
  private var readLabel = TaskLabel.unnamed
  private var active = 0.0
  private var missed = 0.0

  /// What a block computes and reads in a decode step.
  struct Demand {
    /// The router and the predictor.
    var predict: PieceCost
    /// Nil where nothing runs on the NPU.
    var hot: PieceCost?
    var held: PieceCost
    var fetched: PieceCost
    /// Neurons.
    var active: Double
    var missed: Double
    /// Bytes that each of those missed takes: first, and after that.
    var firstRead: Double
    var nextReads: Double
  }

  init(
    chooser: SplitChooser, hasNPU: Bool, law: NeuronLaw, store: Store, hot: Double?, isPipelined: Bool,
    predictor: Double, widths: [Double]
  ) {
    (self.chooser, self.hasNPU, self.law, self.store, self.hot) = (chooser, hasNPU, law, store, hot)
    (self.isPipelined, self.predictor, self.widths) = (isPipelined, predictor, widths)
    demands = Array(repeating: [:], count: widths.count)
  }

  /// What is counted changes with every step.
  public var isSteady: Bool { false }

  /// Takes the labels of its tasks.
  public mutating func begin(_ plan: inout StepPlan) {
    labels = LayerLabels(&plan)
    predictLabel = plan.label("predict")
    hotLabel = plan.label("hot neurons")
    readLabel = plan.label("read")
  }

  /// Layer by layer; a step with prompt tokens runs dense.
  public mutating func place(_ step: StepView, into plan: inout StepPlan) {
    let shape = step.shape
    let own = chooser.own
    plan.run(labels.first, on: own, own.pieces.first.cost(shape), into: chooser.ends)
    let isDense = shape.prefillTokens > 0
    // A prompt stays on the NPU, attention included.
    let home: SplitPlace = isDense && hasNPU ? .npu : .own
    for (kind, count) in own.pieces.runs {
      let before: SplitPlace = isDense ? home : hasNPU ? .both : .own
      let layer = chooser.processor(home).pieces.kinds[kind]
      let input = part(shape, home, isDense, after: before) { $0.kinds[kind].input.cost($1) }
      let output = part(shape, home, isDense, after: home) { $0.kinds[kind].output.cost($1) }
      let demand = isDense ? nil : self.demand(kind, shape)
      plan.repeating(count) { plan in
        chooser.run(input, labels.input, after: before, into: &plan)
        chooser.run(alone(layer.attention.cost(shape), home), labels.attention, after: input.place, into: &plan)
        chooser.run(output, labels.output, after: home, into: &plan)
        if let demand {
          sparse(demand, after: output.place, into: &plan)
        } else {
          dense(kind, shape, home, into: &plan)
        }
      }
      if let demand {
        active += demand.active * Double(count)
        missed += demand.missed * Double(count)
      }
    }
    let last: SplitPlace = isDense ? home : hasNPU ? .both : .own
    let head = chooser.piece(shape, after: last) { $0.last.cost($1) }
    chooser.run(head, labels.last, after: last, into: &plan)
  }

  /// Neurons that are not active are not computed.
  public var computesModel: Bool { false }
  /// How often an active neuron stood in memory, and those read from flash.
  public var figures: [PlacedFigure] {
    [PlacedFigure("neuron-hit-rate", active - missed, of: active), PlacedFigure("neurons-read", missed)]
  }

  private func alone(_ cost: PieceCost, _ place: SplitPlace) -> SplitPart {
    SplitPart(own: place == .own ? cost : nil, npu: place == .npu ? cost : nil, meetings: 0, seconds: cost.seconds)
  }

  private func part(
    _ shape: StepShape, _ home: SplitPlace, _ isDense: Bool, after place: SplitPlace,
    _ cost: (ModelPieces, StepShape) -> PieceCost
  ) -> SplitPart {
    isDense
      ? alone(cost(chooser.processor(home).pieces, shape), home) : chooser.piece(shape, after: place, cost)
  }

  /// A block of a prompt: all its neurons, those that memory does not hold read while the layer before computes.
  private func dense(_ kind: Int, _ shape: StepShape, _ home: SplitPlace, into plan: inout StepPlan) {
    let processor = chooser.processor(home)
    let layer = processor.pieces.kinds[kind]
    let missing = (1 - store.capacity) * widths[kind]
    var read = TaskRef.none
    if missing > 0 {
      // Buffers for two blocks: the last but one is computed, the eighth task back.
      read = plan.move(
        readLabel, over: store.runs.stream, bytes: missing * store.streamed, latency: store.runs.latency,
        after: .last(of: chooser.ends, back: isPipelined ? 2 * Self.layerTasks : 1), bound: PieceCost.linkBound)
    }
    plan.run(
      labels.feedForward, on: processor, layer.fed(shape),
      after: .last(of: chooser.ends), read, into: chooser.ends)
  }

  /// A block of a decode step: reads and computations of clusters overlap, or follow each other.
  private func sparse(_ demand: Demand, after place: SplitPlace, into plan: inout StepPlan) {
    let (own, npu, ends) = (chooser.own, chooser.npu, chooser.ends)
    let (one, two) = (TaskRef.last(of: ends), TaskRef.last(of: ends, back: 2))
    let predicted = plan.run(
      predictLabel, on: own, demand.predict, delay: SplitPlace.meets(place, .own) ? chooser.sync : 0, after: one, two)
    let clusters = isPipelined && demand.missed > 0 ? Self.clusters : 1
    func read(_ cluster: Int, into plan: inout StepPlan) -> TaskRef {
      guard demand.missed > 0 else { return predicted }
      let neurons = demand.missed / Double(clusters)
      // Later requests are in flight before the earlier ones are answered.
      let latency = cluster == 0 ? store.pages.latency : 0
      let first = plan.move(
        readLabel, over: store.pages.stream, bytes: neurons * demand.firstRead, latency: latency, after: predicted,
        bound: PieceCost.linkBound)
      guard demand.nextReads > 0 else { return first }
      return plan.move(
        readLabel, over: store.pages.stream, bytes: neurons * demand.nextReads, latency: latency, after: first,
        bound: PieceCost.linkBound)
    }
    let isWaiting = !isPipelined
    let first = read(0, into: &plan)
    if let hot = demand.hot {
      plan.run(
        hotLabel, on: npu, hot, delay: SplitPlace.meets(place, .npu) ? chooser.sync : 0,
        after: isWaiting ? first : one, isWaiting ? .none : two, into: ends)
    }
    plan.run(labels.feedForward, on: own, demand.held, after: isWaiting ? first : predicted)
    for cluster in 0..<clusters {
      plan.run(
        labels.feedForward, on: own, demand.fetched.columns(1 / Double(clusters)),
        after: cluster == 0 ? first : read(cluster, into: &plan), into: cluster == clusters - 1 ? ends : nil)
    }
  }

  /// What a block of `kind` computes and reads in a decode step of `shape`, with as many hot neurons as are given, or as
  /// make it soonest done.
  private mutating func demand(_ kind: Int, _ shape: StepShape) -> Demand {
    if let known = demands[kind][shape.decodes] { return known }
    let (own, npu) = (chooser.own, chooser.npu)
    let experts = own.pieces.kinds[kind].experts
    let share = experts.map { Double($0.perToken) / Double($0.count) } ?? 1
    let chosen =
      experts.map {
        ActiveExperts(count: $0.count, share: share, bytes: 1).active(tokens: shape.decodes) / Double($0.count)
      }
      ?? 1
    func block(_ processor: Processor) -> PieceCost {
      let layer = processor.pieces.kinds[kind]
      return layer.expert == nil ? layer.feedForward.cost(shape) : layer.routed(shape)
    }
    let (onOwn, onNPU) = (block(own), block(npu))
    var predict = experts == nil ? PieceCost() : own.pieces.kinds[kind].feedForward.cost(shape)
    predict.memory += predictor * chosen / own.rate
    var best: (seconds: Double, demand: Demand)?
    let shares =
      hot.map { [min($0, store.capacity)] } ?? Self.hotShares.filter { $0 == 0 || (hasNPU && $0 <= store.capacity) }
    for pinned in shares {
      let found = law.demand(
        tokens: shape.decodes, share: share, capacity: store.capacity, pinned: pinned, isDynamic: store.isDynamic,
        window: store.window)
      let sparse = hasNPU ? found.unpinned : found.active
      // However large a page, no more is read than the whole block.
      let paged = found.missed * (store.firstRead + store.nextReads)
      let read = paged > store.streamed ? store.streamed / paged : 1
      let demand = Demand(
        predict: predict, hot: hasNPU && pinned > 0 ? onNPU.columns(pinned) : nil,
        held: onOwn.columns((sparse - found.missed) / chosen),
        fetched: found.missed > 0 ? onOwn.columns(found.missed / chosen) : PieceCost(),
        active: found.active * widths[kind], missed: found.missed * widths[kind],
        firstRead: store.firstRead * read, nextReads: store.nextReads * read)
      let reads = demand.missed * (demand.firstRead + demand.nextReads) / store.pages.rate
      let computed = SharedRead(demand.held + demand.fetched, on: own).together(
        with: SharedRead(demand.hot ?? PieceCost(), on: npu), limit: chooser.together)
      let seconds = isPipelined ? max(reads, computed) : reads + computed
      if seconds < best?.seconds ?? .infinity { best = (seconds, demand) }
    }
    let demand =
      best?.demand
      ?? Demand(
        predict: predict, held: onOwn, fetched: PieceCost(), active: widths[kind], missed: 0, firstRead: 0, nextReads: 0
      )
    demands[kind][shape.decodes] = demand
    return demand
  }
}

extension ModelPieces.LayerKind {
  /// Bytes of the weights that neurons have: those of a dense block, or of all routed experts.
  var blockBytes: Double { expert == nil ? feedForward.weights : expertBytes * Double(experts?.count ?? 1) }
}
