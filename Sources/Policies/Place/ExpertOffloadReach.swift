import Cluster
import Models
import Timeline

extension ExpertOffload {
  /// Fetches what the layer at `place` lacks and computes its experts; `gate` is the task that has chosen them.
  mutating func reach(
    _ place: Int, _ kind: ModelPieces.LayerKind, gate: TaskRef, seconds: Double, into plan: inout StepPlan
  ) -> (end: TaskRef, busy: Double) {
    let layer = passed[place]
    let experts = routed.routing.experts(layer)
    counts.asked(experts.count)
    guesses?.check(layer, experts)
    if options.fetch == .prefetchAll {
      let number = ring.first { $0.layer == layer }?.number ?? 0
      let cost = self.cost(experts, layer, kind)
      let end = plan.run(
        labels.expert, on: gpu, cost, after: gate, way.wait(for: number))
      return (end, cost.seconds)
    }
    do { try cache.access(layer, experts, scores: routed.routing.scores(layer), missing: &missing) } catch {
      counts.evictionFailed()
    }
    if options.keepsApart { takeApart(layer) }
    var (end, busy) = computeThere(layer, experts, kind, gate: gate, into: &plan)
    list = missing
    sort { [routing = routed.routing] in routing.tokens(layer, $0) }
    var comes: [Coming] = []
    for rank in 0...list.count {
      if rank < list.count {
        // Copies are issued in a row once the host knows what to copy.
        let isBuffered = !cache.holds(layer, list[rank])
        comes.append(
          fetchMissed(
            layer, rank: rank, after: gate, delay: rank == 0 ? options.decide : 0, isBuffered: isBuffered, into: &plan))
      }
      guard rank > 0 else { continue }
      let expert = list[rank - 1]
      let cost = self.cost(CollectionOfOne(expert), layer, kind)
      let come = wait(for: comes[rank - 1], after: gate, into: &plan)
      end = plan.run(labels.expert, on: gpu, cost, after: gate, come)
      if !cache.holds(layer, expert) { way.used(in: end) } else if options.refetches { converted.append((expert, end)) }
      busy += cost.seconds
    }
    if place + 1 < passed.count, options.guessesNext {
      let extra = options.extra(seconds: seconds, way)
      guesses?.guess(routed.routing, layer: passed[place + 1], ahead: 1, extra: extra)
      prefetch(passed[place + 1], after: gate, into: &plan)
    }
    fetchAgain(layer, into: &plan)
    cache.finish(layer)
    return (end, busy)
  }

  /// Computes the experts of a layer that are there together, and then those that are on their way, when they have come.
  private mutating func computeThere(
    _ layer: Int, _ experts: ArraySlice<Int32>, _ kind: ModelPieces.LayerKind, gate: TaskRef, into plan: inout StepPlan
  ) -> (end: TaskRef, busy: Double) {
    var (end, busy) = (gate, 0.0)
    let there = experts.filter { !missing.contains($0) }
    let first = layer * cache.shape.experts
    let late = there.filter { way.isUnderWay(numbers[first + Int($0)]) }
    for part in [there.filter { !late.contains($0) }, late] where !part.isEmpty {
      let cost = self.cost(part, layer, kind)
      let last = part.reduce(0) { max($0, numbers[first + Int($1)]) }
      let come = wait(for: .fetch(last), after: gate, into: &plan)
      end = plan.run(labels.expert, on: gpu, cost, after: gate, come)
      if options.refetches { converted += part.filter { cache.holds(layer, $0) }.map { ($0, end) } }
      busy += cost.seconds
    }
    return (end, busy)
  }

  /// What experts wait for until they have come; a host that is blocked waits with them.
  private mutating func wait(for coming: Coming, after gate: TaskRef, into plan: inout StepPlan) -> TaskRef {
    var come = TaskRef.none
    switch coming {
    case .fetch(let number):
      let isUnderWay = way.isUnderWay(number)
      come = way.wait(for: number)
      guard isUnderWay else { return come }
    case .end(let task): come = task
    }
    guard options.isBlocking else { return come }
    return plan.run(labels.host, on: host, for: 0, after: gate, come, bound: PieceCost.hostBound)
  }

  /// What experts of a layer cost for the step's tokens, and the conversion of those that are kept as they were stored.
  private func cost(_ experts: some Collection<Int32>, _ layer: Int, _ kind: ModelPieces.LayerKind) -> PieceCost {
    var sum = PieceCost()
    guard let piece = kind.expert else { return sum }
    for expert in experts {
      var one = StepShape()
      one.prefillTokens = routed.routing.tokens(layer, expert)
      let cost = piece.cost(one)
      sum.compute += cost.compute
      sum.memory += cost.memory + options.conversion
      sum.launch = cost.launch
    }
    return sum
  }
}
