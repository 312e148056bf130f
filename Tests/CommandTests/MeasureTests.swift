import Foundation
import Testing

@testable import Command

@Suite("Measuring by the command line")
struct MeasureTests {
  @Test("Committed rows are predicted from their micro-benchmarks")
  func predicts() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../results/validation")
    let file = folder.standardizedFileURL.appending(path: "intel-xeon-6-207/timings.csv").path
    let ran = medley("measure", "--predict", file)
    #expect(ran.outcome == .ok && ran.err.isEmpty)
    #expect(ran.out.contains("GEMM fp32 512 x 2048 x 2048 on 1 threads: 0."))
    #expect(ran.out.contains("\n1       layer      all     "))
    #expect(ran.out.contains("memory.rate"))
  }

  @Test("What cannot be measured or read says what to do")
  func refusals() throws {
    #expect(medley("measure", "--path", "mmx").outcome == .usage)
    #expect(medley("measure", "--threads", "0").outcome == .usage)
    #expect(medley("measure", "--out", "/none/rows.csv").err.contains("'/none/rows.csv' cannot be written"))
    #expect(medley("measure", "--predict", "/none.csv").err.contains("cannot read '/none.csv'"))
    let file = FileManager.default.temporaryDirectory.appending(path: "medley-\(UUID().uuidString).csv").path
    defer { try? FileManager.default.removeItem(atPath: file) }
    try "a,b\n".write(toFile: file, atomically: true, encoding: .utf8)
    #expect(medley("measure", "--predict", file).err.contains(":line 1: the header is not the one"))
  }
}
