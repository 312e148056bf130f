import Report
import Study

/// Reproduced systems as text.
enum ReproductionText {
  /// A line for each system.
  static func table(_ reproduction: Reproduction) -> String {
    var table = Table(["system", "verdict", "claims within", "scenarios", "runs"], leading: [0, 1])
    for system in reproduction.systems {
      table.add([
        system.id, verdict(system), within(system), "\(system.scenarios.count)",
        NumberText.count(system.scenarios.reduce(0) { $0 + $1.runs }),
      ])
    }
    return table.text()
  }

  /// The page `results/reproduction.md`.
  static func page(_ reproduction: Reproduction) -> String {
    let systems = reproduction.systems
    let whole = systems.filter { $0.verdict == .within }.count
    let head = """
      # Published systems beside their published results

      `medley reproduce` writes this page, and `reproduction.json` beside it; `.ci/run` fails where a verdict moves. Every
      figure is that of `medley run` or `medley capacity` on the scenarios of `scenarios/systems`. \(whole) of \(systems.count)
      systems lie within the accepted range of every claim.

      A claim is *within* where our figure lies in its range; *direction only* where it does not, but lies on the published
      side of no change; else *outside*. A system is within only if all its claims are. Marks say where a figure was read: A
      abstract, P paper, F file of the artifact, D documentation, N third-party note, R recalled; N and R are unverified.
      A free parameter is a setting that the source does not state; *stands* is the interval around its value over which no
      claim moves into or out of its range, to a 32nd of the range it may have been in.


      """
    var rows = "| system | verdict | claims within |\n|---|---|---:|\n"
    for system in systems { rows += "| [\(system.id)](#\(system.id)) | \(verdict(system)) | \(within(system)) |\n" }
    return head + rows + systems.map { "\n## \($0.id)\n" + $0.scenarios.map(section).joined() }.joined()
  }

  private static func section(_ scenario: ReproducedScenario) -> String {
    let title = "\n### \(scenario.name)\n\n"
    if let skipped = scenario.skipped { return title + "Not run: \(skipped).\n" }
    var text = title
    if !scenario.question.isEmpty { text += "\(scenario.question)\n\n" }
    text += "| claim | here | published | accepted | verdict |\n|---|---:|---|---|---|\n"
    for claim in scenario.claims {
      text += row([
        claim.claim, claim.figure.map(NumberText.significant) ?? "-", published(claim), accepted(claim), verdict(claim),
      ])
    }
    text += reasons(scenario) + parameters(scenario.parameters)
    if !scenario.notes.isEmpty { text += "\nNotes:\n\n" + scenario.notes.map { "- \($0)\n" }.joined() }
    return text + sources(scenario)
  }

  private static func reasons(_ scenario: ReproducedScenario) -> String {
    let told = scenario.claims.filter { $0.verdict != .within && !$0.reason.isEmpty }
    guard !told.isEmpty else { return "" }
    return "\nWhy not:\n\n" + told.map { "- \($0.claim): \($0.reason)\n" }.joined()
  }

  private static func parameters(_ parameters: [ReproducedParameter]) -> String {
    guard !parameters.isEmpty else { return "" }
    let rows = parameters.map { parameter in
      row([
        "`\(parameter.path)`", parameter.value, parameter.range.joined(separator: " to "),
        parameter.stands.map { $0 == parameter.range ? "the whole range" : $0.joined(separator: " to ") } ?? "-",
        [parameter.source, parameter.note, parameter.fittedTo.map { "fitted to \($0)" } ?? ""].filter { !$0.isEmpty }
          .joined(separator: "; "),
      ])
    }
    return "\n| free parameter | value | may be | stands | source |\n|---|---|---|---|---|\n" + rows.joined()
  }

  private static func row(_ cells: [String]) -> String {
    "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |\n"
  }

  private static func verdict(_ system: ReproducedSystem) -> String {
    guard let verdict = system.verdict else { return "not run" }
    return verdict.rawValue + (system.isVerified ? "" : ", published figures unverified")
  }

  private static func within(_ system: ReproducedSystem) -> String {
    "\(system.counted.filter { $0.verdict == .within }.count) of \(system.counted.count)"
  }

  private static func verdict(_ claim: ReproducedClaim) -> String {
    guard claim.fitted.isEmpty else { return "fitted: \(claim.fitted.joined(separator: ", ")); does not count" }
    return claim.verdict == .outside
      ? "**outside**" : claim.verdict == .none && claim.counts ? "not measured" : claim.verdict.rawValue
  }

  private static func published(_ claim: ReproducedClaim) -> String {
    claim.published.map { (($0.value.map(NumberText.significant)) ?? "-") + " [\($0.mark)]" }.joined(separator: ", ")
  }

  /// Every source of a scenario's claims once.
  private static func sources(_ scenario: ReproducedScenario) -> String {
    var lines: [String] = []
    for published in scenario.claims.flatMap(\.published) {
      let line = "- [\(published.mark)] \(published.source)\n"
      if !lines.contains(line) { lines.append(line) }
    }
    return "\nPublished:\n\n" + lines.joined()
  }

  private static func accepted(_ claim: ReproducedClaim) -> String {
    switch (claim.least, claim.greatest) {
    case (nil, nil): "-"
    case (let least?, nil): claim.isStrict ? "above 1" : "at least \(NumberText.significant(least))"
    case (nil, let greatest?): "at most \(NumberText.significant(greatest))"
    case (let least?, let greatest?): "\(NumberText.significant(least)) to \(NumberText.significant(greatest))"
    }
  }
}
