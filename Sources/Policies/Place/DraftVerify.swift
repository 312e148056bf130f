import Cluster
import Hardware
import Models
import Timeline
import Units

/// A small model drafts tokens on one device, the target on another verifies them all in one pass; only token ids pass
/// between them.
///
/// The pool's device has the target. A step drafts `depth` tokens one after another, with `width` candidates each, and
/// verifies `depth` x `width` + 1 places of every sequence: the weights are read once, and arithmetic rises with the
/// places. Without `draft.device` both share the pool's. The first `beside` layers of the target may stand on the
/// draft's device, which then sends their output on.
/// Settings: `draft: {device, model or layers}`, `depth`, `width`, `acceptance` and `sibling` or `accepted-share`,
/// `beside`, `link` (the draft device's host link unless given). Figures: tokens gained a decode step of a sequence.
/// Source: Leviathan et al., ICML 2023; over two devices Dovetail (Zhang et al., arXiv 2412.18934).
public struct DraftVerify: PlacePolicy {
  /// The name that scenarios and reports use.
  public static let name = "draft-verify"
  /// What it does.
  public static let summary = "A small model drafts tokens on one device, the target verifies them on another."

  private let acceptance: Acceptance
  private let draft: Drafter
  private let target: Processor
  /// The target's layers beside the draft, and those on the pool's device.
  private let near: TargetLayers
  private let far: TargetLayers
  private let host: StreamID
  /// To the target and back; nil on one device.
  private let link: (there: Way, back: Way)?
  private var counts = DraftCounts()
  private var labels = LayerLabels()
  private var draftLabel = TaskLabel.unnamed
  private var sendLabel = TaskLabel.unnamed

  /// Reads the settings.
  public static func plan(_ settings: any PlaceSettings) -> PlacedPlan? {
    let own = settings.section("draft")
    let depth = settings.count("depth", in: 1...64, default: 4, because: "assumed: a short chain")
    let width = settings.count("width", in: 1...64, default: 1, because: "a chain")
    let acceptance = Acceptance(settings, depth: depth, width: width)
    let other = own.device("device", required: false)
    let count = settings.layout.tensorParallel
    guard let pieces = settings.pieces(on: settings.device, tensorParallel: count) else { return nil }
    let beside = settings.count("beside", in: 0...pieces.layers.count, default: 0, because: "the target is elsewhere")
    let path = settings.link("link", default: other?.hostLink, required: other != nil)
    if own.has("device"), other == nil || path == nil { return nil }
    guard other != nil || beside == 0 else {
      settings.refuse(
        "beside", "no device is beside the pool's", why: "\(beside) layers of the target would stand on the draft's",
        fix: "name draft.device, or leave 'beside' away")
      return nil
    }
    var machine = Machine()
    let chip = Chip(settings.device, other, &machine)
    let target = chip.processor(settings.device, pieces, count: count, name: "target", &machine)
    var drafting = target
    var link: (there: Way, back: Way)?
    if let other, let path {
      guard let alike = settings.pieces(on: other, tensorParallel: 1) else { return nil }
      drafting = chip.processor(other, alike, name: "draft", isExtra: true, &machine)
      link = (machine.link(path, name: "send"), machine.link(path, name: "return"))
    }
    guard
      let draft = Drafter(own, on: other ?? settings.device, as: drafting, sharing: other == nil ? count : 1)
    else { return nil }
    let (near, far) = (TargetLayers(drafting, 0..<beside), TargetLayers(target, beside..<pieces.layers.count))
    let policy = DraftVerify(
      acceptance: acceptance, draft: draft, target: target, near: near, far: far, host: machine.stream("host"),
      link: link)
    let tokens = chip.room(
      settings, &machine,
      target: Room(
        weights: (far.weights + pieces.ends) * Double(count), cacheBytesPerToken: far.cacheBytesPerToken, count: count),
      draft: Room(
        weights: near.weights + draft.weights,
        cacheBytesPerToken: near.cacheBytesPerToken + draft.cacheBytesPerToken, count: 1))
    return tokens.map { machine.plan(policy, cacheTokens: $0) }
  }

  /// Which tokens are accepted differs from sequence to sequence.
  public var readsSequences: Bool { true }

  /// Takes the labels of its tasks.
  public mutating func begin(_ plan: inout StepPlan) {
    labels = LayerLabels(&plan)
    draftLabel = plan.label("draft")
    sendLabel = plan.label("send")
  }

  /// Drafts, sends ids, verifies.
  public mutating func place(_ step: StepView, into plan: inout StepPlan) {
    for sequence in step.sequences where !sequence.isPrompt { counts.count(gain(of: sequence)) }
    let shape = step.shape
    var drafted = TaskRef.none
    if shape.decodes > 0 {
      for pass in 0..<acceptance.depth {
        drafted = plan.run(
          draftLabel, on: draft.processor, draft.pass(shape.decoding.verifying(pass == 0 ? 1 : acceptance.width)))
      }
      if let link {
        drafted = plan.move(
          sendLabel, over: link.there.stream, bytes: 4 * Double(shape.decodes * (acceptance.tokens - 1)),
          latency: link.there.latency, after: drafted, bound: PieceCost.linkBound)
      }
    }
    if shape.prefillTokens > 0 { plan.run(draftLabel, on: draft.processor, draft.pass(shape.prompts)) }
    let verified = shape.verifying(besidePrompts: acceptance.tokens)
    let dispatch = (labels.host, target.pieces.dispatchPerLayer(shape))
    plan.run(labels.host, on: host, for: target.pieces.hostSeconds(verified), bound: PieceCost.hostBound)
    var done = plan.run(labels.first, on: target, target.pieces.first.cost(verified), after: drafted)
    done = near.place(verified, labels.feedForward, host: host, dispatch: dispatch, after: done, into: &plan)
    if let link, !near.isEmpty {
      let width = Double(target.pieces.hidden) * target.pieces.activationBytes
      done = plan.move(
        sendLabel, over: link.there.stream, bytes: width * Double(verified.tokens), latency: link.there.latency,
        after: done, bound: PieceCost.linkBound)
    }
    done = far.place(verified, labels.feedForward, host: host, dispatch: dispatch, after: done, into: &plan)
    done = plan.run(labels.last, on: target, target.pieces.last.cost(verified), after: done)
    if let link {
      plan.move(
        sendLabel, over: link.back.stream, bytes: 4 * Double(verified.sampled), latency: link.back.latency, after: done,
        bound: PieceCost.linkBound)
    }
  }

  /// The accepted tokens and the target's own after them.
  public func gain(of sequence: StepSequence) -> Int { acceptance.accepted(sequence) + 1 }
  /// All of a draft and one more.
  public var largestGain: Int { acceptance.depth + 1 }
  /// Drafts are computed too, and places that are not accepted.
  public var computesModel: Bool { false }
  /// Tokens gained.
  public var figures: [PlacedFigure] { counts.figures }
}

/// Tokens that sequences gained in decode steps.
struct DraftCounts: Sendable {
  private var steps = 0.0
  private var tokens = 0.0

  mutating func count(_ gain: Int) {
    steps += 1
    tokens += Double(gain)
  }

  var figures: [PlacedFigure] { [PlacedFigure("tokens-per-step", tokens, of: steps, unit: "count")] }
}
