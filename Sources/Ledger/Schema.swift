import GRDB

/// The tables of a ledger and their history.
enum Schema {
  /// Marks a file as a ledger: "MDLY" in ASCII, in SQLite's application_id.
  static let applicationID = 0x4d44_4c59

  /// The steps from an empty file to today's tables, each with the number `user_version` has after it. Only ever
  /// appended to: a test holds the hash of each.
  static let migrations: [String] = [
    """
    CREATE TABLE scenarios (
      hash TEXT NOT NULL PRIMARY KEY,     -- SHA-256 of the text, hexadecimal
      text TEXT NOT NULL
    ) STRICT;
    CREATE TABLE runs (
      number INTEGER PRIMARY KEY,         -- in the order of storing
      id TEXT NOT NULL UNIQUE,            -- 12 hexadecimal digits
      started TEXT NOT NULL,              -- UTC, ISO 8601, to the millisecond
      scenario TEXT NOT NULL,             -- path as it was named
      scenario_hash TEXT NOT NULL REFERENCES scenarios (hash),
      variant TEXT NOT NULL,
      seed TEXT NOT NULL,                 -- decimal, up to 2^64 - 1
      version TEXT NOT NULL,              -- of medley
      requests INTEGER NOT NULL,
      wall_seconds REAL NOT NULL,         -- of the simulation alone
      trajectory TEXT NOT NULL,           -- fingerprints, 16 hexadecimal digits each
      decisions TEXT NOT NULL,
      metrics TEXT NOT NULL,
      summary TEXT NOT NULL               -- JSON
    ) STRICT;
    CREATE TABLE metrics (
      run INTEGER NOT NULL REFERENCES runs (number),
      scope TEXT NOT NULL,                -- 'cluster', 'pool NAME', 'path NAME -> NAME'
      name TEXT NOT NULL,
      value REAL,                         -- NULL where undefined
      unit TEXT NOT NULL,
      PRIMARY KEY (run, scope, name)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE provenance (
      run INTEGER NOT NULL REFERENCES runs (number),
      key TEXT NOT NULL,
      value TEXT NOT NULL,
      PRIMARY KEY (run, key)
    ) STRICT, WITHOUT ROWID;
    """
  ]

  /// What stands in a file.
  enum Found: Equatable {
    /// Nothing: a new file, or one whose making was cut short.
    case empty
    /// A ledger whose `user_version` is this.
    case ledger(schema: Int)
    /// Another program's database.
    case foreign
  }

  /// Looks at a file without changing it.
  static func look(_ db: Database) throws -> Found {
    let application = try Int.fetchOne(db, sql: "PRAGMA application_id") ?? 0
    let schema = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
    if application == applicationID { return .ledger(schema: schema) }
    let objects = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") ?? 0
    return application == 0 && schema == 0 && objects == 0 ? .empty : .foreign
  }

  /// Applies what is missing, in one transaction that holds the write lock from its start: of several processes
  /// that open a new file at once one does the work, and a kill leaves all of it or nothing.
  static func migrate(_ queue: DatabaseQueue) throws {
    try queue.writeWithoutTransaction { db in
      try db.inTransaction(.immediate) {
        let schema = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        guard schema < migrations.count else { return .rollback }
        for sql in migrations[schema...] { try db.execute(sql: sql) }
        try db.execute(sql: "PRAGMA application_id = \(applicationID)")
        try db.execute(sql: "PRAGMA user_version = \(migrations.count)")
        return .commit
      }
    }
  }
}
