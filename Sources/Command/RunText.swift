import Cluster
import Foundation
import Report
import Scenario
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
        claim.subject, ClaimWords.published(claim), check.figure.map(NumberText.significant) ?? "-",
        ClaimWords.accepted(claim.within), check.holds.map { $0 ? "reproduced" : "not reproduced" } ?? "",
        claim.published.source,
      ])
    }
    return table.text()
  }
}

/// Claims in words.
enum ClaimWords {
  /// "1.4 (A), 1.7 (P)": the published figure and others of it, with their marks.
  static func published(_ claim: Claim) -> String {
    ([claim.published] + claim.also).map { citation in
      (citation.value.map(NumberText.significant) ?? "-") + " (\(citation.mark.rawValue))"
    }.joined(separator: ", ")
  }

  /// "1.12 to 1.68", "at least 3", "above 1".
  static func accepted(_ range: ClosedRange<Double>?) -> String {
    guard let range else { return "-" }
    let (low, high) = (range.lowerBound, range.upperBound)
    if low == (1.0).nextUp, high == .infinity { return "above 1" }
    if high == .infinity { return "at least \(NumberText.significant(low))" }
    if low == -.infinity { return "at most \(NumberText.significant(high))" }
    return "\(NumberText.significant(low)) to \(NumberText.significant(high))"
  }
}

extension ClaimCheck {
  /// The claim and our figure in one line.
  var text: String {
    "\(claim.subject): published \(ClaimWords.published(claim)), here "
      + (figure.map(NumberText.significant) ?? "not measured")
  }
}
