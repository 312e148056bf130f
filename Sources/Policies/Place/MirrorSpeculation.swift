import Cluster
import Hardware
import Kernel
import Models
import Timeline
import Units

/// While the target's last layers verify one draft, another device drafts on from each of the answers that an early exit
/// holds likely, so that a draft is there when the target has ended, unless it says something else.
///
/// The pool's device has the target. After the first `exit` of its layers, and its head over what they say, `branches`
/// candidates of every sequence go to the draft's device, which drafts `depth` tokens from all of them, `per-pass` a
/// pass by as many streams through its layers, while the remaining layers run. A sequence whose answer was among them
/// (`branch-hit`) is verified next without waiting; for the others a draft is made first. Both hand over in `sync`. With
/// `branches: 0` there is neither exit nor candidates, and every draft is made first (the paper's vanilla step, appendix C).
/// Devices of one chip share its memory's bandwidth and capacity. The draft may be split over `count` devices, which
/// add up in `exchange` twice a pass, at its middle and its end.
/// Settings: `draft: {device, model or layers, count, exchange}`, `depth`, `per-pass`, `acceptance` or
/// `accepted-share`, `exit`, `branches`, `branch-hit`, `sync`. Figures: tokens gained a decode step of a sequence,
/// share of drafts that were there. Source: Mirror Speculative Decoding (Bhendawade et al., arXiv 2510.13161).
public struct MirrorSpeculation: PlacePolicy {
  /// The name that scenarios and reports use.
  public static let name = "mirror-speculation"
  /// What it does.
  public static let summary = "Drafts are made on another device while the target's last layers verify those before."

  private let acceptance: Acceptance
  private let draft: Drafter
  private let target: Processor
  /// The target's layers before and after the early exit.
  private let prefix: TargetLayers
  private let suffix: TargetLayers
  private let host: StreamID
  /// The last of the drafts that run beside the target.
  private let drafts: RingID
  /// Devices that share a pass of the draft, and seconds in which they add up.
  private let drafters: Int
  private let exchange: Double
  private let passes: Int
  /// Places of a draft's sequence that go through a pass at once.
  private let streams: Int
  private let branches: Int
  private let branchHit: Double
  private let sync: Double
  private let luck: RandomFamily
  private var counts = DraftCounts()
  private var hits = 0.0
  private var looks = 0.0
  private var labels = LayerLabels()
  private var draftLabel = TaskLabel.unnamed
  private var branchLabel = TaskLabel.unnamed
  private var exitLabel = TaskLabel.unnamed

  /// Reads the settings.
  public static func plan(_ settings: any PlaceSettings) -> PlacedPlan? {
    let own = settings.section("draft")
    let drafters = own.count("count", in: 1...64, default: 1, because: "one device")
    let exchange = own.quantity(
      "exchange", TimeDimension.self, in: 0...1, default: 0, because: "one device, or several that are as one")
    let depth = settings.count("depth", in: 1...64, default: 4, because: "assumed: a short chain")
    let perPass = settings.count("per-pass", in: 1...64, default: 1, because: "a draft without speculative streaming")
    let acceptance = Acceptance(settings, depth: depth, width: 1)
    let exit = settings.quantity(
      "exit", FractionDimension.self, in: 0...1, default: 0.5, because: "assumed: half of the layers")
    let branches = settings.count("branches", in: 0...1024, default: 4, because: "assumed: the four likeliest tokens")
    let branchHit = settings.quantity(
      "branch-hit", FractionDimension.self, in: 0...1, default: 0.7, because: "assumed: not published")
    let sync = settings.quantity(
      "sync", TimeDimension.self, in: 0...1, default: 100e-6, because: "assumed: a hand-over within a chip")
    guard let other = own.device("device", required: true),
      let pieces = settings.pieces(on: settings.device, tensorParallel: settings.layout.tensorParallel),
      let alike = settings.pieces(on: other, tensorParallel: 1)
    else { return nil }
    let count = settings.layout.tensorParallel
    var machine = Machine()
    let chip = Chip(settings.device, other, &machine)
    let target = chip.processor(settings.device, pieces, count: count, name: "target", &machine)
    let drafting = chip.processor(other, alike, count: drafters, name: "draft", isExtra: true, &machine)
    guard let draft = Drafter(own, on: other, as: drafting) else { return nil }
    let layers = Int((exit * Double(pieces.layers.count)).rounded())
    let (prefix, suffix) = (TargetLayers(target, 0..<layers), TargetLayers(target, layers..<pieces.layers.count))
    let policy = MirrorSpeculation(
      acceptance: acceptance, draft: draft, target: target, prefix: prefix, suffix: suffix,
      host: machine.stream("host"), drafts: machine.resources.ring(1), drafters: drafters, exchange: exchange,
      passes: (depth + perPass - 1) / perPass,
      streams: min(perPass, depth), branches: branches, branchHit: branchHit, sync: sync,
      luck: RandomFamily(seed: settings.seed, consumer: .placement))
    let tokens = chip.room(
      settings, &machine,
      target: Room(
        weights: pieces.weights * Double(count), cacheBytesPerToken: pieces.cacheBytesPerToken, count: count),
      draft: Room(weights: draft.weights, cacheBytesPerToken: draft.cacheBytesPerToken, count: drafters))
    return tokens.map { machine.plan(policy, cacheTokens: $0) }
  }

  /// Which tokens are accepted, and which drafts are there, differs from sequence to sequence.
  public var readsSequences: Bool { true }

  /// Takes the labels of its tasks.
  public mutating func begin(_ plan: inout StepPlan) {
    labels = LayerLabels(&plan)
    draftLabel = plan.label("draft")
    branchLabel = plan.label("branches")
    exitLabel = plan.label("early exit")
  }

  /// Drafts what is missing, verifies, and lets the draft's device draft beside the target's last layers.
  public mutating func place(_ step: StepView, into plan: inout StepPlan) {
    var missing = 0
    for sequence in step.sequences where !sequence.isPrompt {
      counts.count(gain(of: sequence))
      looks += 1
      if hasDraft(sequence) { hits += 1 } else { missing += 1 }
    }
    let shape = step.shape
    let pieces = target.pieces
    var drafted = TaskRef.none
    if missing > 0 {
      let cost = pass(shape.decoding(missing).verifying(streams))
      for _ in 0..<passes { drafted = plan.run(draftLabel, on: draft.processor, cost) }
    }
    if shape.prefillTokens > 0 { plan.run(draftLabel, on: draft.processor, pass(shape.prompts)) }
    let verified = shape.verifying(besidePrompts: acceptance.tokens)
    let dispatch = (labels.host, pieces.dispatchPerLayer(shape))
    let hasHits = shape.decodes > missing
    let ready: TaskRef = hasHits ? .last(of: drafts) : .none
    plan.run(labels.host, on: host, for: pieces.hostSeconds(verified), bound: PieceCost.hostBound)
    var done = plan.run(
      labels.first, on: target, pieces.first.cost(verified), delay: sync, after: drafted, ready)
    done = prefix.place(verified, labels.feedForward, host: host, dispatch: dispatch, after: done, into: &plan)
    if shape.decodes > 0, branches > 0 {
      done = plan.run(exitLabel, on: target, pieces.head.cost(shape.verifying(acceptance.tokens)), after: done)
      let cost = pass(shape.decoding.verifying(branches * streams))
      for pass in 0..<passes {
        plan.move(
          branchLabel, over: draft.processor.stream, bytes: draft.processor.bytes(cost),
          latency: (pass == 0 ? sync : 0) + cost.launch + cost.compute, after: pass == 0 ? done : .none,
          into: pass == passes - 1 ? drafts : nil, bound: cost.bound, ahead: true)
      }
    }
    done = suffix.place(verified, labels.feedForward, host: host, dispatch: dispatch, after: done, into: &plan)
    plan.run(labels.last, on: target, pieces.last.cost(verified), after: done)
  }

  /// A pass of the draft on one of the devices that share it.
  private func pass(_ shape: StepShape) -> PieceCost {
    var cost = draft.pass(shape).columns(1 / Double(drafters))
    cost.launch += 2 * exchange
    return cost
  }

  /// Whether the draft of `sequence` was made beside the step before.
  private func hasDraft(_ sequence: StepSequence) -> Bool {
    guard branches > 0 else { return false }
    var stream = luck.family(UInt64(UInt32(bitPattern: sequence.request))).stream(
      UInt64(UInt32(bitPattern: sequence.position)))
    return stream.chance(branchHit)
  }

  /// The accepted tokens and the target's own after them.
  public func gain(of sequence: StepSequence) -> Int { acceptance.accepted(sequence) + 1 }
  /// All of a draft and one more.
  public var largestGain: Int { acceptance.depth + 1 }
  /// Drafts are computed too, and places that are not accepted.
  public var computesModel: Bool { false }
  /// Tokens gained, and drafts that were there.
  public var figures: [PlacedFigure] { counts.figures + [PlacedFigure("branch-hit-rate", hits, of: looks)] }
}
