import Cluster
import Foundation
import Ledger
import Report
import Scenario
import Study

/// Runs as JSON.
enum RunJSON {
  /// The document of `medley run --json`. Everything in it but `wall_s`, `requests_per_wall_s` and `id` follows from
  /// the scenario and the seed.
  static func document(_ runs: [Run], ids: [String?], claims: [ClaimCheck]) -> JSON {
    .object([
      .init("format", "medley-run/1"),
      .init("version", .string(Version.current)),
      .init("runs", .array(zip(runs, ids).map(document))),
      .init("claims", .array(claims.map(document))),
    ])
  }

  private static func document(_ run: Run, _ id: String?) -> JSON {
    let scenario = run.experiment.scenario
    return .object([
      .init("scenario", .string(scenario.provenance.file)),
      .init("variant", scenario.variant.map { .string($0) } ?? .null),
      .init("seed", .string(String(scenario.seed))),
      .init("resolution_sha256", .string(scenario.provenance.hash)),
      .init("id", id.map { .string($0) } ?? .null),
      .init("wall_s", .number(run.wallSeconds)),
      .init("requests_per_wall_s", .number(run.requestsPerWallSecond)),
      .init("notes", .array(run.notes.map { .string($0) })),
      .init("summary", run.summary.json(name: run.experiment.name)),
    ])
  }

  /// A published result beside ours.
  static func document(_ check: ClaimCheck) -> JSON {
    let claim = check.claim
    return .object([
      .init("claim", .string(claim.subject)),
      .init("metric", .string(claim.measure.text)),
      .init("of", names(claim.of)),
      .init("over", names(claim.over)),
      .init("as", claim.comparison.map { .string($0.rawValue) } ?? .null),
      .init("take", claim.taking.map { .string($0.rawValue) } ?? .null),
      .init("published", .optional(claim.published.value)),
      .init("mark", .string(claim.published.mark.rawValue)),
      .init("source", .string(claim.published.source)),
      .init("also", .array(claim.also.map(citation))),
      .init("within", claim.within.map { .array([bound($0.lowerBound), bound($0.upperBound)]) } ?? .null),
      .init("figure", .optional(check.figure)),
      .init("reproduced", check.holds.map { .bool($0) } ?? .null),
    ])
  }

  /// One name, several, or none.
  private static func names(_ names: [String]) -> JSON {
    names.count == 1 ? .string(names[0]) : names.isEmpty ? .null : .array(names.map { .string($0) })
  }

  private static func bound(_ value: Double) -> JSON { value.isFinite ? .number(value) : .null }

  private static func citation(_ citation: Claim.Citation) -> JSON {
    .object([
      .init("value", .optional(citation.value)),
      .init("mark", .string(citation.mark.rawValue)),
      .init("source", .string(citation.source)),
    ])
  }
}
