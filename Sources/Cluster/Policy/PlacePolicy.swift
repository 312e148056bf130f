import Models
import Timeline
import Units

/// Tokens of one sequence in a step.
public struct StepSequence: BitwiseCopyable, Sendable {
  /// The request, by index into the workload: a name, from which nothing else follows.
  public var request: Int32
  /// The place of the first of its tokens in the sequence, from 0.
  public var position: Int32
  /// Its tokens: 1 where it decodes.
  public var tokens: Int32
  /// Whether they are of its prompt.
  public var isPrompt: Bool

  /// `tokens` tokens of `request` from `position` on.
  public init(request: Int32, position: Int32, tokens: Int32, isPrompt: Bool) {
    self.request = request
    self.position = position
    self.tokens = tokens
    self.isPrompt = isPrompt
  }
}

/// What a placement policy sees of a step that is about to run. It holds no future knowledge.
public struct StepView {
  /// The sums over its sequences.
  public var shape: StepShape
  /// Its sequences, prompts first; empty unless the policy reads them.
  public var sequences: UnsafeBufferPointer<StepSequence>
  /// Steps of the engine before this one.
  public var step: Int
}

/// A number that a placement policy counts: a sum, or a share of two sums.
public struct PlacedFigure: Hashable, Sendable {
  /// Its name in reports: "expert-hit-rate".
  public var name: String
  /// What is counted.
  public var sum: Double
  /// What it is a share of; nil for a sum.
  public var of: Double?
  /// The unit: "share", "count", "B", "s".
  public var unit: String

  /// A sum.
  public init(_ name: String, _ sum: Double, unit: String = "count") {
    self.name = name
    self.sum = sum
    self.unit = unit
  }

  /// `sum` over `of`.
  public init(_ name: String, _ sum: Double, of: Double, unit: String = "share") {
    self.name = name
    self.sum = sum
    self.of = of
    self.unit = unit
  }

  /// Its value; nil for a share of nothing.
  public var value: Double? {
    guard let of else { return sum }
    return of > 0 ? sum / of : nil
  }
}

/// Says which device and which memory each part of a step uses, as tasks on the streams of an engine: one family of
/// policy.
///
/// The engine asks before each step, and runs the tasks on its timeline (see TIMELINE.md); the step ends with the last
/// task that is not ahead. Every replica has a copy of its own, so that a policy may keep caches and counters.
public protocol PlacePolicy: Sendable {
  /// The name that scenarios and reports use.
  static var name: String { get }
  /// What it does, in one sentence, for lists and editors.
  static var summary: String { get }
  /// Reads the settings that a scenario gives it and builds the engine of one replica; nil where they are faulty, which
  /// `settings` has told. Keys that are not asked for are told as unknown.
  static func plan(_ settings: any PlaceSettings) -> PlacedPlan?
  /// Whether the tasks of a step follow from its shape alone, and nothing the policy keeps changes with a step. Then
  /// many decode steps are computed at once, where it reads no sequences and none gains several tokens, and steps that
  /// turn out not to be needed are forgotten.
  var isSteady: Bool { get }
  /// Whether it reads the sequences of a step one by one.
  var readsSequences: Bool { get }
  /// Takes the labels of its tasks from the plan; called once.
  mutating func begin(_ plan: inout StepPlan)
  /// Issues the tasks of a step into an empty plan. A policy that keeps nothing of a step says `func` alone: parts that repeat are
  /// closures, and may copy a policy that may change.
  mutating func place(_ step: StepView, into plan: inout StepPlan)
  /// Takes note of when the tasks of the step that it placed last ended, for what it counts. Told where streams share no
  /// channels, and the policy is not steady or reads sequences.
  mutating func note(_ ends: PlanEnds)
  /// The tokens that `sequence` gains in a decode step, at least 1: more where drafts are accepted.
  func gain(of sequence: StepSequence) -> Int
  /// The most that ``gain(of:)`` says.
  var largestGain: Int { get }
  /// What it counted.
  var figures: [PlacedFigure] { get }
  /// Whether a step computes and reads all of the model once for its tokens, and nothing else. Otherwise what the pool's
  /// devices computed and read is not known, and no MFU or MBU is shown.
  var computesModel: Bool { get }
  /// Whether the model's operators read and write what they do without a policy, whatever is copied into the memories of the
  /// pool's devices besides. Otherwise how many bytes that is is not known, and no MBU is shown.
  var movesModel: Bool { get }
}

extension PlacePolicy {
  /// Steady unless told.
  public var isSteady: Bool { true }
  /// Sums are enough unless told.
  public var readsSequences: Bool { false }
  /// Nothing is noted unless told.
  public mutating func note(_ ends: PlanEnds) {}
  /// One token a step unless told.
  public func gain(of sequence: StepSequence) -> Int { 1 }
  /// One token a step unless told.
  public var largestGain: Int { 1 }
  /// Nothing is counted unless told.
  public var figures: [PlacedFigure] { [] }
  /// All of the model unless told.
  public var computesModel: Bool { true }
  /// What the model's operators do unless told.
  public var movesModel: Bool { true }
}
