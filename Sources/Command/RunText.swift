import Cluster
import Foundation
import Report
import Study

/// Runs as text.
enum RunText {
  /// The page of one run, or the comparison of several.
  static func figures(_ runs: [Run], style: Style) -> String {
    if runs.count == 1, let run = runs.first { return run.summary.text(name: run.experiment.name, style: style) }
    return Comparison(runs.map { ($0.experiment.scenario.variant ?? $0.experiment.name, $0.summary) }).text(
      style: style)
  }

  /// How fast each was simulated, and in how many events of the agenda.
  static func speed(_ runs: [Run]) -> String {
    runs.map { run in
      let name = runs.count > 1 ? "\(run.experiment.scenario.variant ?? run.experiment.name): " : ""
      return "\(name)\(NumberText.count(run.summary.requests)) requests simulated in "
        + "\(NumberText.time(run.wallSeconds)) wall: \(NumberText.significant(run.requestsPerWallSecond)) requests/s "
        + "(simulation alone), \(events(run.summary)) events a request\n"
    }.joined()
  }

  private static func events(_ summary: Summary) -> String {
    NumberText.significant(Double(summary.events) / Double(max(1, summary.requests)))
  }

  /// Published results beside ours.
  static func claims(_ claims: [ClaimCheck]) -> String {
    var table = Table(["claim", "published", "here", "within", "", "source"], leading: [0, 4, 5])
    for check in claims {
      let claim = check.claim
      table.add([
        check.subject, NumberText.significant(claim.published) + " (\(claim.mark.rawValue))",
        check.figure.map(NumberText.significant) ?? "-",
        claim.within.map { "\(NumberText.significant($0.lowerBound)) to \(NumberText.significant($0.upperBound))" }
          ?? "-",
        check.holds.map { $0 ? "reproduced" : "not reproduced" } ?? "", claim.source,
      ])
    }
    return table.text()
  }
}

extension ClaimCheck {
  /// "goodput of split over mixed".
  var subject: String { "\(claim.metric) of \(claim.of)" + (claim.over.map { " over \($0)" } ?? "") }

  /// The claim and our figure in one line.
  var text: String {
    "\(subject): published \(NumberText.significant(claim.published)), here "
      + (figure.map(NumberText.significant) ?? "not measured")
  }
}
