import Foundation
import GRDB

/// Runs as rows and back.
enum Rows {
  /// Inserts all of a run and returns its id.
  static func insert(_ run: RunRecord, into db: Database) throws -> String {
    let header = run.header
    let id = String(StoredFingerprints.hex(.random(in: 0...(.max))).prefix(12))
    try db.execute(
      sql: "INSERT INTO scenarios (hash, text) VALUES (?, ?) ON CONFLICT (hash) DO NOTHING",
      arguments: [header.scenarioHash, run.scenarioText])
    try db.execute(
      sql: """
        INSERT INTO runs (id, started, scenario, scenario_hash, variant, seed, version, requests, wall_seconds,
          trajectory, decisions, metrics, summary) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        id, header.started.formatted(instant), header.scenario, header.scenarioHash, header.variant,
        String(header.seed), header.version, header.requests, header.wallSeconds,
        StoredFingerprints.hex(header.fingerprints.trajectory), StoredFingerprints.hex(header.fingerprints.decisions),
        StoredFingerprints.hex(header.fingerprints.metrics), run.summary,
      ])
    let number = db.lastInsertedRowID
    let metric = try db.makeStatement(
      sql: "INSERT INTO metrics (run, scope, name, value, unit) VALUES (?, ?, ?, ?, ?)")
    for row in run.metrics {
      let value = row.value.isNaN ? nil : row.value
      try metric.execute(arguments: [number, row.scope, row.name, value, row.unit])
    }
    let fact = try db.makeStatement(sql: "INSERT INTO provenance (run, key, value) VALUES (?, ?, ?)")
    for row in run.provenance { try fact.execute(arguments: [number, row.key, row.value]) }
    return id
  }

  /// The runs that the end of a query selects.
  static func runs(_ db: Database, sql: String, _ arguments: StatementArguments) throws -> [StoredRun] {
    try Row.fetchAll(db, sql: "SELECT \(columns) FROM runs " + sql, arguments: arguments).map(stored)
  }

  /// All of a run; metrics and facts in the order of their names.
  static func load(_ run: StoredRun, from db: Database) throws -> RunRecord {
    let texts = try Row.fetchOne(
      db, sql: "SELECT text, summary FROM runs JOIN scenarios ON hash = scenario_hash WHERE number = ?",
      arguments: [run.number])
    guard let texts else { throw damaged("scenario_hash") }
    let metrics = try Row.fetchAll(
      db, sql: "SELECT scope, name, value, unit FROM metrics WHERE run = ? ORDER BY scope, name",
      arguments: [run.number])
    let facts = try Row.fetchAll(
      db, sql: "SELECT key, value FROM provenance WHERE run = ? ORDER BY key", arguments: [run.number])
    return RunRecord(
      header: run.header, scenarioText: try get(texts, "text"), summary: try get(texts, "summary"),
      metrics: try metrics.map { row in
        let value: Double = row.hasNull(atIndex: 2) ? .nan : try get(row, "value")
        return MetricRow(
          scope: try get(row, "scope"), name: try get(row, "name"), value: value, unit: try get(row, "unit"))
      },
      provenance: try facts.map { ProvenanceRow(key: try get($0, "key"), value: try get($0, "value")) })
  }

  private static let columns = """
    number, id, started, scenario, scenario_hash, variant, seed, version, requests, wall_seconds, trajectory,
    decisions, metrics
    """

  private static let instant = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

  private static func stored(_ row: Row) throws -> StoredRun {
    func hash(_ column: String) throws -> UInt64 {
      guard let value = UInt64(try get(row, column) as String, radix: 16) else { throw damaged(column) }
      return value
    }
    guard let started = try? Date(try get(row, "started") as String, strategy: instant) else {
      throw damaged("started")
    }
    guard let seed = UInt64(try get(row, "seed") as String) else { throw damaged("seed") }
    let header = RunHeader(
      started: started, scenario: try get(row, "scenario"), scenarioHash: try get(row, "scenario_hash"),
      variant: try get(row, "variant"), seed: seed, version: try get(row, "version"),
      requests: try get(row, "requests"), wallSeconds: try get(row, "wall_seconds"),
      fingerprints: StoredFingerprints(
        trajectory: try hash("trajectory"), decisions: try hash("decisions"), metrics: try hash("metrics")))
    return StoredRun(number: try get(row, "number"), id: try get(row, "id"), header: header)
  }

  /// A column's value; an error where a damaged file holds a value of another type.
  private static func get<T: DatabaseValueConvertible>(_ row: Row, _ column: String) throws -> T {
    guard let value = T.fromDatabaseValue(row[column]) else { throw damaged(column) }
    return value
  }

  private static func damaged(_ column: String) -> DatabaseError {
    DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a row has a bad value in column '\(column)'")
  }
}
