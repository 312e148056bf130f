import Units
import Workload

extension FitComparison {
  /// The statistics side by side; ends with a line feed.
  public func text(style: Style = .plain) -> String {
    var table = Table(["", "trace", "generated", "off"])
    for row in rows where row.trace != nil {
      func text(_ value: Double?) -> Table.Cell {
        Table.Cell(value.map { NumberText.significant($0) + (row.unit.isEmpty ? "" : " \(row.unit)") } ?? "-")
      }
      let off = row.name == "rank correlation" ? nil : row.off
      table.add([
        Table.Cell(row.name), text(row.trace), text(row.generated),
        Table.Cell(off.map { ($0 < 0 ? "-" : "+") + NumberText.percent(abs($0)) } ?? "-"),
      ])
    }
    let distances = [("gaps", gapDistance), ("prompts", promptDistance), ("outputs", outputDistance)]
      .compactMap { name, distance in distance.map { "\(name) \(NumberText.percent($0))" } }
    return table.text(style: style)
      + "greatest distance between the distributions: \(distances.joined(separator: ", "))\n"
  }

  /// The comparison as JSON; shares are from 0 to 1, `null` stands for what cannot be told.
  public var json: JSON {
    .object([
      .init(
        "statistics",
        .array(
          rows.map { row in
            .object([
              .init("name", .string(row.name)), .init("unit", .string(row.unit)),
              .init("trace", .optional(row.trace)), .init("generated", .optional(row.generated)),
              .init("off", .optional(row.off)),
            ])
          })),
      .init("gap_distance", .optional(gapDistance)), .init("prompt_distance", .number(promptDistance)),
      .init("output_distance", .number(outputDistance)),
    ])
  }
}

extension WorkloadFit {
  /// How the generator was chosen, in a few lines; ends with a line feed.
  public func text(correlation: Double?) -> String {
    let tried = candidates.map { "\($0.name) \(NumberText.significant($0.distance))" }.joined(separator: ", ")
    let ranks =
      correlation.map { "ranks of prompt and output correlate by \(NumberText.fixed($0, 2))" }
      ?? "one of the lengths does not vary"
    let law =
      switch lengths {
      case .quantiles: "quantiles of each, drawn independently"
      case .pairs(let pairs): "\(pairs.count) weighted pairs"
      }
    return "arrivals: \(arrivals.name), of the distances \(tried)\nlengths: \(law): \(ranks)\n"
  }

  /// The fit as JSON, with what was generated from it and the YAML of its generator.
  public func json(name: String, yaml: String, correlation: Double?, _ comparison: FitComparison) -> JSON {
    .object([
      .init("format", "medley-trace-fit/1"), .init("trace", .string(name)), .init("yaml", .string(yaml)),
      .init("arrivals", .string(arrivals.name)),
      .init(
        "candidates",
        .array(
          candidates.map {
            .object([.init("name", .string($0.name)), .init("distance", .number($0.distance))])
          })),
      .init("rank_correlation", .optional(correlation)),
      .init("comparison", comparison.json),
    ])
  }
}
