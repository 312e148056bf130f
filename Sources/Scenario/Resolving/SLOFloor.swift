import Cluster
import Models
import Units
import Workload

/// Finds objectives that no request can meet: bounds below what a lone request takes on the fastest pool.
///
/// A load only adds to that, and so do longer requests than the shortest of the workload. Slowdowns are left out, which
/// are relative to another engine, and clusters with a placed pool, whose steps may compute less than the whole model.
struct SLOFloor {
  let pools: [ResolvedPool]
  /// The shortest request of the workload.
  let shortest: Request

  /// Nil where a pool of `built` is placed.
  init?(_ built: [(description: PoolDescription, resolved: ResolvedPool)], _ workload: WorkloadPlan) {
    guard built.allSatisfy({ $0.description.engine.placed == nil }) else { return nil }
    pools = built.map(\.resolved)
    func tokens(_ law: LengthLaw) -> Int32 {
      if case .constant(let tokens) = law { return Int32(clamping: max(1, tokens)) }
      return 1
    }
    var (prompt, output): (Int32, Int32) = (1, 1)
    if case .generator(let generator) = workload.source, case .laws(let prompts, let outputs) = generator.lengths {
      (prompt, output) = (tokens(prompts), tokens(outputs))
    }
    shortest = Request(arrival: .start, promptTokens: prompt, outputTokens: output)
  }

  /// Warns of every objective of `slo` that cannot be met; `element` is where the SLO stands.
  func warn(_ slo: SLO, _ element: Element?, _ diagnostics: Diagnostics) {
    for clause in slo.clauses {
      guard case .absolute(let bound) = clause.bound, let floor = floor(clause.metric), floor.seconds > bound.value
      else { continue }
      diagnostics.warning(
        at: Self.place(of: clause, in: element) ?? element?.place, "no request can meet '\(clause.name)'",
        why: floor.why, fix: "allow more than \(Seconds(floor.seconds).text), or use faster devices or more of them")
    }
  }

  /// The least time of a metric, and how it comes about.
  private func floor(_ metric: SLOMetric) -> (seconds: Double, why: String)? {
    let output = Int(shortest.outputTokens)
    switch metric {
    case .ttft: return first.map { ($0.seconds, $0.why) }
    case .tpot: return output == 1 && !isOpen ? nil : later.map { ($0.seconds, $0.why) }
    case .itl: return later.map { ($0.seconds, $0.why) }
    case .e2e:
      guard let first, let later else { return nil }
      let seconds = first.seconds + Double(output - 1) * later.seconds
      let sum = "\(Seconds(first.seconds).text) + \(output - 1) x \(Seconds(later.seconds).text)"
      return (seconds, output == 1 ? first.why : "\(first.why); each later token \(later.seconds.time): \(sum)")
    }
  }

  /// Whether outputs may be longer than the shortest.
  private var isOpen: Bool { shortest.outputTokens == 1 }

  private var first: (seconds: Double, why: String)? {
    fastest("a prompt of \(shortest.promptTokens) tokens") { pool in
      var shape = StepShape(window: pool.engine.cost.window)
      shape.addChunk(tokens: Int(shortest.promptTokens), cached: 0, last: true)
      return shape
    }
  }

  private var later: (seconds: Double, why: String)? {
    fastest("a token") { pool in
      StepShape(decodes: 1, context: Int(shortest.promptTokens), window: pool.engine.cost.window)
    }
  }

  /// The least time of a step over all pools, and what it consists of.
  private func fastest(_ what: String, _ shape: (ResolvedPool) -> StepShape) -> (seconds: Double, why: String)? {
    let times = pools.map { pool in
      let (cost, shape) = (pool.engine.cost, shape(pool))
      return (0..<cost.stageCount).reduce(0.0) { $0 + cost.interval(of: shape, stage: $1).seconds }
    }
    guard let least = times.min(), let index = times.firstIndex(of: least) else { return nil }
    let (pool, engine) = (pools[index], pools[index].engine.cost)
    let operators = (0..<engine.stageCount).flatMap { engine.operators(of: shape(pool), stage: $0) }
    var parts: [(name: String, seconds: Double)] = []
    for cost in operators {
      if let known = parts.firstIndex(where: { $0.name == cost.name }) {
        parts[known].seconds += cost.seconds
      } else {
        parts.append((cost.name, cost.seconds))
      }
    }
    parts.sort { $0.seconds > $1.seconds }
    let shown = parts.prefix(3).map { "\($0.name) \($0.seconds.time)" }
    let rest = least - parts.prefix(3).reduce(0) { $0 + $1.seconds }
    let sum = (shown + (rest > 0.001 * least ? ["the rest \(rest.time)"] : [])).joined(separator: " + ")
    return (
      least,
      "\(what) alone takes \(least.time) on pool '\(pool.name)' (\(pool.devices) x \(pool.deviceName)), the fastest: \(sum)"
    )
  }

  /// Where the bound of a clause stands.
  private static func place(of clause: SLOClause, in element: Element?) -> Place? {
    guard let value = element?[clause.metric.rawValue] else { return nil }
    guard case .percentile(let fraction) = clause.scope, let entries = value.entries else { return value.place }
    return entries.first { Double("\($0.key.dropFirst())e-2") == fraction }?.value.place ?? value.place
  }
}

extension Double {
  /// Seconds as people write them.
  fileprivate var time: String { Seconds(self).text }
}
