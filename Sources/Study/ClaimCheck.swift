import Cluster
import Scenario

/// What became of a published result.
public struct ClaimCheck: Sendable {
  /// The claim.
  public var claim: Claim
  /// Our figure: that of the variant, or its ratio to the other's; nil where one of them was not measured.
  public var figure: Double?

  /// Whether the figure lies where it counts as reproduced; nil where nothing says what counts, or nothing was
  /// measured.
  public var holds: Bool? {
    guard let within = claim.within, let figure else { return nil }
    return within.contains(figure)
  }

  /// The claim that a search for capacity answers, not a run.
  public static let searched = "max-rate"

  /// The claims whose variants are among `runs`, but those that take a search.
  public static func check(_ claims: [Claim], on runs: [Run]) -> [ClaimCheck] {
    let summaries = Dictionary(
      runs.compactMap { run in run.experiment.scenario.variant.map { ($0, run.summary) } }, uniquingKeysWith: { $1 })
    return check(claims.filter { $0.metric != searched }, variants: Set(summaries.keys)) { metric, variant in
      guard let figure = figure(metric), let summary = summaries[variant] else { return nil }
      return figure.value(summary)
    }
  }

  /// The claims of a highest rate whose variants are among those of `findings`.
  public static func check(_ claims: [Claim], on findings: [(variant: String, finding: CapacityFinding)])
    -> [ClaimCheck]
  {
    let rates = Dictionary(findings.map { ($0.variant, $0.finding.best) }, uniquingKeysWith: { $1 })
    return check(claims.filter { $0.metric == searched }, variants: Set(rates.keys)) { _, variant in
      rates[variant]??.value
    }
  }

  private static func check(
    _ claims: [Claim], variants: Set<String>, value: (_ metric: String, _ variant: String) -> Double?
  ) -> [ClaimCheck] {
    claims.filter { variants.contains($0.of) && $0.over.map(variants.contains) ?? true }.map { claim in
      guard let of = value(claim.metric, claim.of) else { return ClaimCheck(claim: claim, figure: nil) }
      guard let name = claim.over else { return ClaimCheck(claim: claim, figure: of) }
      guard let over = value(claim.metric, name), over != 0 else { return ClaimCheck(claim: claim, figure: nil) }
      return ClaimCheck(claim: claim, figure: of / over)
    }
  }

  /// The figure that a claim's metric names; nil for the one that takes a search.
  static func figure(_ metric: String) -> Figure? {
    if let key = keys[metric] { return Figure.named(key) }
    let key = metric.replacing("p99.9", with: "p999").replacing("-", with: "_")
    return ["", "_s", "_w", "_j", "_usd", "_per_s"].lazy.compactMap { Figure.named(key + $0) }.first
  }

  /// Metrics whose figures are spelled otherwise.
  private static let keys = [
    "cost-per-million-output-tokens": "cost_usd_per_mtok_output", "cost-per-million-tokens": "cost_usd_per_mtok",
    "output-token-rate": "output_tokens_per_s", "price": "price_usd_per_h", "request-rate": "requests_per_s",
    "token-rate": "tokens_per_s",
  ]
}
