import Cluster
import Foundation
import Ledger
import Report
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
    .object([
      .init("metric", .string(check.claim.metric)),
      .init("of", .string(check.claim.of)),
      .init("over", check.claim.over.map { .string($0) } ?? .null),
      .init("published", .number(check.claim.published)),
      .init("mark", .string(check.claim.mark.rawValue)),
      .init("source", .string(check.claim.source)),
      .init("within", check.claim.within.map { .array([.number($0.lowerBound), .number($0.upperBound)]) } ?? .null),
      .init("figure", .optional(check.figure)),
      .init("reproduced", check.holds.map { .bool($0) } ?? .null),
    ])
  }
}
