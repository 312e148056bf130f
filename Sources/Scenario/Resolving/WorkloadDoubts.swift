import Models
import Units
import Workload

extension ResolvedScenario {
  /// What is doubtful about serving `trace` on this model and these pools: requests beyond the model's context, requests
  /// that no pool can hold, tokens asked of a model that yields none.
  ///
  /// Complexity: O(n).
  public func doubts(of trace: Trace) -> [Diagnostic] {
    let requests = trace.requests
    guard !requests.isEmpty else { return [] }
    let doubts = [beyondContext(requests), beyondMemory(requests), beyondOnePass(requests)]
    return doubts.compactMap { $0 }
  }

  /// Where the workload is told.
  private var place: Place? {
    let sources = ["workload.trace", "workload.generator", "workload.tenants"]
    return settings.lazy.filter { setting in sources.contains { setting.path.hasPrefix($0) } }.compactMap { setting in
      if case .given(let place) = setting.origin { return place }
      return nil
    }.first
  }

  private func beyondContext(_ requests: [Request]) -> Diagnostic? {
    guard let context = model.transformer.maxContext else { return nil }
    // Prompt and output stand in different halves of an encoder with a decoder.
    let isSplit = model.transformer.layers.contains { $0.role == .crossDecoder }
    func length(_ request: Request) -> Int {
      let (prompt, output) = (Int(request.promptTokens), Int(request.outputTokens))
      return isSplit ? max(prompt, output) : prompt + output - 1
    }
    guard let (count, longest) = exceeding(context, requests, length) else { return nil }
    return Diagnostic(
      .warning, at: place,
      "\(count) of \(requests.count) requests exceed the \(context) tokens of context that \(model.name) was made for",
      why: "the longest has \(longest.promptTokens) tokens of prompt and \(longest.outputTokens) of output; they are "
        + "served as if the model reached so far",
      fix: "cut them with 'max-prompt' and 'max-output', or serve a model with a longer context")
  }

  private func beyondMemory(_ requests: [Request]) -> Diagnostic? {
    guard let pool = pools.max(by: { $0.engine.memory.cacheTokens < $1.engine.memory.cacheTokens }) else { return nil }
    let room = pool.engine.memory.cacheTokens
    guard let (count, longest) = exceeding(room, requests, { Int($0.promptTokens) + Int($0.outputTokens) - 1 }) else {
      return nil
    }
    let who = count == requests.count ? "every request is" : "\(count) of \(requests.count) requests are"
    return Diagnostic(
      .warning, at: place, "\(who) rejected: no pool has room for so many tokens",
      why: "pool '\(pool.name)' holds the most, \(pool.engine.memory.blocks) KV blocks of "
        + "\(pool.engine.memory.blockTokens) tokens; the longest has \(longest.promptTokens) tokens of prompt and "
        + "\(longest.outputTokens) of output",
      fix: "more devices, a smaller format, or 'max-prompt' and 'max-output'")
  }

  private func beyondOnePass(_ requests: [Request]) -> Diagnostic? {
    guard model.transformer.decoding == .encoder,
      let (count, longest) = exceeding(1, requests, { Int($0.outputTokens) })
    else { return nil }
    return Diagnostic(
      .warning, at: place, "\(count) of \(requests.count) requests ask for tokens, and \(model.name) yields none",
      why: "it is one pass over the prompt; up to \(longest.outputTokens) tokens are counted as steps of their own",
      fix: "write 'max-output: 1 tokens'")
  }

  /// How many requests are longer than `bound`, and the longest; nil for none.
  private func exceeding(_ bound: Int, _ requests: [Request], _ length: (Request) -> Int) -> (Int, Request)? {
    var count = 0
    var longest = requests[0]
    for request in requests where length(request) > bound {
      count += 1
      if length(request) > length(longest) { longest = request }
    }
    return count > 0 ? (count, longest) : nil
  }
}
