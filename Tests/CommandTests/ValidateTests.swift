import Foundation
import Hardware
import Scenario
import Testing

@testable import Calibration
@testable import Command

@Suite("Kernels by the command line")
struct ValidateTests {
  /// Products of 64 columns that each take 10 us and 1 ns a row.
  static func file(rows: Int, device: String) throws -> String {
    var text = "op,device,framework,dtype,m,n,k,time_us\n"
    for row in 1...rows { text += "gemm,\(device),torch,bf16,\(row * 50),64,128,\(10 + Double(row) * 0.05)\n" }
    let path = FileManager.default.temporaryDirectory.appending(path: "medley-\(UUID().uuidString).csv").path
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  @Test("A file of kernels reads back as it was written")
  func roundTrip() throws {
    let root = FileManager.default.temporaryDirectory.appending(path: "medley-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: root) }
    try FileManager.default.createDirectory(atPath: root + "/kernels", withIntermediateDirectories: true)
    let kernels = try KernelClasses.all.flatMap { model in
      try model.variants.map { variant in
        let format = try #require(KernelFormat(named: "fp8"))
        let values = model.parameters(variant, format).map { ($0.name, $0.start) }
        return FittedKernel(
          operatorName: model.operators[0], framework: "torch", format: format, kernel: "a \"b\" \\c", variant: variant,
          values: Dictionary(values) { a, _ in a }, source: "made up")
      }
    }
    let table = KernelTable(
      device: "h100-sxm", processors: Sourced(132, source: "a"), cache: Sourced(50 * 1_048_576, source: "b"),
      kernels: kernels)
    try KernelFileText.of(table).write(toFile: root + "/kernels/h100-sxm.yaml", atomically: true, encoding: .utf8)
    let read = try Catalogue(root: root, dataRoots: []).kernels(of: "h100-sxm")
    #expect(read.kernels.count == kernels.count)
    for (read, kernel) in zip(read.kernels, kernels) {
      #expect(read.variant == kernel.variant && read.kernel == kernel.kernel)
      for (name, value) in kernel.values {
        let found = try #require(read.values[name])
        #expect(abs(found / value - 1) < 1e-3, "\(name)")
      }
    }
  }

  @Test("Kernels are fitted where the file has timings of kernels")
  func fits() throws {
    let path = try Self.file(rows: 40, device: "t4")
    defer { try? FileManager.default.removeItem(atPath: path) }
    let bare = medley("calibrate", "--device", "t4", "--measurements", path)
    #expect(bare.outcome == .fault && bare.err.contains("'t4' has no file of kernels"))
    let ran = medley(
      "calibrate", "--device", "t4", "--measurements", path, "--processors", "40", "--cache", "4 MiB", "--chip-source",
      "NVIDIA T4 datasheet")
    #expect(ran.outcome == .ok && ran.err.isEmpty)
    #expect(ran.out.hasPrefix("t4 gemm of torch in bf16, 40 rows\n  variant: "))
    #expect(ran.out.contains("held out, all: MAPE "))
    let other = medley(
      "calibrate", "--device", "a100-sxm", "--measurements", path, "--processors", "108", "--cache", "40 MiB",
      "--chip-source", "x")
    #expect(other.outcome == .fault && other.err.contains("is about 'a100-sxm'"))
  }

  @Test("The files of a validation name every operator, with a plot of every row")
  func files() throws {
    let key = KernelGroup.Key(device: "t4", operatorName: "gemm", framework: "torch", format: "bf16", kernel: "")
    let row = KernelAccuracy(key: key, regime: "all", rows: 2, meanError: 0.1, medianError: 0.1, bias: -0.05)
    let pairs = [(1e-5, 1.1e-5), (2e-3, 1.8e-3)].map {
      ValidationPair(operatorName: "gemm", device: "t4", predicted: $0.0, measured: $0.1)
    }
    let moved = Perturbation(key: key, parameter: "launch", own: 0.1, less: 0.12, more: 0.11)
    let folder = FileManager.default.temporaryDirectory.appending(path: "medley-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try ValidationFiles(rows: [row], perturbations: [moved], pairs: pairs).write(into: folder)
    let readme = try String(contentsOfFile: folder + "/README.md", encoding: .utf8)
    #expect(readme.contains("| t4 | gemm | all | 2 | 10.0 % |\n"))
    #expect(readme.contains("| t4 | gemm | torch | bf16 | launch | 10.00 % | 12.00 % | 11.00 % |\n"))
    let plot = try String(contentsOfFile: folder + "/kernels-gemm.svg", encoding: .utf8)
    // A dot in the legend and one for each row; 10 us to 10 ms are three decades.
    #expect(plot.components(separatedBy: "<circle").count == 4 && plot.contains(">1e4</text>"))
  }

  @Test("Validation that compares nothing fails")
  func nothing() throws {
    let path = try Self.file(rows: 40, device: "no-such-device")
    defer { try? FileManager.default.removeItem(atPath: path) }
    let ran = medley("validate", "--measurements", path)
    #expect(ran.outcome == .fault && ran.err.contains("nothing was compared"))
  }
}
