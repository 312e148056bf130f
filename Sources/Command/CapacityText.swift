import Report
import Study
import Units

/// What a search for capacity found, as text and as JSON.
enum CapacityText {
  /// The answer and the rates that were run.
  static func text(_ experiment: Experiment, _ finding: CapacityFinding, style: Style) -> String {
    var table = Table(["rate", "", "missed"], leading: [1, 2])
    for probe in finding.probes {
      table.add(["\(brief(probe.rate.value))/s", probe.passes ? "passes" : "fails", probe.missed])
    }
    return "\(experiment.name): \(answer(finding))\n\n" + table.text(style: style) + "\n"
  }

  private static func answer(_ finding: CapacityFinding) -> String {
    guard let best = finding.best else {
      return finding.probes.first.map { "no rate passes; the lowest that ran is \(brief($0.rate.value))/s" }
        ?? "no rate was run"
    }
    var text = "\(brief(best.value)) requests/s"
    if let border = finding.border, let uncertainty = finding.uncertainty {
      text += "; \(brief(border.rate.value))/s fails, \(NumberText.percent(uncertainty)) more"
    } else {
      text += " or more: no rate above it was run, and requests that come at once may all be met"
    }
    return finding.isMonotone ? text : text + " (a rate below it fails too)"
  }

  /// The answer and the rates that were run.
  static func json(_ experiment: Experiment, _ finding: CapacityFinding) -> JSON {
    .object([
      .init("name", .string(experiment.name)),
      .init("best_per_s", .optional(finding.best?.value)),
      .init("border_per_s", .optional(finding.border?.rate.value)),
      .init("uncertainty", .optional(finding.uncertainty)),
      .init("is_monotone", .bool(finding.isMonotone)),
      .init(
        "probes",
        .array(
          finding.probes.map { probe in
            .object([
              .init("rate_per_s", .number(probe.rate.value)), .init("passes", .bool(probe.passes)),
              .init("missed", .string(probe.missed)),
            ])
          })),
    ])
  }
}
