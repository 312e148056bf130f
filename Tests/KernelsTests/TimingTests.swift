import Foundation
import Testing

@testable import Kernels

@Suite("Rows of measured times")
struct TimingTests {
  static var timing: Timing {
    var shape = Timing.Shape()
    (shape.rows, shape.outputs, shape.inputs, shape.depth) = (3, 40, 500, 1)
    return Timing(
      device: "A, B", threads: 2, operator: .allReduce, format: "bf16", shape: shape, operations: 1.5e9, bytes: 12,
      time: 1.25 * 1e-6, spread: 0.125, samples: 9, undisturbed: 4, provenance: "today")
  }

  @Test("A row that is written is read again")
  func roundTrip() throws {
    let text = [Timing.header, Self.timing.csv, ""].joined(separator: "\n")
    #expect(try Timing.read(csv: text) == [Self.timing])
    #expect(
      try Timing.read(
        csv: text.replacingOccurrences(of: "\n", with: "\r\n").replacingOccurrences(
          of: Timing.header + "\r", with: Timing.header)
      ).count == 1)
  }

  @Test("Faults name the line")
  func faults() {
    func fault(_ row: String) -> String? {
      do {
        _ = try Timing.read(csv: Timing.header + "\n" + row)
        return nil
      } catch { return "\(error)" }
    }
    let row = Self.timing.csv
    #expect(fault("a,b") == "line 2: has 2 fields, the header 23")
    #expect(fault(row.replacingOccurrences(of: "all-reduce", with: "dance")) == "line 2: there is no operator 'dance'")
    #expect(fault(row.replacingOccurrences(of: ",1.25,", with: ",x,")) == "line 2: time_us is no number")
    #expect(fault(row.replacingOccurrences(of: ",1.25,", with: ",0,")) == "line 2: time_us and threads are above 0")
    #expect(fault(row.replacingOccurrences(of: ",500,", with: ",1e99,")) == "line 2: inputs is no count")
    #expect(throws: Timing.ReadError.self) { try Timing.read(csv: "a,b\n") }
  }

  @Test("The median is of undisturbed samples where there are three")
  func medians() throws {
    var samples = Samples()
    samples.all = [1, 2, 3, 40, 50, 60, 70]
    samples.quiet = [3, 2]
    #expect(try #require(samples.finish(Self.timing)).time == 40)
    samples.quiet = [3, 2, 1]
    let row = try #require(samples.finish(Self.timing))
    #expect(row.time == 2 && row.samples == 3 && row.undisturbed == 3 && row.spread == 0.5)
    #expect(Samples().finish(Self.timing) == nil)
  }

  @Test("Every micro-benchmark runs, and counts what it does")
  func trials() throws {
    let pool = try #require(Pool(threads: 2, path: Path.best()))
    let memory = try #require(Floats(1 << 19))
    let trials = MicroTrials(pool: pool, memory: memory).all
    let kinds = Set(trials.map(\.timing.operator))
    #expect(kinds == Set(Timing.Operator.allCases.filter(\.isMicro)).subtracting([.disk]))
    for trial in trials {
      trial.run(1)
      #expect(trial.timing.operator == .launch || trial.timing.operations + trial.timing.bytes > 0)
    }
  }

  @Test("Disks are read by size and depth, and faults are told")
  func disks() throws {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("medley-\(UUID().uuidString)").path
    let rows = try DiskTrials.measure(file, bytes: 8 << 20, rounds: 1)
    #expect(!FileManager.default.fileExists(atPath: file))
    #expect(rows.count == DiskTrials.shapes.count && rows.allSatisfy { $0.time > 0 && $0.bytes >= 4096 })
    #expect(throws: DiskTrials.Fault.self) { try DiskTrials.measure("/none/none", bytes: 1 << 20, rounds: 1) }
  }
}
