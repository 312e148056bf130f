import Cluster
import Hardware
import Kernel
import Models
import Timeline
import Units

/// Routed experts stand on a drive in nested bits: 2 low ones, a third and a fourth; each token takes 2, 3 or 4 bits of
/// each of its experts, and the device's memory holds as many planes of bits as a budget allows.
///
/// What a layer lacks is read when its gate has chosen, low bits before high ones, once for all tokens. A plane is
/// multiplied for all tokens that take it when it has come: the low bits for all tokens of the expert, higher ones for
/// those that take more. With `order: hottest-first` the plane that most tokens wait for is read first, and what is
/// there is computed meanwhile (HEBF); with `by-number` both go by the experts' numbers. Where a layer needs more than
/// the budget its experts come in parts. High bits leave first, of these the ones whose layer's turn comes last.
///
/// `widths: static` has every expert whole in `static-bits`, for all its tokens (EdgeMoE); with `overlap: false` a layer
/// computes when all of it has been read. A budget for all experts is a model in memory after its first steps.
///
/// Settings: `from` (tier), `request`, `depth`, `link`, `budget`, `widths`, `static-bits`, `three-bits` and `four-bits`
/// (shares of a token's experts), `order`, `overlap`, `group` (least time of an expert in all its bits, of which a plane takes
/// its part: kernels that unpack and multiply), `scale-group` (weights that share a scale, 0 for none), `routing`.
/// Source: H. Wang, Q. Zhou, Z. Hong, S. Guo, "D2MoE: dual routing and dynamic scheduling for efficient on-device
/// MoE-based LLM serving", MobiCom 2025 (arXiv 2504.15299).
public struct ExpertBits: PlacePolicy {
  /// The name that scenarios and reports use.
  public static let name = "expert-bits"
  /// What it does.
  public static let summary =
    "Experts are read from a drive in nested bits, those first that most tokens wait for, within a budget of memory."

  /// What is fixed for the run.
  struct Options: Sendable {
    /// Bits of each plane, the low ones first.
    var bits: [Int]
    /// Bits of the format that costs are of.
    var formatBits: Double
    /// Shares of a token's experts that take each of the widths.
    var shares: [Double]
    var isHottestFirst: Bool
    var overlaps: Bool
    /// Least seconds of an expert in all its bits.
    var group: Double
    /// Bytes of all other weights.
    var otherBytes: Double
  }

  /// The tokens of an expert that take a plane.
  private struct Group {
    var expert: Int32
    var level: Int
  }

  let options: Options
  let pieces: ModelPieces
  let gpu: StreamID
  let host: StreamID
  let read: Way
  var routed: RoutedSteps
  var planes: BitPlanes
  private let draws: RandomFamily

  private var labels = LayerLabels()
  private var readLabel = TaskLabel.unnamed
  /// Of the layer under way: tokens by expert and level, and by expert the planes that are needed, 0 for none.
  private var tokens: [Int]
  private var needed: [Int]
  private var order: [Int32] = []
  private var waiting: [Group] = []
  private var loads: [Group] = []
  private var counts = (waits: 0.0, phases: 0.0, reads: 0.0, asked: 0, found: 0)

  init(
    options: Options, pieces: ModelPieces, gpu: StreamID, host: StreamID, read: Way, routed: RoutedSteps,
    planes: BitPlanes, seed: UInt64
  ) {
    (self.options, self.pieces, self.gpu, self.host) = (options, pieces, gpu, host)
    (self.read, self.routed, self.planes) = (read, routed, planes)
    draws = RandomFamily(seed: seed, consumer: .placement)
    let experts = routed.routing.shape.experts
    tokens = Array(repeating: 0, count: experts * options.bits.count)
    needed = Array(repeating: 0, count: experts)
  }

  /// What is held changes with every step.
  public var isSteady: Bool { false }
  /// Routing is of tokens.
  public var readsSequences: Bool { true }

  /// Takes the labels of its tasks.
  public mutating func begin(_ plan: inout StepPlan) {
    labels = LayerLabels(&plan)
    readLabel = plan.label("read")
  }

  /// Passes the layers.
  public mutating func place(_ step: StepView, into plan: inout StepPlan) {
    let shape = step.shape
    routed.begin(step.sequences)
    plan.begin(pieces, shape, labels, on: gpu, host: host)
    let dispatch = pieces.dispatchPerLayer(shape)
    var mixture = 0
    for kind in pieces.layers {
      let layer = pieces.kinds[kind]
      let issued = plan.run(labels.host, on: host, for: dispatch, bound: PieceCost.hostBound)
      let cost = layer.attended(shape)
      plan.run(labels.attention, on: gpu, cost, after: issued)
      let gate = plan.run(labels.feedForward, on: gpu, layer.feedForward.cost(shape))
      guard layer.experts != nil, let expert = layer.expert else { continue }
      if !routed.routing.experts(mixture).isEmpty { reach(mixture, gate, expert, into: &plan) }
      mixture += 1
    }
    plan.run(labels.last, on: gpu, pieces.last.cost(shape))
  }

  /// Reads and computes the experts of a layer, in as many parts as the budget makes of them.
  private mutating func reach(_ layer: Int, _ gate: TaskRef, _ expert: Piece, into plan: inout StepPlan) {
    choose(layer)
    order = Array(routed.routing.experts(layer))
    if options.isHottestFirst {
      let routing = routed.routing
      order.sort { (routing.tokens(layer, $1), $0) < (routing.tokens(layer, $0), $1) }
    }
    var (part, bytes) = (0, 0.0)
    var clock = Clock(gate: gate)
    for (place, other) in order.enumerated() {
      let own = planes.bytes.prefix(needed[Int(other)]).reduce(0, +)
      if bytes + own > planes.budget, place > part {
        compute(layer, part..<place, expert, &clock, into: &plan)
        (part, bytes) = (place, 0)
      }
      bytes += own
    }
    compute(layer, part..<order.count, expert, &clock, into: &plan)
    counts.waits += clock.waits
    counts.reads += clock.reads
    counts.phases += clock.computed
  }

  /// Seconds from the gate of a layer on, and the tasks that the next part waits for.
  private struct Clock {
    var gate: TaskRef
    var before = TaskRef.none
    var computed = 0.0
    /// When the last read ends, and how long all of them take.
    var read = 0.0
    var reads = 0.0
    var waits = 0.0

    init(gate: TaskRef) { self.gate = gate }
  }

  /// Draws how many bits each token takes of each of its experts.
  private mutating func choose(_ layer: Int) {
    for place in tokens.indices { tokens[place] = 0 }
    let (routing, levels) = (routed.routing, options.bits.count)
    for (index, token) in routing.routed.enumerated() {
      let own = draws.family(UInt64(bitPattern: Int64(token.request))).family(UInt64(token.position))
      for expert in routing.experts(layer, token: index) {
        var stream = own.stream(UInt64(layer) << 16 | UInt64(expert))
        var (level, rest) = (0, levels > 1 ? stream.uniform() : 0)
        while level + 1 < levels, rest >= options.shares[level] {
          rest -= options.shares[level]
          level += 1
        }
        tokens[Int(expert) * levels + level] += 1
      }
    }
    for expert in needed.indices {
      let own = tokens[expert * levels..<(expert + 1) * levels]
      needed[expert] = (own.lastIndex { $0 > 0 }).map { $0 - own.startIndex + 1 } ?? 0
      planes.note(layer, expert, tokens: own.reduce(0, +))
    }
  }

  /// Tokens that wait for a plane of an expert.
  private func heat(_ group: Group) -> Int {
    let first = Int(group.expert) * options.bits.count
    return tokens[first + group.level..<first + options.bits.count].reduce(0, +)
  }

  /// Reads what is missing of a part of a layer's experts, and computes them.
  private mutating func compute(
    _ layer: Int, _ part: Range<Int>, _ expert: Piece, _ clock: inout Clock, into plan: inout StepPlan
  ) {
    loads.removeAll(keepingCapacity: true)
    waiting.removeAll(keepingCapacity: true)
    for other in order[part] {
      let held = planes.held(layer, other)
      counts.asked += needed[Int(other)]
      counts.found += min(held, needed[Int(other)])
      for level in 0..<needed[Int(other)] {
        if level >= held { loads.append(Group(expert: other, level: level)) }
        // By number what is there waits for its turn.
        if level < held || !options.isHottestFirst { waiting.append(Group(expert: other, level: level)) }
      }
    }
    if options.isHottestFirst {
      let keyed = loads.map { (heat: heat($0), group: $0) }
      loads = keyed.sorted {
        ($1.heat, $0.group.expert, $0.group.level) < ($0.heat, $1.group.expert, $1.group.level)
      }.map(\.group)
      waiting += loads
    }
    let stays = needed.indices.map { index in order[part].contains(Int32(index)) ? needed[index] : 0 }
    var come = Array(repeating: TaskRef.none, count: tokens.count)
    var moments = Array(repeating: 0.0, count: tokens.count)
    var (last, lastMoment) = (TaskRef.none, 0.0)
    let start = clock.computed
    for load in loads {
      let bytes = planes.bytes[load.level]
      planes.add(layer, load.expert, needed: stays)
      last = plan.move(
        readLabel, over: read.stream, bytes: bytes, latency: read.latency, after: clock.gate, clock.before,
        bound: PieceCost.linkBound)
      clock.read = max(clock.read, start) + read.seconds(bytes)
      clock.reads += read.seconds(bytes)
      lastMoment = clock.read
      let place = Int(load.expert) * options.bits.count + load.level
      (come[place], moments[place]) = (last, lastMoment)
    }
    for group in waiting {
      let place = Int(group.expert) * options.bits.count + group.level
      let tokens = heat(group)
      guard tokens > 0 else { continue }
      let seconds = self.seconds(tokens, options.bits[group.level], expert)
      let (ready, moment) = options.overlaps ? (come[place], moments[place]) : (last, lastMoment)
      clock.before = plan.run(
        labels.expert, on: gpu, for: seconds, after: clock.gate, ready,
        bound: seconds > least(options.bits[group.level])
          ? expert.cost(HybridExperts.shape(tokens)).bound : PieceCost.hostBound)
      clock.waits += max(0, moment - clock.computed)
      clock.computed = max(clock.computed, moment) + seconds
    }
  }

  /// Seconds of `tokens` tokens with a plane of `bits` bits of one expert: bytes are read as many as it has bits.
  private func seconds(_ tokens: Int, _ bits: Int, _ expert: Piece) -> Double {
    let cost = expert.cost(HybridExperts.shape(tokens))
    return max(least(bits), cost.launch + cost.compute + cost.memory * Double(bits) / options.formatBits)
  }

  /// The least seconds of a plane of `bits` bits.
  private func least(_ bits: Int) -> Double {
    options.group * Double(bits) / Double(max(1, options.bits.reduce(0, +)))
  }

  /// An expert is multiplied plane by plane, in as many bits as its tokens ask for.
  public var computesModel: Bool { false }
  /// What it counted: the share of the time of mixture layers in excess of what reads or kernels take alone, whichever is
  /// longer; that in which the device waits for bits; the share of planes that were there; and the most bytes that it held of
  /// experts, and of all weights.
  public var figures: [PlacedFigure] {
    let alone = max(counts.reads, counts.phases - counts.waits)
    return [
      PlacedFigure("bubble-share", counts.phases - alone, of: counts.phases),
      PlacedFigure("wait-share", counts.waits, of: counts.phases),
      PlacedFigure("expert-seconds", counts.phases, unit: "s"),
      PlacedFigure("plane-hit-rate", Double(counts.found), of: Double(counts.asked)),
      PlacedFigure("experts-peak", planes.peakBytes, of: 1, unit: "B"),
      PlacedFigure("weights-peak", options.otherBytes + planes.peakBytes, of: 1, unit: "B"),
    ]
  }
}
