import GRDB
import Units

/// Why a ledger cannot be used. The file is never changed when one of these is thrown.
public enum LedgerError: Error, Hashable {
  /// There is no file, and none was to be made. Store a run first.
  case missing(path: String)
  /// The file is something else. Name another path.
  case foreign(path: String, found: String)
  /// A newer medley wrote it. Use that one, or another file.
  case newer(path: String, schema: Int, known: Int)
  /// It is a ledger whose bytes are damaged. Move it away; `sqlite3 FILE .recover` may save rows.
  case damaged(path: String, detail: String)
  /// Others kept it locked longer than the busy timeout. Try again.
  case busy(path: String)
  /// The file cannot be opened or written: permissions, a full disk.
  case unusable(path: String, detail: String)
  /// No stored run has this name.
  case noRun(reference: String, path: String)
  /// Several stored runs' names begin like this.
  case ambiguous(reference: String, ids: [String])

  /// SQLite's complaint about the file at `path`, sorted.
  init(_ error: DatabaseError, path: String) {
    let detail = error.message ?? "SQLite error \(error.resultCode.rawValue)"
    switch error.resultCode {
    case .SQLITE_NOTADB: self = .foreign(path: path, found: "a file that is not an SQLite database")
    case .SQLITE_CORRUPT: self = .damaged(path: path, detail: detail)
    case .SQLITE_BUSY, .SQLITE_LOCKED: self = .busy(path: path)
    default: self = .unusable(path: path, detail: detail)
    }
  }
}

extension LedgerError: CustomStringConvertible {
  /// What is wrong, why, and how to mend it.
  public var diagnostic: Diagnostic {
    switch self {
    case .missing(let path):
      Diagnostic(
        at: nil, "there is no ledger at \(path)", why: "no run has been stored in this file",
        fix: "store one: medley run FILE --ledger \(path)")
    case .foreign(let path, let found):
      Diagnostic(
        at: nil, "\(path) is not a ledger", why: "it is \(found); it is left as it is",
        fix: "name another file with --ledger")
    case .newer(let path, let schema, let known):
      Diagnostic(
        at: nil, "the ledger \(path) is of a newer schema",
        why: "its schema is \(schema), this medley knows up to \(known); it is left as it is",
        fix: "use the medley that wrote it, or name another file with --ledger")
    case .damaged(let path, let detail):
      Diagnostic(
        at: nil, "the ledger \(path) is damaged", why: "\(detail); it is left as it is",
        fix: "move it away, or try: sqlite3 \(path) .recover")
    case .busy(let path):
      Diagnostic(
        at: nil, "the ledger \(path) is locked",
        why: "other processes kept writing for \(Ledger.busySeconds) s",
        fix: "try again, or name another file with --ledger")
    case .unusable(let path, let detail):
      Diagnostic(
        at: nil, "the ledger \(path) cannot be used", why: detail,
        fix: "check that the directory exists, is writable and has room")
    case .noRun(let reference, let path):
      Diagnostic(
        at: nil, "no stored run is named '\(reference)'",
        why: "a run is named by its id, the beginning of its id, @last, or @last-N",
        fix: "list the stored runs: medley list runs --ledger \(path)")
    case .ambiguous(let reference, let ids):
      Diagnostic(
        at: nil, "the ids of several stored runs begin with '\(reference)'", why: ids.joined(separator: ", "),
        fix: "give more digits")
    }
  }

  /// The diagnostic as printed.
  public var description: String { diagnostic.description }
}
