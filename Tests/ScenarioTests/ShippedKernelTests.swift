import Foundation
import Hardware
import Testing

@testable import Scenario

/// The shipped kernels of the H100 under vLLM against cited timings on shapes that no fit saw:
/// aiconfigurator@095f58a, aic-core/.../systems/data/h100_sxm, vLLM 0.24.0, in microseconds.
@Suite struct ShippedKernelTests {
  static let products: [([Double], Double)] = [
    ([512, 1024, 16384], 30.679), ([113, 16384, 16384], 182.545), ([4096, 1024, 16384], 181.532),
    ([17, 8192, 16384], 88.723), ([7, 2048, 12288], 23.925), ([2817, 3584, 12288], 303.314),
    ([4352, 12288, 1024], 168.28), ([16384, 10240, 10240], 4610.486), ([32768, 7168, 2560], 1695.186),
    ([1792, 4096, 5120], 99.188),
  ]
  static let decodes: [([Double], Double)] = [
    ([32, 3, 1, 256, 4096, 0], 60.357), ([8, 64, 2, 128, 1024, 0], 15.179), ([1, 24, 4, 64, 131_072, 0], 58.949),
    ([256, 1, 1, 64, 32768, 0], 697.12), ([8, 12, 2, 128, 256, 0], 14.32), ([32, 64, 2, 128, 2048, 0], 38.501),
    ([2, 12, 4, 128, 4096, 0], 17.264), ([16, 16, 4, 64, 512, 0], 14.325),
  ]
  static let prefills: [([Double], Double)] = [
    ([1, 96, 8, 128, 128, 128, 0], 15.931), ([8, 48, 48, 64, 2048, 2048, 0], 823.413),
    ([16, 24, 4, 64, 4096, 4096, 0], 2012.891), ([2, 32, 8, 64, 64, 64, 0], 13.947),
    ([32, 64, 64, 64, 128, 128, 0], 162.917), ([8, 4, 1, 128, 1024, 1024, 0], 47.904),
    ([1, 1, 1, 256, 128, 128, 0], 16.624), ([64, 1, 1, 128, 64, 64, 0], 16.251),
  ]

  /// Mean of |predicted / measured - 1| of a kernel of the H100 under vLLM in bf16.
  private func error<Model: KernelModel>(
    _ model: Model.Type, _ rows: [([Double], Double)], changing: (inout FittedKernel) -> Void = { _ in }
  ) throws -> Double {
    let catalogue = Catalogue(root: repository + "/scenarios", dataRoots: [])
    let table = try catalogue.kernels(of: "h100-sxm")
    let chip = table.chip(try catalogue.device(named: "h100-sxm"))
    var kernel = try #require(
      table.kernels.first {
        $0.operatorName == Model.name && $0.framework == "vllm" && $0.format.name == "bf16" && !$0.kernel.isEmpty
          && !$0.kernel.hasSuffix("fa4")
      })
    changing(&kernel)
    let fitted = try #require(kernel.model(model, on: chip))
    let columns = Dictionary(uniqueKeysWithValues: Model.Shape.columns.enumerated().map { ($1, $0) })
    let errors = try rows.map { sizes, microseconds in
      let shape = try Model.Shape(KernelRow(columns: columns, fields: sizes.map { String(Int($0)) }))
      return abs(fitted.seconds(shape, .warm) / (microseconds * 1e-6) - 1)
    }
    return errors.reduce(0, +) / Double(errors.count)
  }

  @Test func citedTimingsAreMet() throws {
    #expect(try error(GEMM.self, Self.products) < 0.08)
    #expect(try error(DecodeAttention.self, Self.decodes) < 0.12)
    #expect(try error(PrefillAttention.self, Self.prefills) < 0.12)
  }

  /// The guard above can fail: each of the terms that cited shapes exercise moves the error by 20 %.
  @Test func aWrongCoefficientIsSeen() throws {
    func moves<Model: KernelModel>(_ model: Model.Type, _ rows: [([Double], Double)], _ names: [String]) throws {
      let own = try error(model, rows)
      for name in names {
        let effect = try [0.8, 1.2].map { factor in
          abs(try error(model, rows) { $0.values[name]? *= factor } - own)
        }
        #expect((effect.max() ?? 0) > 1e-4, "\(Model.name) \(name)")
      }
    }
    try moves(GEMM.self, Self.products, ["compute", "memory", "store", "overlap", "split", "step"])
    try moves(DecodeAttention.self, Self.decodes, ["launch", "block", "memory", "combine"])
    try moves(PrefillAttention.self, Self.prefills, ["launch", "softmax", "block", "ragged"])
  }

  @Test func everyShippedFileIsOfADeviceAndReads() throws {
    let catalogue = Catalogue(root: repository + "/scenarios", dataRoots: [])
    let names = catalogue.names(.kernel)
    #expect(names.count >= 10)
    for name in names {
      let table = try catalogue.kernels(of: name)
      #expect(table.device == name)
      _ = try catalogue.device(named: name)
      for kernel in table.kernels {
        #expect((1...12).contains(kernel.values.count), "\(name) \(kernel.operatorName) \(kernel.framework)")
        #expect(kernel.source.contains("MAPE on rows held out"))
      }
    }
  }
}
