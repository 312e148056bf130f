import Cluster
import Ledger
import Scenario
import Units

/// Everything that claims can name of one variant: the rows of its run, and what a search for capacity found.
public struct VariantFigures: Sendable {
  private var rows: [String: [String: Double]]
  private var highestRate: Double?

  /// The figures of a run, and the watts that its cluster has to be provisioned with.
  public init(_ run: Run) {
    let watts = run.experiment.scenario.pools.reduce(0) { sum, pool in
      let power = pool.power
      return sum + Double(pool.replicas) * max(power.idle.value, power.prefill.value, power.decode.value)
    }
    let provisioned = MetricRow(scope: "cluster", name: "provisioned_power_w", value: watts, unit: "W")
    self.init(rows: run.summary.rows + [provisioned])
  }

  /// The figure of a search: the highest rate within the SLO, nil where no rate met it.
  public init(highestRate: Rate?) {
    rows = [:]
    self.highestRate = highestRate?.value
  }

  /// Those of `rows`.
  public init(rows: [MetricRow]) {
    self.rows = Dictionary(grouping: rows, by: \.scope).mapValues { rows in
      Dictionary(rows.map { (Self.spelled($0.name), $0.value) }, uniquingKeysWith: { $1 })
    }
  }

  /// These figures and the highest rate of a search.
  public func with(highestRate: Rate?) -> VariantFigures {
    var figures = self
    figures.highestRate = highestRate?.value
    return figures
  }

  /// The figure of a measure; nil where it was not measured.
  /// - Throws: a `Diagnostic` at `place` where a pool, path or tenant has no figure of the name.
  func value(_ measure: Claim.Measure, variant: String, place: Place) throws(Diagnostic) -> Double? {
    func other(_ name: String?) throws(Diagnostic) -> Double? {
      guard let name else { return 1 }
      let isClusters = measure.scope.map { rows[$0].map { Self.find(name, $0) == nil } ?? false } ?? true
      return try value(name, isClusters ? nil : measure.scope, variant, place)
    }
    let figure = try value(measure.metric, measure.scope, variant, place)
    guard let figure, let divisor = try other(measure.per), let factor = try other(measure.times), divisor != 0 else {
      return nil
    }
    return figure / divisor * factor
  }

  private func value(_ metric: String, _ scope: String?, _ variant: String, _ place: Place) throws(Diagnostic)
    -> Double?
  {
    if metric == Claim.searched { return highestRate }
    let owner = scope ?? "cluster"
    guard let own = rows[owner] else {
      throw Diagnostic(
        at: place, "the results of '\(variant)' have no '\(owner)'",
        why: "they are of \(wordList(rows.keys.sorted(), or: "and"))", fix: "name one of those")
    }
    if let value = Self.find(metric, own) { return value }
    // A figure of the whole cluster that this run did not measure, such as a TPOT where nothing is decoded.
    if scope == nil, Claim.metrics.contains(metric) { return nil }
    let names = own.keys.map { $0.replacing("_", with: "-") }.sorted()
    throw Diagnostic(
      at: place, "\(scope.map { "'\($0)'" } ?? "the cluster") of '\(variant)' has no figure '\(metric)'",
      why: "it has \(names.joined(separator: ", "))", fix: didYouMean(metric, among: names, else: "name one of them"))
  }

  /// A name as rows are found by: "ttft_p999_s" for "ttft-p999-s".
  private static func spelled(_ name: String) -> String { name.replacing("-", with: "_").replacing(" ", with: "_") }

  private static func find(_ metric: String, _ rows: [String: Double]) -> Double? {
    if let key = keys[metric] { return rows[key] }
    let key = spelled(metric.replacing("p99.9", with: "p999"))
    return units.lazy.compactMap { rows[key + $0] }.first
  }

  private static let units = ["", "_s", "_w", "_j", "_usd", "_per_s", "_usd_per_h"]

  /// The figure of the cluster that a metric names; nil for those that no summary has.
  static func figure(_ metric: String) -> Figure? {
    let key = keys[metric] ?? spelled(metric.replacing("p99.9", with: "p999"))
    return units.lazy.compactMap { Figure.named(key + $0) }.first
  }

  /// Metrics whose figures are spelled otherwise.
  private static let keys = [
    "cost-per-million-output-tokens": "cost_usd_per_mtok_output", "cost-per-million-tokens": "cost_usd_per_mtok",
    "energy-per-output-token": "energy_per_output_token_j", "output-token-rate": "output_tokens_per_s",
    "request-rate": "requests_per_s", "token-rate": "tokens_per_s",
  ]
}
