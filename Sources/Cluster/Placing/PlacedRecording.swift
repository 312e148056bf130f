import Models
import Timeline
import Units

/// What a placed engine did in a few steps, task by task.
public struct PlacedRecording: Sendable {
  /// The tasks.
  public var recording = Recording()
  /// The names of its streams.
  public var streams: [String]
  /// What its policy counted.
  public var figures: [PlacedFigure] = []

  /// What was recorded of a replica of `engine` while its workload was served, and what its policy counted over the run; nil
  /// where nothing was recorded.
  public init?(_ engine: PlacedEngine, of result: RunResult, replica: Int) {
    guard let all = result.recording, all.tasks.indices.contains(replica), let tasks = all.tasks[replica] else {
      return nil
    }
    recording = tasks
    streams = engine.resources.streams.map(\.name)
    figures = result.replicas[replica].placed?.figures ?? []
  }

  /// Runs `steps` on `engine`, each of them when the one before has ended, from a fresh start.
  ///
  /// Each step is given with its sequences, which policies may read.
  public init(_ engine: PlacedEngine, steps: [(shape: StepShape, sequences: [StepSequence])]) {
    streams = engine.resources.streams.map(\.name)
    var policy = engine.policy
    var timeline = Timeline(engine.resources)
    var plan = StepPlan()
    policy.begin(&plan)
    var now = Instant.start
    for (index, step) in steps.enumerated() {
      plan.removeAll()
      timeline.settle(at: now)
      step.sequences.withUnsafeBufferPointer { sequences in
        policy.place(StepView(shape: step.shape, sequences: sequences, step: index), into: &plan)
      }
      now = timeline.record(&plan, release: now, into: &recording)
      if !policy.isSteady || policy.readsSequences, let ends = timeline.ends(of: plan) { policy.note(ends) }
    }
    figures = policy.figures
  }

  /// A step that computes the prompts of `count` requests of `tokens` tokens each.
  public static func prompts(_ count: Int, tokens: Int, window: Int) -> (StepShape, [StepSequence]) {
    var shape = StepShape(window: window)
    for _ in 0..<count { shape.addChunk(tokens: tokens, cached: 0, last: true) }
    let sequences = (0..<count).map {
      StepSequence(request: Int32($0), position: 0, tokens: Int32(clamping: tokens), isPrompt: true)
    }
    return (shape, sequences)
  }

  /// A step in which `count` requests decode that have `context` tokens each, the new one not included.
  public static func decodes(_ count: Int, context: Int, window: Int) -> (StepShape, [StepSequence]) {
    let sequences = (0..<count).map {
      StepSequence(request: Int32($0), position: Int32(clamping: context), tokens: 1, isPrompt: false)
    }
    return (StepShape(decodes: count, context: count * (context + 1), window: window), sequences)
  }
}
