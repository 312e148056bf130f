import Calibration
import Report
import Scenario
import Study
import Units

/// A scenario that describes a real server, run under each load of a record of whole runs.
struct RunComparison {
  /// A figure of a run as it was measured and as it is predicted, in seconds or tokens a second.
  struct Pair {
    /// The run.
    var run: ServerRun
    /// Which figure.
    var figure: ServerRun.Figure
    /// As the record has it.
    var measured: Double
    /// As the simulation has it.
    var predicted: Double

    /// predicted / measured - 1.
    var error: Double { predicted / measured - 1 }
  }

  /// Rows that `pairs` of one record compare, by their source: a row that several scenarios compare is one.
  static func rowsBySource(_ pairs: [Pair]) -> [String: Int] {
    var seen: Set<ComparedRow> = []
    return pairs.reduce(into: [:]) { counts, pair in
      guard seen.insert(ComparedRow(line: pair.run.line, figure: pair.figure)).inserted else { return }
      counts[pair.run.source, default: 0] += 1
    }
  }

  /// A row of a record: a figure of the run that begins at a line.
  private struct ComparedRow: Hashable {
    var line: Int
    var figure: ServerRun.Figure
  }

  /// The scenario, with its variant where it has some.
  let name: String
  /// The record, and what the scenario calls it.
  let record: (path: String, name: String)
  /// What was compared, in the order of the record.
  let pairs: [Pair]
  /// Lines of runs that cannot be simulated, and why.
  let unserved: [(line: Int, why: String)]
  /// Rows whose load the record does not state.
  let unstated: Int
  /// What the scenario holds errors to, and what it says of its goals.
  let load: BenchmarkLoad

  /// The comparisons of a scenario's variants that name a record of runs.
  /// - Throws: `Faults`, ``MeasurementFault`` or the simulation's errors.
  static func of(_ loaded: LoadedScenario) throws -> [RunComparison] {
    let variants = loaded.scenario.variants.map { $0 as String? }
    return try (variants.isEmpty ? [nil] : variants).compactMap { variant in
      let experiment = try loaded.experiment(variant: variant)
      guard let plan = experiment.scenario.measured, let load = plan.runs else { return nil }
      let record = try ServerRuns(
        plan.path, rows: plan.rows, promptTokens: load.promptTokens, outputTokens: load.outputTokens)
      guard !record.runs.isEmpty else {
        throw Diagnostic(
          at: nil, "the record of \(experiment.name) has no run",
          why: "no row of \(plan.name) has what 'measured.rows' asks for and states its load",
          fix: "write what its columns hold, or leave 'rows' away")
      }
      let pools = experiment.scenario.cluster.pools.map(\.name)
      let isChunked = experiment.scenario.settings.contains { $0.path == "policy.batch.chunked.token-budget" }
      let results = try Parallel.map(record.runs) { run in
        Result { try predicted(loaded, variant, run, changes(run, load, pools: pools, isChunked: isChunked)) }
      }
      var (pairs, unserved) = ([Pair](), [(line: Int, why: String)]())
      for (run, result) in zip(record.runs, results) {
        switch result {
        case .success(let figures):
          for figure in ServerRun.Figure.allCases {
            guard let measured = run.figures[figure], let predicted = figures[figure] else { continue }
            pairs.append(Pair(run: run, figure: figure, measured: measured, predicted: predicted))
          }
        case .failure(let faults as Faults): unserved.append((run.line, faults.diagnostics.first?.what ?? ""))
        case .failure(let error): throw error
        }
      }
      return RunComparison(
        name: experiment.name, record: (plan.path, plan.name), pairs: pairs, unserved: unserved,
        unstated: record.unstated, load: load)
    }
  }

  private static func predicted(
    _ loaded: LoadedScenario, _ variant: String?, _ run: ServerRun, _ changes: [(path: String, value: String)]
  ) throws -> [ServerRun.Figure: Double] {
    let summary = try loaded.experiment(variant: variant, changes: changes).run().summary
    var figures: [ServerRun.Figure: Double] = [.throughput: summary.outputTokenRate.value]
    if let ttft = summary.ttft?.mean {
      figures[.ttft] = ttft
      figures[.prefillRate] = Double(run.promptTokens) / ttft
    }
    if let tpot = summary.tpot?.mean, tpot > 0 {
      figures[.tpot] = tpot
      figures[.decodeRate] = 1 / tpot
    }
    figures[.e2e] = summary.e2e?.mean
    return figures
  }

  /// From an answer to the user's next request: the step after has begun by then. More, up to half a step, changes little.
  private static let turnaround = "1 ms"

  /// The settings of a run: its layout, and users who send another request as soon as theirs is answered.
  static func changes(_ run: ServerRun, _ load: BenchmarkLoad, pools: [String], isChunked: Bool) -> [(
    path: String, value: String
  )] {
    func law(_ tokens: Int) -> String {
      let least = max(1, Int(Double(tokens) * load.shortest))
      return least < tokens ? "{quantiles: {p0: \(least) tokens, p100: \(tokens) tokens}}" : "\(tokens) tokens"
    }
    let users = run.users ?? load.atOnce
    let requests = run.users.map { $0 * load.requestsPerUser } ?? load.atOnce
    var changes = [
      ("workload.generator", "{closed-loop: {users: \(users), think: \(turnaround)}}"),
      ("workload.requests", "\(requests)"),
      ("workload.lengths", "{prompt: \(law(run.promptTokens)), output: \(law(run.outputTokens))}"),
    ]
    for setting in load.settings where run.holds(setting.rows) {
      changes += setting.values.map { ($0.path, $0.text) }
    }
    let margin = load.stepMargin.map { users + run.promptTokens + $0 }
    if let margin, isChunked { changes.append(("policy.batch.chunked.token-budget", "\(margin)")) }
    let own = [
      ("limits.max-batch-tokens", margin), ("tensor-parallel", run.tensorParallel),
      ("pipeline-parallel", run.pipelineParallel),
    ]
    for pool in pools {
      changes += own.compactMap { key, value in value.map { ("cluster.pools.\(pool).\(key)", "\($0)") } }
    }
    return changes
  }

  /// A figure of all runs: |error| as mean and median, and the median error.
  struct Row {
    /// Which figure.
    var figure: ServerRun.Figure
    /// Runs compared.
    var runs: Int
    /// Mean of |error|.
    var mean: Double
    /// Median of |error|.
    var median: Double
    /// Median error.
    var bias: Double
  }

  /// The errors by figure.
  var rows: [Row] {
    ServerRun.Figure.allCases.compactMap { figure in
      let errors = pairs.filter { $0.figure == figure }.map(\.error)
      guard !errors.isEmpty else { return nil }
      func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
      }
      let sizes = errors.map { abs($0) }
      return Row(
        figure: figure, runs: errors.count, mean: sizes.reduce(0, +) / Double(sizes.count), median: median(sizes),
        bias: median(errors))
    }
  }

  /// The figures whose mean errors exceed what the scenario allows, in words, and those of which it does not say rightly
  /// whether anything keeps them above their goal.
  var unmet: [String] {
    rows.flatMap { row in
      let (key, own) = (
        row.figure.key, "\(name): the error of \(row.figure.rawValue) is \(KernelText.percent(row.mean))"
      )
      var unmet: [String] = []
      if let most = load.within[key], row.mean > most { unmet.append("\(own), more than \(KernelText.percent(most))") }
      if let isMet = isMet(row), isMet == (load.bounds[key] != nil) {
        unmet.append(
          isMet ? "\(own), which is the target: nothing bounds it" : "\(own), and nothing says what bounds it")
      }
      return unmet
    }
  }

  /// Whether a figure's mean error is within its target; nil where it has none.
  func isMet(_ row: Row) -> Bool? { load.targets[row.figure.key].map { row.mean <= $0 } }

  /// The target of a figure, and whether it is met or what bounds it.
  func verdict(_ row: Row) -> [String] {
    guard let target = load.targets[row.figure.key] else { return ["-", ""] }
    return [
      KernelText.percent(target),
      isMet(row) == true ? "met" : "missed: \(load.bounds[row.figure.key] ?? "not known why")",
    ]
  }

  /// The comparisons as text, errors by figure.
  static func table(_ comparisons: [RunComparison], _ style: Style) -> String {
    var table = Table(["scenario", "figure", "runs", "MAPE", "median", "bias"], leading: [0, 1])
    for comparison in comparisons {
      for row in comparison.rows { table.add(comparison.errors(row)) }
    }
    return table.text(style: style)
  }

  /// The scenario, figure, runs, mean and median error and bias, as cells of a table.
  func errors(_ row: Row) -> [String] {
    [name, row.figure.rawValue, "\(row.runs)"] + [row.mean, row.median, row.bias].map(KernelText.percent)
  }

  /// Every run as text.
  static func each(_ comparisons: [RunComparison], _ style: Style) -> String {
    var table = Table(
      ["scenario", "line", "devices", "users", "prompt", "output", "figure", "measured", "predicted", "off"],
      leading: [0])
    for comparison in comparisons {
      for pair in comparison.pairs {
        let run = pair.run
        table.add([
          comparison.name, "\(run.line)", "\((run.tensorParallel ?? 1) * (run.pipelineParallel ?? 1))",
          run.users.map { "\($0)" } ?? "all", "\(run.promptTokens)", "\(run.outputTokens)", pair.figure.rawValue,
          text(pair.measured, pair.figure), text(pair.predicted, pair.figure), KernelText.percent(pair.error),
        ])
      }
    }
    return table.text(style: style)
  }

  private static func text(_ value: Double, _ figure: ServerRun.Figure) -> String {
    switch figure {
    case .ttft, .tpot, .e2e: Seconds(value).text
    case .throughput, .decodeRate, .prefillRate: Rate(value).text
    }
  }
}
