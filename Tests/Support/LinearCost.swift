import Models

extension StepCost {
  /// A cost whose steps take, on each of `stages` equal stages, `step` + `token` * tokens + `pair` * prefill pairs,
  /// and for the decodes `attentions` times the larger of `contextFloor` and `context` * context; all in seconds.
  ///
  /// With a `window`, half the prefill pairs' time is that of the pairs within it, and one attention more reads what
  /// the decodes see through it.
  public static func linear(
    step: Double, token: Double, context: Double = 0, contextFloor: Double = 0, pair: Double = 0, attentions: Int = 1,
    window: Int = 0, stages: Int = 1, maxBatch: Int = 64
  ) throws -> StepCost {
    var overhead = CostTerm(name: "step", count: 1, driver: .step)
    overhead.launch = step
    var layers = CostTerm(name: "layers", count: 1, driver: .step)
    layers.operations.perToken = token
    layers.operationRate = 1
    var prompts = CostTerm(name: "attention.prefill", count: 1, driver: .prefill)
    prompts.operations.perPrefillPair = pair
    prompts.operationRate = 1
    var attention = CostTerm(name: "attention.decode", count: 1, driver: .decode)
    attention.operations.constant = contextFloor
    attention.operationRate = 1
    attention.bytes.perDecodeContext = context
    attention.byteRate = 1
    var terms = [overhead, layers, prompts] + Array(repeating: attention, count: attentions)
    if window > 0 {
      terms[2].operations.perPrefillPair /= 2
      prompts = terms[2]
      prompts.isWindowed = true
      attention.isWindowed = true
      terms += [prompts, attention]
    }
    return try StepCost(stages: Array(repeating: terms, count: stages), maxBatch: maxBatch, window: window)
  }
}
