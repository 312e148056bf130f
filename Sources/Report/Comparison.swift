import Cluster

/// Runs side by side, each figure with its ratio to the first run's.
public struct Comparison: Sendable {
  /// The keys of the figures that are compared, where a run has them.
  public static let keys = [
    "completed", "rejected", "duration_s", "requests_per_s", "output_tokens_per_s", "goodput_per_s", "attainment",
    "slo_met", "queueing_p50_s", "queueing_p99_s", "ttft_p50_s", "ttft_p90_s", "ttft_p99_s", "tpot_p50_s", "tpot_p90_s",
    "tpot_p99_s", "itl_p99_s", "e2e_p50_s", "e2e_p90_s", "e2e_p99_s", "preemptions", "prefix_hit_rate",
    "prefix_saved_tokens", "transferred_bytes", "energy_j",
    "energy_per_output_token_j", "average_power_w", "peak_power_w", "price_usd_per_h", "cost_usd_per_mtok_output",
  ]

  /// One run: its name, and the value of each figure, nil where it was not measured.
  public struct Column: Sendable {
    /// The name.
    public var name: String
    /// The value of a figure.
    public var value: @Sendable (Figure) -> Double?
    /// The tenants; empty where there are none, or nothing is known of them.
    public var tenants: [TenantSummary] = []

    /// A run of these figures, such as one that was stored.
    public init(name: String, value: @escaping @Sendable (Figure) -> Double?) {
      self.name = name
      self.value = value
    }

    /// A run by its summary.
    public init(name: String, _ summary: Summary) {
      self.init(name: name) { $0.value(summary) }
      tenants = summary.tenants
    }
  }

  /// The runs; the first is the baseline.
  public var runs: [Column]

  /// A comparison of `runs` with the first of them.
  public init(columns runs: [Column]) { self.runs = runs }

  /// A comparison of `runs` with the first of them.
  public init(_ runs: [(name: String, summary: Summary)]) { self.init(columns: runs.map { Column(name: $0, $1) }) }

  /// The comparison in tables of at most `width` columns, or as wide as two runs need; the first run leads each.
  ///
  /// A figure that no run has is left out, and one that is 0 in all, unless more of it would be better: that nothing met
  /// the SLO is the news. Ends with a line feed.
  public func text(style: Style = .plain, width: Int = 100) -> String {
    guard let first = runs.first else { return "no runs\n" }
    var blocks: [String] = []
    var next = 1
    repeat {
      var count = 1
      var lines = block([first] + runs[next..<min(next + count, runs.count)], style)
      while next + count < runs.count {
        let wider = [first] + runs[next...(next + count)]
        guard (block(wider, .plain).map(\.count).max() ?? 0) <= width else { break }
        lines = block(wider, style)
        count += 1
      }
      blocks.append(lines.joined(separator: "\n") + "\n")
      next += count
    } while next < runs.count
    return blocks.joined(separator: "\n")
  }

  private func block(_ runs: [Column], _ style: Style) -> [String] {
    var header = ["", runs[0].name.shortened(to: 24)]
    for run in runs.dropFirst() { header += [run.name.shortened(to: 24), "ratio"] }
    var table = Table(header)
    for key in Self.keys {
      guard let figure = Figure.named(key) else { continue }
      add(Row(figure.title, figure.unit, figure.better) { $0.value(figure) }, of: runs, to: &table, style)
    }
    for row in tenantRows { add(row, of: runs, to: &table, style) }
    return table.lines(style)
  }

  /// A line of the comparison.
  private struct Row {
    var title: String
    var unit: Figure.Unit
    var better: Figure.Better
    var value: (Column) -> Double?

    init(_ title: String, _ unit: Figure.Unit, _ better: Figure.Better, _ value: @escaping (Column) -> Double?) {
      (self.title, self.unit, self.better, self.value) = (title, unit, better, value)
    }
  }

  /// The lines of the first run's tenants.
  private var tenantRows: [Row] {
    (runs.first?.tenants.map(\.tenant.name) ?? []).flatMap { name in
      func row(
        _ title: String, _ unit: Figure.Unit, _ better: Figure.Better, _ value: @escaping (TenantSummary) -> Double?
      ) -> Row {
        Row("\(name.shortened(to: 16)): \(title)", unit, better) { run in
          run.tenants.first { $0.tenant.name == name }.flatMap(value)
        }
      }
      return [
        row("TTFT p50", .seconds, .lower) { $0.ttft?.p50 }, row("TTFT p99", .seconds, .lower) { $0.ttft?.p99 },
        row("TPOT p50", .seconds, .lower) { $0.tpot?.p50 }, row("E2E p99", .seconds, .lower) { $0.e2e?.p99 },
        row("SLO clauses met", .share, .higher) { $0.slo?.clausesMet },
      ]
    }
  }

  private func add(_ row: Row, of runs: [Column], to table: inout Table, _ style: Style) {
    let known = self.runs.compactMap(row.value)
    guard known.contains(where: { $0 != 0 }) || (row.better == .higher && !known.isEmpty) else { return }
    let values = runs.map(row.value)
    var cells = [Table.Cell(row.title), Table.Cell(values[0].map(row.unit.text) ?? "-")]
    for value in values.dropFirst() {
      cells.append(Table.Cell(value.map(row.unit.text) ?? "-"))
      cells.append(ratio(value, values[0], row.better, style))
    }
    table.add(cells)
  }

  private func ratio(_ value: Double?, _ base: Double?, _ better: Figure.Better, _ style: Style) -> Table.Cell {
    guard let value, let base, base != 0 else { return "-" }
    let ratio = value / base
    let change = abs(ratio - 1) < 0.005 ? .neither : better
    let text = NumberText.fixed(ratio, 2) + "x"
    switch change {
    case .neither: return Table.Cell(text)
    case .lower: return Table.Cell(text, mark: ratio < 1 ? style.good : style.bad)
    case .higher: return Table.Cell(text, mark: ratio > 1 ? style.good : style.bad)
    }
  }
}

extension Figure.Unit {
  /// A value of this unit as tables write it; rates bare, since their titles say what per second.
  public func text(_ value: Double) -> String {
    switch self {
    case .count: NumberText.fixed(value, 0)
    case .seconds: NumberText.time(value)
    case .perSecond: NumberText.significant(value)
    case .share: NumberText.percent(value)
    case .bytes: NumberText.bytes(value)
    case .joules: NumberText.energy(value)
    case .watts: NumberText.power(value)
    case .dollars: NumberText.money(value)
    case .dollarsPerHour: NumberText.money(value) + "/h"
    case .dollarsPerMillionTokens: NumberText.money(value) + "/Mtok"
    }
  }
}
