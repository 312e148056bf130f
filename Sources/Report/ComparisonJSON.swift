import Cluster

extension Comparison {
  /// Every figure of every run, in format `medley-comparison/1`: for each run its name, its figures, `null` for what
  /// was not measured, and their ratios to the first run's, `null` where there is none.
  public var json: JSON {
    .object([
      .init("format", "medley-comparison/1"),
      .init("runs", .array(runs.map(json))),
    ])
  }

  private func json(_ run: Column) -> JSON {
    let ratios = Figure.all.map { figure in
      JSON.Member(figure.key, .optional(ratio(run.value(figure), runs.first?.value(figure))))
    }
    return .object([
      .init("name", .string(run.name)),
      .init("figures", .object(Figure.all.map { .init($0.key, .optional(run.value($0))) })),
      .init("ratios", .object(ratios)),
    ])
  }

  private func ratio(_ value: Double?, _ base: Double?) -> Double? {
    guard let value, let base, base != 0 else { return nil }
    return value / base
  }
}
