import Models

extension StepCost {
  /// A cost whose steps take, on each of `stages` equal stages, `step` + `token` * tokens + `pair` * prefill pairs,
  /// and for the decodes `attentions` times the larger of `contextFloor` and `context` * context; all in seconds.
  public static func linear(
    step: Double, token: Double, context: Double = 0, contextFloor: Double = 0, pair: Double = 0, attentions: Int = 1,
    stages: Int = 1, maxBatch: Int = 64
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
    let terms = [overhead, layers, prompts] + Array(repeating: attention, count: attentions)
    return try StepCost(stages: Array(repeating: terms, count: stages), maxBatch: maxBatch)
  }
}
