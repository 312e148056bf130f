import Units

/// What a batch policy sees of one lane of an engine when it is about to start a step. It holds no future
/// knowledge: no output lengths, no arrivals to come.
public struct LaneView: Hashable, Sendable {
  /// The moment of the decision.
  public var now = Instant.start
  /// Requests of the engine that wait for their prefill, preempted ones included.
  public var waiting = 0
  /// Tokens that the first of them has to prefill: its prompt, and what it had generated before a preemption.
  public var headTokens = 0
  /// Whether the first of them may be admitted now: sequence limit, blocks, no swapped sequence before it.
  public var headFits = false
  /// Sequences of the lane that are in the middle of a chunked prefill.
  public var prefilling = 0
  /// Sequences of the lane that decode.
  public var running = 0
  /// Decode steps of the lane since its last step with prefill tokens; 0 directly after one.
  public var decodesSincePrefill = 0
  /// Blocks of the engine that are free.
  public var freeBlocks = 0
  /// The engine's limit of tokens in a step with prompts.
  public var maxBatchTokens = 0

  /// A view of nothing.
  public init() {}
}

/// What the next step of a lane is.
public enum StepDecision: Hashable, Sendable {
  /// No step until something changes at this engine.
  case wait
  /// Whole prompts: the first waiting request, and those after it while their sum stays within `tokens` and
  /// they may be admitted.
  case prefill(tokens: Int)
  /// Every running sequence decodes one token; the decision stands for `steps` steps unless something changes
  /// at the engine before.
  case decode(steps: Int)
  /// Every running sequence decodes one token; what is left of `tokens` goes to prefill chunks, unfinished
  /// prompts first, then waiting requests that may be admitted.
  case mixed(tokens: Int)
  /// Every running sequence decodes one token; what is left of `tokens` goes to whole prompts that may be admitted, the
  /// first of them whatever its length.
  case joint(tokens: Int)
}

/// Decides who joins each step of a lane: one family of policy.
///
/// A lane asks when it has no step under way and when something changed: a step ended that completed, preempted or
/// prefilled a sequence, or whose decision has run out; a request or a transferred sequence arrived; blocks were
/// freed. Between two such moments the answer stands. The cluster carries the decision out and throws
/// ``PolicyError`` where it cannot be: `prefill` or `joint` without `headFits`, `decode` without running sequences,
/// `mixed` with nothing to compute, a count below 1.
public protocol BatchPolicy: Sendable {
  /// The name that scenarios and reports use.
  static var name: String { get }
  /// The next step.
  mutating func next(_ view: LaneView) -> StepDecision
}

/// A policy's decision that cannot be carried out.
public struct PolicyError: Error, Hashable, CustomStringConvertible {
  /// The policy's name.
  public var policy: String
  /// When it decided.
  public var moment: Instant
  /// The decision, in words.
  public var decision: String
  /// Why it cannot be carried out.
  public var why: String

  /// A bad decision.
  public init(policy: String, moment: Instant, decision: String, why: String) {
    self.policy = policy
    self.moment = moment
    self.decision = decision
    self.why = why
  }

  /// One line that names policy, moment, decision and reason.
  public var description: String {
    "policy '\(policy)' decided \(decision) at \(moment.seconds) s: \(why)"
  }
}
