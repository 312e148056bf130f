import Foundation
import Testing

@testable import Ledger

@Suite("A file that is no good ledger gives a clear error and is left alone")
struct BadFiles {
  /// Bytes of a ledger with `runs` runs, all of them in the main file.
  static func ledgerBytes(runs: Int, in scratch: Scratch) throws -> Data {
    let path = scratch.path("good.sqlite")
    do {
      let ledger = try Ledger(path: path)
      for i in 0..<runs { try ledger.record(sample(variant: "\(i)")) }
    }
    return try Data(contentsOf: URL(fileURLWithPath: path))
  }

  @Test("No file")
  func missing() throws {
    let scratch = try Scratch()
    let path = scratch.path("none.sqlite")
    #expect(throws: LedgerError.missing(path: path)) { try Ledger(path: path, create: false) }
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test("No directory, and a directory")
  func unusable() throws {
    let scratch = try Scratch()
    for path in [scratch.path("no/such/l.sqlite"), scratch.url.path] {
      #expect {
        try Ledger(path: path)
      } throws: {
        if case LedgerError.unusable = $0 { true } else { false }
      }
    }
  }

  @Test("An empty file becomes a ledger, but not by being read")
  func empty() throws {
    let scratch = try Scratch()
    let path = scratch.path("empty")
    #expect(FileManager.default.createFile(atPath: path, contents: nil))
    #expect(throws: LedgerError.missing(path: path)) { try Ledger(path: path, create: false) }
    try Ledger(path: path).record(sample())
    #expect(try Ledger(path: path, create: false).runs().count == 1)
  }

  @Test("A text file", arguments: [true, false])
  func text(create: Bool) throws {
    let scratch = try Scratch()
    let path = scratch.path("notes.txt")
    let text = Data(String(repeating: "not a ledger\n", count: 1000).utf8)
    try text.write(to: URL(fileURLWithPath: path))
    #expect {
      try Ledger(path: path, create: create)
    } throws: {
      if case LedgerError.foreign = $0 { true } else { false }
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == text)
  }

  /// Byte offsets in the header of an SQLite file: user_version 60, application_id 68, both big-endian.
  @Test("Another program's database, and a newer ledger", arguments: [60, 68])
  func header(offset: Int) throws {
    let scratch = try Scratch()
    var bytes = try Self.ledgerBytes(runs: 1, in: scratch)
    bytes[offset] = 1
    let path = scratch.path("other.sqlite")
    try bytes.write(to: URL(fileURLWithPath: path))
    #expect {
      try Ledger(path: path)
    } throws: { error in
      switch error as? LedgerError {
      case .newer(_, let schema, 1): offset == 60 && schema == 1 << 24 + 1
      case .foreign: offset == 68
      default: false
      }
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == bytes)
  }

  @Test("Damage anywhere is an error or harmless, never a crash")
  func damage() throws {
    let scratch = try Scratch()
    let good = try Self.ledgerBytes(runs: 20, in: scratch)
    let path = scratch.path("damaged.sqlite")
    var complaints = 0
    for round in 0..<200 {
      var bytes = good
      for _ in 0..<20 { bytes[Int.random(in: 100..<bytes.count)] = .random(in: 0...255) }
      if round % 4 == 0 { bytes.removeLast(Int.random(in: 1..<bytes.count)) }
      try bytes.write(to: URL(fileURLWithPath: path))
      do {
        let ledger = try Ledger(path: path, create: round % 2 == 0)
        for run in try ledger.runs() { _ = try ledger.load(run) }
        try ledger.verify()
      } catch is LedgerError {
        complaints += 1
      }
    }
    #expect(complaints > 0)
  }

  @Test("Each error says what, why and how to mend it")
  func words() {
    let errors: [LedgerError] = [
      .missing(path: "l"), .foreign(path: "l", found: "x"), .newer(path: "l", schema: 2, known: 1),
      .damaged(path: "l", detail: "d"), .busy(path: "l"), .unusable(path: "l", detail: "d"),
      .noRun(reference: "r", path: "l"), .ambiguous(reference: "r", ids: ["a", "b"]),
    ]
    for error in errors {
      #expect(error.description.hasPrefix("error: "))
      #expect(!error.diagnostic.why.isEmpty && !error.diagnostic.fix.isEmpty)
    }
  }
}
