import Foundation
import Testing

@testable import Calibration
@testable import Kernels

@Suite("Processors from their micro-benchmarks")
struct ProcessorFitTests {
  static let truth: [ProcessorModel.Parameter: Double] = [
    .launch: 1e-6, .l2Rate: 1e11, .l2Size: 2e6, .l3Rate: 3e10, .l3Size: 3e7, .memoryRate: 1.2e10, .line: 1.6e-9,
    .row: 4e-10, .farRow: 5e-10, .pack: 1.2e-9, .score: 1.3e-9, .element: 2e-10,
  ]

  static func timing(_ kind: Timing.Operator, _ format: String, _ time: Double) -> Timing {
    Timing(
      device: "made", threads: 2, operator: kind, format: format, shape: Timing.Shape(), operations: 0, bytes: 0,
      time: time, spread: 0, samples: 1, undisturbed: 1, provenance: "made up avx512-vnni")
  }

  /// Rows as a processor that follows the model would give them.
  static var rows: [Timing] {
    var rows = [timing(.launch, "", 1e-6)]
    for format in WeightFormat.allCases {
      let model = ProcessorModel(threads: 2, format: format, mostRows: format.perWord > 2 ? 6 : 12, values: truth)
      for count in [1, 2, 4, 6, 8, 12, 384] {
        var row = timing(.tile, format.rawValue, 256 * model.tile(rows: count))
        (row.shape.rows, row.shape.outputs, row.shape.inputs) = (count, 32, 256 * format.perWord)
        rows.append(row)
      }
      for (kind, each) in [(Timing.Operator.pack, 1.2e-9), (.score, 1.3e-9), (.norm, 2e-10)] {
        var row = timing(kind, format.rawValue, each * 1000 / 2)
        row.operations = 1000
        rows.append(row)
      }
    }
    let model = ProcessorModel(threads: 2, format: .fp32, mostRows: 12, values: truth)
    for step in 16..<30 {
      var row = timing(.read, "fp32", model.read(Double(1 << step), of: Double(1 << step)))
      row.bytes = Double(1 << step)
      rows.append(row)
    }
    return rows
  }

  @Test("Parameters come back from the rows that they made")
  func recovers() throws {
    let fit = try ProcessorFit(Self.rows)
    #expect(fit.models.count == 4)
    for model in fit.models {
      for (parameter, value) in Self.truth {
        #expect(abs(model[parameter] / value - 1) < 0.02, "\(model.format) \(parameter)")
      }
    }
  }

  @Test("Products and blocks add up by hand")
  func arithmetic() {
    let model = ProcessorModel(threads: 2, format: .fp32, mostRows: 12, values: Self.truth)
    // 64 outputs are a panel for each thread; its 1,000 lines take (1.6^4 + 0.4^4)^(1/4) = 1.6016 ns each with one row.
    // 256,000 bytes of 1 MB in L2 take 2.56 us; (1.6016^1.5 + 2.56^1.5)^(2/3) = 3.347. Packing 500 activations a thread
    // takes 0.6 us, fork, join and barrier 2 us.
    let time = model.product(rows: 1, outputs: 64, inputs: 1000, set: 1e6)
    #expect(abs(time - (3.34686e-6 + 0.6e-6 + 2e-6)) < 1e-9)
    // Of 64 MB, 2 are in L2 and 30 in L3.
    #expect(abs(model.read(64e6, of: 64e6) - (2e6 / 1e11 + 30e6 / 3e10 + 32e6 / 1.2e10)) < 1e-9)
    #expect(
      model.product(rows: 13, outputs: 64, inputs: 100, set: 1)
        > model.product(rows: 12, outputs: 64, inputs: 100, set: 1))
  }

  @Test("Missing rows are told")
  func faults() {
    #expect(throws: ProcessorFit.Fault(description: "there is no row 'launch'")) { try ProcessorFit([]) }
    let few = Self.rows.filter { $0.operator != .read }
    #expect(throws: ProcessorFit.Fault(description: "0 reads on 2 threads are fewer than 10 working sets")) {
      try ProcessorFit(few)
    }
    let bare = Self.rows.filter { $0.operator != .pack }
    #expect(throws: ProcessorFit.Fault(description: "there is no row 'pack' in fp32 on 2 threads")) {
      try ProcessorFit(bare)
    }
  }
}
