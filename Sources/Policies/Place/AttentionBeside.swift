import Cluster
import Models
import Timeline

/// The pool's devices, and others beside them that attend for decoding sequences: what computes where, and what crosses
/// between them layer by layer.
///
/// Queries, keys and values go there, results as wide as the queries come back. Prompts are attended where they are
/// projected, and what their earlier chunks have left comes back for that.
struct AttentionBeside: Sendable {
  /// The model's pieces on the pool's devices, and on one of those beside them.
  let pieces: ModelPieces
  let attending: ModelPieces
  /// The streams of both, and of the host that dispatches.
  let gpu: StreamID
  let processor: StreamID
  let host: StreamID
  /// The ways there and back.
  let send: Way
  let back: Way
  /// Of each kind of layer.
  let traffic: [AttentionTraffic]
  private(set) var labels = LayerLabels()
  private var sendLabel = TaskLabel.unnamed
  private var backLabel = TaskLabel.unnamed

  init(
    _ model: Transformer, pieces: ModelPieces, attending: ModelPieces, gpu: StreamID, processor: StreamID,
    host: StreamID, send: Way, back: Way
  ) {
    self.pieces = pieces
    self.attending = attending
    self.gpu = gpu
    self.processor = processor
    self.host = host
    self.send = send
    self.back = back
    traffic = AttentionTraffic.kinds(pieces, model)
  }

  /// Takes the labels of its tasks.
  mutating func begin(_ plan: inout StepPlan) {
    labels = LayerLabels(&plan)
    sendLabel = plan.label("send")
    backLabel = plan.label("return")
  }

  /// Bytes of the queries of the decoding sequences of `shape`, and of their results.
  func queries(_ kind: Int, _ shape: StepShape) -> Double { traffic[kind].query * Double(shape.decodes) }

  /// Sends `bytes` there; in line behind others, whose latency they need not wait for again, where `follows`.
  @discardableResult
  func send(
    _ bytes: Double, after ready: TaskRef, follows: Bool = false, ahead: Bool = false, into plan: inout StepPlan
  ) -> TaskRef {
    plan.move(
      sendLabel, over: send.stream, bytes: bytes, latency: follows ? 0 : send.latency, after: ready,
      bound: PieceCost.linkBound, ahead: ahead)
  }

  /// Brings `bytes` back.
  func bring(
    _ bytes: Double, after done: TaskRef, _ other: TaskRef = .none, in ring: RingID? = nil, ahead: Bool = false,
    into plan: inout StepPlan
  ) -> TaskRef {
    plan.move(
      backLabel, over: back.stream, bytes: bytes, latency: back.latency, after: done, other, into: ring,
      bound: PieceCost.linkBound, ahead: ahead)
  }

  /// Attends for the prompts of `shape` on the pool's devices, with what their earlier chunks have left; nothing without
  /// prompts.
  func attendPrompts(
    _ kind: Int, _ shape: StepShape, after first: TaskRef = .none, _ second: TaskRef = .none,
    into plan: inout StepPlan
  ) -> TaskRef {
    guard shape.prefillTokens > 0 else { return .none }
    let layer = pieces.kinds[kind]
    let cached = shape.cachedPrefillContext
    let earlier =
      cached > 0 ? bring(layer.cacheBytesPerToken * Double(cached), after: .none, into: &plan) : .none
    return plan.run(labels.attention, on: gpu, layer.attention.cost(shape.prompts), after: first, second, earlier)
  }
}

/// What attention elsewhere takes of a layer, and gives back.
struct AttentionTraffic {
  /// Bytes of a token's queries, and of its result.
  var query: Double
  /// Share of the projections that makes queries.
  var queryShare: Double

  /// The traffic of each kind of layer.
  static func kinds(_ pieces: ModelPieces, _ model: Transformer) -> [AttentionTraffic] {
    pieces.kinds.indices.map { kind in
      let layer = pieces.layers.firstIndex(of: kind).map { model.layers[$0] }
      guard case .attention(let attention) = layer?.mixer else {
        return AttentionTraffic(query: Double(pieces.hidden) * pieces.activationBytes, queryShare: 1)
      }
      let query = Double(attention.queryWidth)
      let cached = attention.sharesCache ? 0 : 2 * Double(attention.kvWidth)
      return AttentionTraffic(query: query * pieces.activationBytes, queryShare: query / (query + cached))
    }
  }
}
