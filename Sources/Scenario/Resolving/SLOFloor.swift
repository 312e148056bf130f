import Cluster
import Models
import Units
import Workload

/// Finds objectives that no request can meet: bounds below what a lone request takes on the fastest pool.
///
/// A load only adds to that, and so do longer requests than the shortest of all sources, cut as the workload has it.
/// Slowdowns are left out, which are relative to another engine, and clusters with a placed pool, whose steps may compute
/// less than the whole model.
struct SLOFloor {
  let pools: [ResolvedPool]
  /// The shortest prompt of all sources of requests with the shortest output of all.
  let shortest: Request
  /// Whether any output may be longer than one token.
  let hasLater: Bool

  /// Nil where a pool of `built` is placed.
  init?(_ built: [(description: PoolDescription, resolved: ResolvedPool)], _ workload: WorkloadPlan) {
    guard built.allSatisfy({ $0.description.engine.placed == nil }) else { return nil }
    pools = built.map(\.resolved)
    let lengths = workload.parts.map(Self.lengths)
    shortest = Request(
      arrival: .start, promptTokens: lengths.map(\.prompt).min() ?? 1,
      outputTokens: lengths.map(\.output.least).min() ?? 1)
    hasLater = lengths.contains { $0.output.most > 1 }
  }

  /// The shortest prompt of a source, and the bounds of its outputs, as far as its laws say.
  private static func lengths(_ part: WorkloadPlan) -> (prompt: Int32, output: (least: Int32, most: Int32)) {
    func bounds(_ law: LengthLaw, _ limit: Int32?) -> (least: Int32, most: Int32) {
      guard case .constant(let tokens) = law else { return (1, limit ?? .max) }
      let kept = min(Int32(clamping: max(1, tokens)), limit ?? .max)
      return (kept, kept)
    }
    guard case .generator(let generator) = part.source, case .laws(let prompts, let outputs) = generator.lengths else {
      return (1, (1, part.maxOutput ?? .max))
    }
    return (bounds(prompts, part.maxPrompt).least, bounds(outputs, part.maxOutput))
  }

  /// Warns of every objective of `slo` that cannot be met; `element` is where the SLO stands.
  func warn(_ slo: SLO, _ element: Element?, _ diagnostics: Diagnostics) {
    for clause in slo.clauses {
      guard case .absolute(let bound) = clause.bound, let floor = floor(clause.metric), floor.seconds > bound.value
      else { continue }
      diagnostics.warning(
        at: Self.place(of: clause, in: element) ?? element?.place, "no request can meet '\(clause.name)'",
        why: floor.why, fix: "allow more than \(Seconds(floor.seconds).text), or \(floor.remedy)")
    }
  }

  /// A least time, how it comes about, and what would shorten it.
  private struct Floor {
    var seconds: Double
    var why: String
    var remedy: String
  }

  /// The least time of a metric; nil where nothing bounds it, or no request has it.
  private func floor(_ metric: SLOMetric) -> Floor? {
    let output = Int(shortest.outputTokens)
    switch metric {
    case .ttft: return first
    case .tpot, .itl: return hasLater ? later : nil
    case .e2e:
      guard var floor = first, output > 1, let later else { return first }
      let sum = "\(floor.seconds.time) + \(output - 1) x \(later.seconds.time)"
      floor.seconds += Double(output - 1) * later.seconds
      floor.why += "; each later token \(later.seconds.time): \(sum)"
      floor.remedy = floor.seconds > 2 * Double(output - 1) * later.seconds ? floor.remedy : later.remedy
      return floor
    }
  }

  private var first: Floor? {
    fastest("a prompt of \(shortest.promptTokens) tokens") { pool in
      var shape = StepShape(window: pool.engine.cost.window)
      shape.addChunk(tokens: Int(shortest.promptTokens), cached: 0, last: true)
      return shape
    }
  }

  private var later: Floor? {
    fastest("a token") { pool in
      StepShape(decodes: 1, context: Int(shortest.promptTokens), window: pool.engine.cost.window)
    }
  }

  /// The least time of a step over all pools, and what it consists of.
  private func fastest(_ what: String, _ shape: (ResolvedPool) -> StepShape) -> Floor? {
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
    // What issues the steps is no faster for more devices, nor for faster ones.
    let host = parts.filter { $0.name.hasPrefix("host.") }.reduce(0) { $0 + $1.seconds }
    return Floor(
      seconds: least,
      why:
        "\(what) alone takes \(least.time) on pool '\(pool.name)' (\(pool.devices) x \(pool.deviceName)), the fastest: \(sum)",
      remedy: host > least / 2
        ? "set the 'host' of pool '\(pool.name)' to that of your engine" : "use faster devices or more of them")
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
