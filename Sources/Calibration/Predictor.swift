import Hardware
import Models

/// Predicts the times of measured runs from a device and the models that ran on it.
public struct Predictor: Sendable {
  /// Predicted times of one run.
  public struct Times: Hashable, Sendable {
    /// Seconds to the first token.
    public var timeToFirstToken: Double
    /// Mean seconds between later tokens.
    public var timePerOutputToken: Double

    /// Times in seconds.
    public init(timeToFirstToken: Double, timePerOutputToken: Double) {
      self.timeToFirstToken = timeToFirstToken
      self.timePerOutputToken = timePerOutputToken
    }
  }

  /// A run names a model that was not given.
  public struct UnknownModel: Error, Hashable, CustomStringConvertible {
    /// The model as the run names it.
    public var model: String

    /// One line with the name.
    public var description: String { "no model is given for '\(model)'" }
  }

  private let engines: [Placement: EngineCost]

  private struct Placement: Hashable {
    var model: String
    var tensorParallel: Int
  }

  /// Engines on `device` for all that `runs` name, in fp16; `models` are by the names that the runs use.
  ///
  /// - Throws: ``UnknownModel`` or `EngineFault`.
  public init(_ device: Device, models: [String: Transformer], for runs: [MeasuredRun]) throws {
    var plan = MemoryPlan()
    plan.blocks = 1  // what ran fitted
    plan.maxSequences = 1  // a table of batches would be read once each
    var engines: [Placement: EngineCost] = [:]
    for run in runs {
      let placement = Placement(model: run.key.model, tensorParallel: run.key.tensorParallel)
      guard engines[placement] == nil else { continue }
      guard let model = models[placement.model] else { throw UnknownModel(model: placement.model) }
      engines[placement] = try EngineCost(
        model, layout: EngineLayout(tensorParallel: placement.tensorParallel), device: device, plan: plan)
    }
    self.engines = engines
  }

  /// The times of `run`: one step with all its prompts whole, and the decode step in the middle of its output.
  /// Nil where the run was not among those the predictor was made for.
  public func times(of run: MeasuredRun) -> Times? {
    let placement = Placement(model: run.key.model, tensorParallel: run.key.tensorParallel)
    guard let cost = engines[placement]?.cost else { return nil }
    var prompts = StepShape(window: cost.window)
    for _ in 0..<run.key.batch { prompts.addChunk(tokens: run.key.prompt, cached: 0, last: true) }
    let context = run.key.batch * (run.key.prompt + run.generated / 2)
    let decode = StepShape(decodes: run.key.batch, context: context, window: cost.window)
    return Times(
      timeToFirstToken: cost.interval(of: prompts).seconds,
      timePerOutputToken: cost.interval(of: decode).seconds)
  }
}
