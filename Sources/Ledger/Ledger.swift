import Foundation
import GRDB

/// Stored runs in one SQLite file.
///
/// The file is in write-ahead mode with every commit synced, and a run goes in with one transaction: a kill at any
/// moment leaves a readable ledger and no half run. Several processes may write at once, each waiting for its turn;
/// they must share a machine, since write-ahead files do not work over a network file system. Rows are only ever
/// added.
public final class Ledger: Sendable {
  /// The file.
  public let path: String
  private let queue: DatabaseQueue

  /// Seconds that a process waits for its turn to write.
  static let busySeconds = 60

  /// Opens the ledger at `path`, making or upgrading it where `create` allows.
  ///
  /// - Throws: ``LedgerError``. A file that is not a ledger, is newer or is damaged is left as it is.
  public init(path: String, create: Bool = true) throws {
    self.path = path
    queue = try Self.mapping(path) {
      let found = try FileManager.default.fileExists(atPath: path) ? Self.admit(path) : .empty
      guard create || found != .empty else { throw LedgerError.missing(path: path) }
      let write = create || found != .ledger(schema: Schema.migrations.count)
      var configuration = Configuration()
      configuration.busyMode = .timeout(TimeInterval(Self.busySeconds))
      configuration.readonly = !write
      guard write else { return try DatabaseQueue(path: path, configuration: configuration) }
      configuration.prepareDatabase { db in try db.execute(sql: "PRAGMA synchronous = FULL") }
      let queue = try DatabaseQueue(path: path, configuration: configuration)
      try Self.activateWriteAhead(queue)
      try Schema.migrate(queue)
      return queue
    }
  }

  /// Stores a run in one transaction and returns its id.
  ///
  /// - Throws: ``LedgerError``; nothing of the run is then stored.
  @discardableResult
  public func record(_ run: RunRecord) throws -> String {
    try Self.mapping(path) {
      try queue.write { db in try Rows.insert(run, into: db) }
    }
  }

  /// The last `limit` runs, newest first.
  ///
  /// - Throws: ``LedgerError``.
  public func runs(limit: Int = 100) throws -> [StoredRun] {
    try read { db in try Rows.runs(db, sql: "ORDER BY number DESC LIMIT ?", [limit]) }
  }

  /// The run that `reference` names: an id, the beginning of one, `@last`, or `@last-N` for the one N before it.
  ///
  /// - Throws: ``LedgerError/noRun(reference:path:)`` or ``LedgerError/ambiguous(reference:ids:)`` where it names
  ///   none or several, and as ``runs(limit:)``.
  public func find(_ reference: String) throws -> StoredRun {
    let found = try read { db in
      if let back = Self.stepsBack(reference) {
        return try Rows.runs(db, sql: "ORDER BY number DESC LIMIT 1 OFFSET ?", [back])
      }
      guard !reference.isEmpty, reference.allSatisfy({ $0.isHexDigit }) else { return [] }
      return try Rows.runs(
        db, sql: "WHERE id GLOB ? ORDER BY number DESC LIMIT 10", [reference.lowercased() + "*"])
    }
    guard let first = found.first else { throw LedgerError.noRun(reference: reference, path: path) }
    guard found.count == 1 else { throw LedgerError.ambiguous(reference: reference, ids: found.map(\.id)) }
    return first
  }

  /// All of a stored run.
  ///
  /// - Throws: ``LedgerError``.
  public func load(_ run: StoredRun) throws -> RunRecord {
    try read { db in try Rows.load(run, from: db) }
  }

  /// Reads every page and every reference, and throws ``LedgerError/damaged(path:detail:)`` where one is wrong.
  /// Complexity: O(size of the file).
  public func verify() throws {
    let complaints = try read { db in
      try String.fetchAll(db, sql: "PRAGMA integrity_check(5)").filter { $0 != "ok" }
        + (try Row.fetchAll(db, sql: "PRAGMA foreign_key_check")).map { "dangling reference \($0)" }
    }
    if let first = complaints.first { throw LedgerError.damaged(path: path, detail: first) }
  }

  private func read<T>(_ body: (Database) throws -> T) throws -> T {
    try Self.mapping(path) { try queue.read(body) }
  }

  /// Refuses files that are not ledgers or are newer, before anything of ours is written.
  private static func admit(_ path: String) throws -> Schema.Found {
    let found: Schema.Found
    do {
      found = try look(path, readonly: true)
    } catch let error as DatabaseError where error.resultCode == .SQLITE_READONLY {
      // A kill while the file was made left a journal, which only a connection that may write rolls back.
      found = try look(path, readonly: false)
    }
    switch found {
    case .empty: return found
    case .foreign: throw LedgerError.foreign(path: path, found: "another program's SQLite database")
    case .ledger(let schema):
      let known = Schema.migrations.count
      guard schema <= known else { throw LedgerError.newer(path: path, schema: schema, known: known) }
      return found
    }
  }

  private static func look(_ path: String, readonly: Bool) throws -> Schema.Found {
    var configuration = Configuration()
    configuration.readonly = readonly
    configuration.busyMode = .timeout(TimeInterval(busySeconds))
    return try DatabaseQueue(path: path, configuration: configuration).read { try Schema.look($0) }
  }

  /// Puts the file in write-ahead mode. SQLite does not call its busy handler here, so two processes that make the
  /// same file at once take turns by trying again.
  private static func activateWriteAhead(_ queue: DatabaseQueue) throws {
    let deadline = Date.now.addingTimeInterval(TimeInterval(busySeconds))
    while true {
      do {
        let mode = try queue.writeWithoutTransaction { db in
          try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL")
        }
        guard mode == "wal" else {
          throw DatabaseError(resultCode: .SQLITE_IOERR, message: "the file system has no write-ahead mode")
        }
        return
      } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY && Date.now < deadline {
        Thread.sleep(forTimeInterval: 0.002)
      }
    }
  }

  private static func stepsBack(_ reference: String) -> Int? {
    if reference == "@last" { return 0 }
    guard reference.hasPrefix("@last-"), let back = Int(reference.dropFirst(6)), back >= 0 else { return nil }
    return back
  }

  private static func mapping<T>(_ path: String, _ body: () throws -> T) throws -> T {
    do {
      return try body()
    } catch let error as DatabaseError {
      throw LedgerError(error, path: path)
    } catch let error as RowDecodingError {
      throw LedgerError.damaged(path: path, detail: error.description)
    }
  }
}
