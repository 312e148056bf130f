import Foundation
import Testing

@testable import Ledger

/// Processes of `LedgerWriter`, which stands beside the test binary.
enum Writer {
  static func start(_ path: String, count: Int) throws -> (process: Process, output: Pipe) {
    let process = Process()
    process.executableURL = Bundle.main.executableURL?.deletingLastPathComponent()
      .appendingPathComponent("LedgerWriter")
    process.arguments = [path, String(count)]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    return (process, output)
  }

  /// The ids it said were stored; the last line counts only where it is whole.
  static func stored(_ output: Pipe) -> [String] {
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    return text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
  }
}

@Suite("A ledger survives its writers", .serialized)
struct Crashes {
  @Test("Killed at 50 random moments, it holds all that was stored and no half run")
  func kill() throws {
    let scratch = try Scratch()
    var seen: Int64 = 0
    var acknowledged = 0
    for round in 0..<50 {
      // The first half dies while it makes a new file, or soon after; the second half while it appends to one.
      let path = scratch.path(round < 25 ? "new-\(round).sqlite" : "shared.sqlite")
      if round <= 25 { seen = 0 }
      let (process, output) = try Writer.start(path, count: 0)
      usleep(UInt32.random(in: 0...(round < 25 ? 60_000 : 120_000)))
      Glibc.kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      #expect(process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGKILL)
      let ids = Writer.stored(output)
      guard FileManager.default.fileExists(atPath: path) else {
        #expect(ids.isEmpty)
        continue
      }
      let ledger = try Ledger(path: path)
      try ledger.verify()
      let fresh = try ledger.runs(limit: 100_000).filter { $0.number > seen }
      // A kill between the commit and the line leaves one stored run unsaid.
      #expect([ids.count, ids.count + 1].contains(fresh.count))
      #expect(Set(ids).isSubset(of: fresh.map(\.id)))
      for run in fresh {
        let record = try ledger.load(run)
        #expect(record.metrics.count == 40 && record.provenance.count == 3)
        #expect(record.scenarioText == "seed: \(run.header.seed)\n")
        #expect(record.summary == "{\"seed\":\(run.header.seed)}")
      }
      seen = fresh.first?.number ?? seen
      acknowledged += ids.count
    }
    #expect(acknowledged > 50, "the writers must have been killed while they stored runs, not before")
  }

  @Test("Several processes that make and fill one file at once lose nothing")
  func concurrent() throws {
    let scratch = try Scratch()
    let path = scratch.path("busy.sqlite")
    let writers = try (0..<6).map { _ in try Writer.start(path, count: 20) }
    var ids: [String] = []
    for writer in writers {
      ids += Writer.stored(writer.output)
      writer.process.waitUntilExit()
      #expect(writer.process.terminationStatus == 0)
    }
    let ledger = try Ledger(path: path, create: false)
    try ledger.verify()
    #expect(ids.count == 120)
    #expect(Set(try ledger.runs(limit: 1000).map(\.id)) == Set(ids))
  }

  @Test("Threads of one process may share it")
  func threads() async throws {
    let scratch = try Scratch()
    let ledger = try Ledger(path: scratch.path("l.sqlite"))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask { for _ in 0..<10 { try ledger.record(sample()) } }
      }
      try await group.waitForAll()
    }
    #expect(try ledger.runs().count == 80)
  }
}
