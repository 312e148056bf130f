import Cluster
import Hardware
import Kernel
import Models
import Timeline
import Units

/// How many drafted tokens the target accepts, drawn for a request and a place in it, so that compared policies share
/// their luck.
///
/// A draft is `depth` tokens deep with `width` candidates at each depth, the best of which is drafted on from. The
/// target's own choice is the best candidate with chance `acceptance`, and each further one with chance `sibling` where
/// it is none before it; what follows a depth without a match is lost. Papers also publish the share of a draft that is
/// accepted, `accepted-share`: the chance at each depth is then the one that has that share on average.
struct Acceptance: Sendable {
  let depth: Int
  let width: Int
  /// Chance that one of the candidates of a depth is accepted where all before it were.
  let level: Double
  private let family: RandomFamily

  init(_ settings: any PlaceSettings, depth: Int, width: Int) {
    if settings.has("accepted-share") {
      let share = settings.quantity(
        "accepted-share", FractionDimension.self, in: 0...1, default: 0.5, because: "given wherever it is read")
      for other in ["acceptance", "sibling"] where settings.has(other) {
        settings.refuse(
          other, "'accepted-share' tells already how many tokens are accepted",
          why: "one of them is the chance of a token, the other the mean of a draft", fix: "leave one of them away")
      }
      self.init(
        depth: depth, width: width, level: Acceptance.level(share: share, depth: depth), seed: settings.seed)
      return
    }
    let first = settings.quantity(
      "acceptance", FractionDimension.self, in: 0...1, default: 0.7, because: "assumed: a trained draft on chat")
    let sibling = settings.quantity(
      "sibling", FractionDimension.self, in: 0...1, default: 0.16,
      because: "recalled: the first head of Medusa has the next token first in 60 % and among five in 80 %")
    self.init(depth: depth, width: width, first: first, sibling: sibling, seed: settings.seed)
  }

  init(depth: Int, width: Int, first: Double, sibling: Double, seed: UInt64) {
    var missed = 1 - first
    for _ in 1..<max(1, width) { missed *= 1 - sibling }
    self.init(depth: depth, width: width, level: 1 - missed, seed: seed)
  }

  private init(depth: Int, width: Int, level: Double, seed: UInt64) {
    self.depth = depth
    self.width = width
    self.level = level
    family = RandomFamily(seed: seed, consumer: .acceptance)
  }

  /// The chance at each depth with which `share` of `depth` tokens are accepted on average: the sum of its first `depth`
  /// powers is `share` x `depth`, found by halving to the last bit.
  static func level(share: Double, depth: Int) -> Double {
    var (low, high) = (0.0, 1.0)
    for _ in 0..<53 {
      let middle = (low + high) / 2
      var (power, accepted) = (1.0, 0.0)
      for _ in 0..<depth {
        power *= middle
        accepted += power
      }
      if accepted < share * Double(depth) { low = middle } else { high = middle }
    }
    return high
  }

  /// Tokens that are verified at once: the drafted ones and the place after them.
  var tokens: Int { depth * width + 1 }

  /// Drafted tokens of `sequence` that are accepted, 0 to ``depth``.
  func accepted(_ sequence: StepSequence) -> Int {
    var stream = family.family(UInt64(UInt32(bitPattern: sequence.request))).stream(
      UInt64(UInt32(bitPattern: sequence.position)))
    var count = 0
    while count < depth, stream.chance(level) { count += 1 }
    return count
  }
}

/// What drafts tokens: a small model, or some layers like the target's between its embedding and head.
struct Drafter: Sendable {
  let processor: Processor
  private let runs: [(kind: Int, count: Int)]
  /// Bytes of its weights, and of one token's keys and values.
  let weights: Double
  let cacheBytesPerToken: Double

  /// Reads `model`, or `layers` of the target, on `processor`, whose pieces are the target's, which `sharing` devices
  /// share; nil where it is faulty.
  init?(_ settings: any PlaceSettings, on device: Device, as processor: Processor, sharing count: Int = 1) {
    let pieces: ModelPieces
    let layers: Int
    let hasModel = settings.has("model")
    if hasModel {
      guard let model = settings.pieces(of: "model", on: device) else { return nil }
      (pieces, layers) = (model, model.layers.count)
    } else {
      pieces = processor.pieces
      layers = settings.count(
        "layers", in: 1...max(1, pieces.layers.count), default: 1, because: "EAGLE: one layer like the target's")
    }
    var drafting = processor
    drafting.pieces = pieces
    self.processor = drafting
    let own = 0..<min(layers, pieces.layers.count)
    runs = pieces.runs(of: own)
    weights =
      pieces.layers[own].reduce(pieces.ends) { $0 + pieces.kinds[$1].allWeights } * Double(hasModel ? 1 : count)
    cacheBytesPerToken = pieces.layers[own].reduce(0) { $0 + pieces.kinds[$1].cacheBytesPerToken }
  }

  /// One pass over the tokens of `shape`, without the host's time of a step, which the target's is.
  func pass(_ shape: StepShape) -> PieceCost {
    let pieces = processor.pieces
    return runs.reduce(pieces.embedding.cost(shape) + pieces.head.cost(shape)) {
      $0 + pieces.kinds[$1.kind].cost(shape).times(Double($1.count))
    }
  }
}

/// Layers of the target in a row on one processor.
struct TargetLayers: Sendable {
  let processor: Processor
  private let runs: [(kind: Int, count: Int)]
  /// Bytes of their weights, and of one token's keys and values.
  let weights: Double
  let cacheBytesPerToken: Double

  init(_ processor: Processor, _ range: Range<Int>) {
    self.processor = processor
    let pieces = processor.pieces
    runs = pieces.runs(of: range)
    weights = pieces.layers[range].reduce(0) { $0 + pieces.kinds[$1].allWeights }
    cacheBytesPerToken = pieces.layers[range].reduce(0) { $0 + pieces.kinds[$1].cacheBytesPerToken }
  }

  var isEmpty: Bool { runs.isEmpty }

  /// Issues them for a step of `shape`, each dispatched by the host before, after `first`; the last of them.
  func place(
    _ shape: StepShape, _ label: TaskLabel, host: StreamID, dispatch: (TaskLabel, Double), after first: TaskRef,
    into plan: inout StepPlan
  ) -> TaskRef {
    var last = first
    for (kind, count) in runs {
      let cost = processor.pieces.kinds[kind].cost(shape)
      plan.repeating(count) { plan in
        let issued = plan.run(dispatch.0, on: host, for: dispatch.1, bound: PieceCost.hostBound)
        last = plan.run(label, on: processor, cost, after: issued, first)
      }
    }
    return last
  }
}

extension StepShape {
  /// The step with `tokens` tokens of each decoding sequence, which are verified at once.
  func verifying(besidePrompts tokens: Int) -> StepShape {
    var shape = prompts
    shape.add(verifying(tokens))
    return shape
  }

  /// A part of its decoding sequences, `count` of them, of mean length.
  func decoding(_ count: Int) -> StepShape {
    guard decodes > 0 else { return decoding }
    return StepShape(
      decodes: count, context: Int((Double(decodeContext) * Double(count) / Double(decodes)).rounded()), window: window)
  }
}
