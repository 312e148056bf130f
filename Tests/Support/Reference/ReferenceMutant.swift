/// Deliberate faults of the reference: a comparison worth its name reports each of them.
public enum ReferenceMutant: CaseIterable, Sendable {
  /// An arrival at the very end of a step is not seen by the step that starts then.
  case arrivalMissesBoundary
  /// Arrivals are routed before the step ends of the same instant.
  case arrivalsBeforeEnds
  /// The first running sequence is preempted instead of the last.
  case preemptsFirst
  /// A preempted sequence joins the tail of the waiting queue.
  case victimToTail
  /// Prompts are admitted down to the last block.
  case forgetsWatermark
  /// A sequence takes its next block one token early.
  case growsEarly
  /// Swapped tokens take no time.
  case swapsForFree
  /// A landed transfer's source blocks are free only after the starts of that instant.
  case landingFreesLate
  /// A layer-wise transfer does not wait for the last layer.
  case forgetsLastLayer
  /// A source sends to two destinations at once.
  case forgetsOutPort
  /// Transfers begin although a preempted sequence waits at the destination.
  case transfersOvertakeVictims
  /// Prompts are admitted although swapped sequences wait to come back.
  case promptsOvertakeSwapped
  /// A landed sequence joins only where the policy is asked for another reason.
  case landingCutsNothing
  /// The token budget of a mixed step does not count its decodes.
  case budgetIgnoresDecodes
  /// A preempted prompt keeps the chunks it had computed.
  case victimKeepsProgress
  /// A follower arrives as soon as its predecessor has ended.
  case forgetsDelay
  /// Requests wait in order of arrival whatever their tenants' priorities.
  case forgetsPriority
  /// The last sequence is preempted whatever its tenant's priority.
  case preemptsUrgent
  /// A windowed layer reads the whole context.
  case forgetsWindow
  /// A prompt that is known to its last token is not computed again from the block before.
  case lastTokenIsFound
  /// Sequences let go of their first blocks first.
  case startsLeaveFirst
  /// What arrives during a step is seen by the next, though it was composed before.
  case seesNextStep
  /// Micro-batches of a pipeline do not wait for the stage before them.
  case stagesOverlap
}
