import Foundation
import Kernels
import Testing

@testable import Calibration

/// Rows of processors that were measured and committed: what micro-benchmarks predict of them is computed again.
@Suite("Committed rows of processors")
struct ProcessorRowsTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../results/validation")
    .standardizedFileURL

  /// Folders with rows of `medley measure`.
  static let measured = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).filter {
    FileManager.default.fileExists(atPath: folder.appending(path: $0).appending(path: "timings.csv").path)
  }.sorted()

  static func fit(_ name: String) throws -> ProcessorFit {
    let file = folder.appending(path: name).appending(path: "timings.csv")
    return try ProcessorFit(try Timing.read(csv: String(contentsOf: file, encoding: .utf8)))
  }

  @Test("There are rows")
  func present() { #expect(!Self.measured.isEmpty) }

  @Test("Predictions are as far off as stated beside the rows", arguments: measured)
  func errors(name: String) throws {
    let table = ProcessorErrors.table(try Self.fit(name).comparisons).filter { $0.format == nil }
    let file = Self.folder.appending(path: name).appending(path: "errors.csv")
    let stated = try String(contentsOf: file, encoding: .utf8)
    let lines = stated.split(separator: "\n").dropFirst()
    #expect(lines.count == table.count && table.count >= 5)
    for (line, row) in zip(lines, table) {
      let cells = line.split(separator: ",").map(String.init)
      #expect(Array(cells.prefix(3)) == ["\(row.threads)", row.operator.rawValue, "\(row.rows)"])
      let mean = try #require(Double(cells[3]))
      #expect(abs(row.mean * 100 - mean) < 0.5, "\(line): now \(row.mean)")
    }
  }

  @Test("Every parameter moves the predictions", arguments: measured)
  func sensitivity(name: String) throws {
    let fit = try Self.fit(name)
    let base = fit.comparisons
    #expect(base.count >= 60)
    for parameter in ProcessorModel.Parameter.allCases {
      var moved = fit
      for index in moved.models.indices { moved.models[index][parameter] *= 1.2 }
      let changes = zip(base, moved.comparisons).map { abs($1.predicted / $0.predicted - 1) }
      #expect(changes.reduce(0, +) / Double(changes.count) > 1e-5, "\(parameter) moves nothing")
    }
  }
}
