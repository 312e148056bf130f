import CKernels
import Testing

@testable import Kernels

@Suite("Products with weights")
struct ProductTests {
  static let shapes = [
    (rows: 1, outputs: 1, inputs: 1), (1, 33, 100), (2, 31, 64), (3, 32, 257), (5, 70, 31), (7, 64, 96), (12, 65, 160),
    (13, 40, 129), (25, 36, 300), (13, 32, 1100), (2, 33, 5000), (400, 33, 40),
  ]

  @Test("Every path and odd shape agrees with double precision", arguments: WeightFormat.allCases)
  func agree(format: WeightFormat) throws {
    var numbers = Numbers(1)
    let pools = try Path.supported.flatMap { path in
      try [1, 3].map { (path, try #require(Pool(threads: $0, path: path))) }
    }
    for (rows, outputs, inputs) in Self.shapes {
      let weights = try #require(
        Weights(format, outputs: outputs, inputs: inputs, group: 32, values: numbers.list(outputs * inputs)))
      var x = numbers.list(rows * inputs)
      if format.isInteger {
        // Whole numbers up to 127, which every group reaches, are quantised without loss.
        for i in x.indices { x[i] = (x[i] * 127).rounded() }
        for row in 0..<rows { for i in stride(from: 0, to: inputs, by: 32) { x[row * inputs + i] = 127 } }
      }
      let expected = Reference.product(x.map(Double.init), weights, outputs: outputs, inputs: inputs)
      for (path, pool) in pools {
        var y = Array(repeating: Float.nan, count: rows * outputs)
        #expect(ck_product(pool.handle, pool.scratch, &weights.weights, rows, x, &y))
        #expect(distance(y, expected) < 2e-5, "\(path.name) x\(pool.threads), \(rows)x\(outputs)x\(inputs)")
      }
    }
  }

  @Test("Activations lose no more than half a step of their group")
  func quantisation() throws {
    let (rows, outputs, inputs, group) = (5, 40, 200, 64)
    var numbers = Numbers(2)
    let pool = try #require(Pool(threads: 1, path: Path.best()))
    let x = numbers.list(rows * inputs).map { $0 * 1.37 }
    for format in [WeightFormat.int8, .int4] {
      let weights = try #require(
        Weights(format, outputs: outputs, inputs: inputs, group: group, values: numbers.list(outputs * inputs)))
      var y = Array(repeating: Float.nan, count: rows * outputs)
      #expect(ck_product(pool.handle, pool.scratch, &weights.weights, rows, x, &y))
      let expected = Reference.product(x.map(Double.init), weights, outputs: outputs, inputs: inputs)
      for row in 0..<rows {
        for output in 0..<outputs {
          var bound = 1e-4
          for first in stride(from: 0, to: inputs, by: group) {
            let own = first..<min(first + group, inputs)
            let step = own.map { abs(x[row * inputs + $0]) }.max().map { Double($0) / 127 } ?? 0
            bound += own.reduce(0) { $0 + abs(Double(weights[output, $1])) } * step * 0.501
          }
          #expect(abs(Double(y[row * outputs + output]) - expected[row * outputs + output]) <= bound)
        }
      }
    }
  }

  @Test("Stored weights are the nearest that their format has")
  func storing() throws {
    var numbers = Numbers(3)
    let values = numbers.list(3 * 70).map { $0 * 0.777 }
    for (format, levels) in [(WeightFormat.fp32, 0.0), (.bf16, 0), (.int8, 127), (.int4, 7)] {
      let weights = try #require(Weights(format, outputs: 3, inputs: 70, group: 32, values: values))
      for output in 0..<3 {
        for input in 0..<70 {
          let value = Double(values[output * 70 + input])
          let group = (input / 32 * 32..<min(input / 32 * 32 + 32, 70)).map { abs(Double(values[output * 70 + $0])) }
          let step = levels > 0 ? (group.max() ?? 0) / levels : format == .bf16 ? abs(value) / 128 : 0
          #expect(abs(Double(weights[output, input]) - value) <= step * 0.5001 + 1e-9)
        }
      }
    }
    #expect(Weights(.int4, outputs: 1, inputs: 8, group: 20) == nil)
  }

  @Test("A faulty tile is caught", arguments: WeightFormat.allCases)
  func sensitivity(format: WeightFormat) throws {
    // The comparison above must see one weight that is off by one step.
    var numbers = Numbers(4)
    let pool = try #require(Pool(threads: 1, path: Path.best()))
    var values = numbers.list(40 * 100)
    let weights = try #require(Weights(format, outputs: 40, inputs: 100, group: 32, values: values))
    values[37 * 100 + 99] = values[37 * 100 + 99] > 0 ? -0.5 : 0.5
    let changed = try #require(Weights(format, outputs: 40, inputs: 100, group: 32, values: values))
    let x = Array(repeating: Float(127), count: 100)
    var y = Array(repeating: Float.nan, count: 40)
    #expect(ck_product(pool.handle, pool.scratch, &changed.weights, 1, x, &y))
    let expected = Reference.product(x.map(Double.init), weights, outputs: 40, inputs: 100)
    #expect(distance(y, expected) > 1e-3)
  }
}

extension WeightFormat {
  var isInteger: Bool { self == .int8 || self == .int4 }
}
