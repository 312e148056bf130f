import Models

extension StepCost {
  /// A cost whose steps take `step` + `token` * tokens + `context` * decode context + `pair` * prefill pairs
  /// seconds on each of `stages` equal stages.
  public static func linear(
    step: Double, token: Double, context: Double = 0, pair: Double = 0, stages: Int = 1, maxBatch: Int = 64
  ) throws -> StepCost {
    var overhead = CostTerm(name: "step", count: 1, driver: .step)
    overhead.launch = step
    var layers = CostTerm(name: "layers", count: 1, driver: .step)
    layers.operations.perToken = token
    layers.operationRate = 1
    var attention = CostTerm(name: "attention.decode", count: 1, driver: .decode)
    attention.bytes.perDecodeContext = context
    attention.byteRate = 1
    var prompts = CostTerm(name: "attention.prefill", count: 1, driver: .prefill)
    prompts.operations.perPrefillPair = pair
    prompts.operationRate = 1
    return try StepCost(
      stages: Array(repeating: [overhead, layers, prompts, attention], count: stages), maxBatch: maxBatch)
  }
}
