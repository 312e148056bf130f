import Cluster
import Models
import Timeline

/// What the experts of one mixture layer do: who computes which, what the link brings, and what comes back.
extension HybridExperts {
  /// Schedules and issues the experts of mixture layer `layer`, whose gate is the task `gate`, and fetches for later ones;
  /// a layer like it takes `pause` seconds until its own gate. Returns what the next layer waits for.
  mutating func reach(
    _ layer: Int, _ gate: TaskRef, pause: Double, into plan: inout StepPlan
  ) -> TaskRef {
    let routing = routed.routing
    let first = layer * cache.shape.experts
    cache.ask(layer, routing.experts(layer), scores: routing.scores(layer), missing: &missing)
    asked.removeAll(keepingCapacity: true)
    for expert in routing.experts(layer) {
      let ready = cache.holds(layer, expert) ? max(0, arrivals[first + Int(expert)] - now) : nil
      asked.append(HybridExpert(expert: expert, tokens: routing.tokens(layer, expert), ready: ready))
    }
    schedule.plan(asked, options.rule, &costs, backlog: max(0, linkFree - now))
    computed.device += schedule.onGPU.count
    computed.processor += schedule.onCPU.count
    let done = processor(schedule.onCPU, after: gate, into: &plan)
    for expert in schedule.copied { copy(layer, expert.expert, after: gate, isNeeded: true, into: &plan) }
    device(layer, schedule.onGPU, after: gate, into: &plan)
    linkFree = now + schedule.linkFree
    let end = now + schedule.seconds
    if let count = options.byScores {
      prefetch(count, after: layer, gate, into: &plan)
    } else {
      // The link is idle until the next layer's gate.
      prefetch(layer, until: end + pause, after: gate, into: &plan)
    }
    if options.updates {
      for expert in schedule.onCPU.reversed() where linkFree < end && !cache.holds(layer, expert.expert) {
        copy(layer, expert.expert, after: gate, isNeeded: false, into: &plan)
      }
    }
    cache.finish(layer)
    now = end
    return done
  }

  /// The experts of the processor, with activations there and back.
  private mutating func processor(_ experts: [HybridExpert], after gate: TaskRef, into plan: inout StepPlan) -> TaskRef
  {
    guard !experts.isEmpty else { return .none }
    var seconds = costs.cpuStart
    for expert in experts { seconds += costs.cpu(expert.tokens) }
    let bytes = width * Double(min(routed.routing.tokens, experts.reduce(0) { $0 + $1.tokens }))
    let sent = plan.move(
      sendLabel, over: send.stream, bytes: bytes, latency: send.latency, after: gate, bound: PieceCost.linkBound)
    let done = plan.run(
      besideLabel, on: cpu, for: seconds, after: sent,
      bound: bound(expertBeside, experts[experts.count - 1].tokens, least: 0))
    return bring(bytes, after: done, into: &plan)
  }

  /// Brings `bytes` of activations back from the processor.
  func bring(_ bytes: Double, after done: TaskRef, into plan: inout StepPlan) -> TaskRef {
    plan.move(
      resultLabel, over: results.stream, bytes: bytes, latency: results.latency, after: done,
      bound: PieceCost.linkBound)
  }

  /// What bounds `piece` with `tokens` tokens, which takes `least` seconds at least.
  private func bound(_ piece: Piece, _ tokens: Int, least: Double) -> UInt8 {
    let cost = piece.cost(HybridExperts.shape(tokens))
    return cost.seconds < least ? PieceCost.hostBound : cost.bound
  }

  /// One routed expert with `tokens` tokens.
  static func shape(_ tokens: Int) -> StepShape {
    var shape = StepShape()
    shape.prefillTokens = tokens
    return shape
  }

  /// The experts of the device: those that are there in one task, the others as they come.
  private mutating func device(
    _ layer: Int, _ experts: [HybridExpert], after gate: TaskRef, into plan: inout StepPlan
  ) {
    let first = layer * cache.shape.experts
    var seconds = 0.0
    for other in experts where !way.isUnderWay(numbers[first + Int(other.expert)]) {
      seconds += costs.gpu(other.tokens)
    }
    if seconds > 0, let most = experts.first {
      plan.run(
        labels.expert, on: gpu, for: seconds, after: gate, bound: bound(expert, most.tokens, least: options.launch))
    }
    for other in experts where way.isUnderWay(numbers[first + Int(other.expert)]) {
      let come = way.wait(for: numbers[first + Int(other.expert)])
      let task = plan.run(
        labels.expert, on: gpu, for: costs.gpu(other.tokens), after: gate, come,
        bound: bound(expert, other.tokens, least: options.launch))
      if !cache.holds(layer, other.expert) { way.used(in: task) }
    }
  }
}
