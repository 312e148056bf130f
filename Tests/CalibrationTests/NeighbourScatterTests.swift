import Foundation
import Testing

@testable import Calibration

@Suite("What bounds errors")
struct NeighbourScatterTests {
  /// Sizes of two columns, 2^0 to 2^7 each.
  static let fields = (0..<8).flatMap { a in (0..<8).map { b in ["\(1 << a)", "\(1 << b)"] } }

  @Test("What is smooth in the sizes is no scatter")
  func smooth() {
    let residuals = Self.fields.map { 0.3 + 0.1 * log(Double($0[0]) ?? 1) - 0.2 * log(Double($0[1]) ?? 1) }
    let shares = NeighbourScatter(fields: Self.fields, residuals: residuals).shares.compactMap(\.self)
    // Rims have a neighbour on one side alone, so that a slope counts there.
    let inner = zip(Self.fields, shares).filter { fields, _ in !fields.contains("1") && !fields.contains("128") }
    #expect(inner.count == 36)
    for (_, share) in inner { #expect(share < 1e-12) }
  }

  @Test("Independent scatter is found as large as it is, among neighbours and among repetitions")
  func independent() throws {
    // Evenly drawn in -0.1...0.1, whose mean size is 0.05.
    var state: UInt64 = 3
    func draw() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 40) / Double(1 << 24) * 0.2 - 0.1
    }
    for fields in [Self.fields, (0..<64).map { _ in ["7", "9"] }] {
      let shares = NeighbourScatter(fields: fields, residuals: fields.map { _ in draw() }).shares.compactMap(\.self)
      #expect(shares.count == 64)
      let mean = shares.reduce(0, +) / 64
      #expect(0.04 < mean && mean < 0.06, "\(mean)")
    }
  }

  @Test("Rows that differ in two sizes, or far apart, are no neighbours")
  func strangers() {
    let fields = [["1", "1"], ["2", "2"], ["64", "1"]]
    #expect(NeighbourScatter(fields: fields, residuals: [0, 1, 2]).shares == [nil, nil, nil])
  }

  @Test("The size beyond which predictions are too fast is named, and none where none is")
  func lean() throws {
    func rows(_ bias: (Double) -> Double) -> [KernelAccuracy.Prediction] {
      (0..<40).map { row in
        let size = Double(1 + row % 20)
        return .init(
          predicted: 1 + bias(size) + (row < 20 ? 0.02 : -0.02), measured: 1, regimes: [],
          fields: ["\(Int(size))", "\(row % 2)"])
      }
    }
    let lean = try #require(Lean(rows { $0 > 10 ? -0.2 : 0 }, columns: ["kv_len", "heads"]))
    #expect(lean.column == "kv_len" && lean.isAbove && lean.size >= 10 && abs(lean.bias + 0.2) < 0.01)
    #expect(Lean(rows { _ in 0 }, columns: ["kv_len", "heads"]) == nil)
  }
}
