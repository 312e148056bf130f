import Foundation
import Hardware
import Testing

@testable import Calibration

/// Fits of kernels to made-up measurements whose truth is known.
@Suite struct KernelFitTests {
  static let chip = Chip(processors: 100, cache: 4e7, bandwidth: 2e12, peaks: [.bf16: 3e14])
  static let truth = [
    "launch": 4e-6, "compute": 0.7, "memory": 0.8, "cache": 4e12, "fetch": 9e10, "store": 2e10, "overlap": 3,
    "step": 2e-7, "split": 3e-6, "edge": 0.1,
  ]

  /// A file of products timed by `truth`, each off by up to 1 %.
  static func file(rows: Int, device: String = "a100_sxm", header: String? = nil) throws -> String {
    let format = try #require(KernelFormat("bf16"))
    let variant = GEMM.variants[1]
    let model = GEMM(
      KernelValues(GEMM.parameters(variant, format), given: truth), variant, format, chip)
    var text = (header ?? "source,device,op,framework,version,kernel,dtype,m,n,k,time_us") + "\n"
    let sizes = [1.0, 7, 16, 64, 100, 256, 1000, 4096, 9000]
    var number = 0
    for row in 0..<rows {
      let (m, n, k) = (sizes[row % 9], sizes[(row / 9) % 9] + 32, sizes[(row / 81) % 9] * 2 + 64)
      number = (number * 7 + 3) % 101
      let seconds = model.seconds(.init(rows: m, columns: n, inner: k), .warm) * (0.99 + 0.0002 * Double(number))
      text += "made-up,\(device),gemm,torch,1.0,,bfloat16,\(Int(m)),\(Int(n)),\(Int(k)),\(seconds * 1e6)\n"
    }
    let path = FileManager.default.temporaryDirectory.appending(path: "medley-\(UUID().uuidString).csv").path
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  static func group(rows: Int) throws -> KernelGroup {
    let path = try file(rows: rows)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try #require(try KernelGroup.read([path]).first)
  }

  @Test func theTruthIsFoundAgain() throws {
    let group = try Self.group(rows: 160)
    #expect(group.key.device == "a100-sxm" && group.key.format == "bf16" && group.count == 160)
    let fit = try KernelFit(group, on: Self.chip)
    #expect(fit.variant == GEMM.variants[1])
    let kernel = fit.kernel(source: "made up")
    let table = KernelAccuracy.table(group, kernel, on: Self.chip)
    #expect(table[0].regime == "all" && table[0].rows == group.heldOutCount)
    #expect(table[0].meanError < 0.01, "\(table[0])")
    for (name, within) in [("launch", 0.15), ("memory", 0.15), ("store", 0.25)] {
      let value = try #require(kernel.values[name])
      let known = try #require(Self.truth[name])
      #expect(abs(value / known - 1) < within, "\(name) \(value)")
    }
    // Each coefficient that is left moves the error on rows that no fit saw.
    let perturbations = Perturbation.table(group, kernel, on: Self.chip)
    #expect(perturbations.map(\.parameter) == kernel.values.keys.sorted())
    #expect(perturbations.allSatisfy { $0.effect > 0 })
    // A coefficient without effect is seen: twice the bound of what absence stands for.
    var idle = kernel
    idle.values["token"] = 1
    #expect(Perturbation.table(group, idle, on: Self.chip).contains { $0.effect == 0 })
  }

  @Test func fewRowsAreNotFitted() throws {
    let group = try Self.group(rows: 9)
    #expect(throws: KernelFit.Fault.self) { try KernelFit(group, on: Self.chip) }
  }

  @Test func threeOfTenShapesAreHeldOutWhereverTheyRan() {
    let held = (0..<10_000).count { HeldOut.holds("\($0),4096,4096") }
    #expect((2_800...3_200).contains(held))
    // The split is part of every stated error: it may not move.
    #expect((1...12).map { HeldOut.holds("\($0),4096,4096") } == (1...12).map { HeldOut.holds("\($0),4096,4096") })
  }

  @Test func faultyFilesSayWhere() throws {
    func fault(_ text: String) -> String? {
      let path = FileManager.default.temporaryDirectory.appending(path: "medley-\(UUID().uuidString).csv").path
      defer { try? FileManager.default.removeItem(atPath: path) }
      guard (try? text.write(toFile: path, atomically: true, encoding: .utf8)) != nil else { return nil }
      do {
        _ = try KernelGroup.read([path])
        return nil
      } catch {
        return error.description.replacing(path, with: "f")
      }
    }
    let header = "op,device,dtype,m,n,k,time_us\n"
    #expect(fault("") == "f:1: the file is empty")
    #expect(fault("op,device,m\n") == "f:1: there is no column 'dtype'")
    #expect(fault("op,op\n") == "f:1, field 2: two columns are named 'op'")
    #expect(fault(header + "gemm,a,bf16,1,2\n") == "f:2: the row has 5 fields, the header 7")
    #expect(fault(header + "\ngemm,a,bf16,1,2,3,x\n") == "f:3, field 7: 'x' is no number from 0 on")
    #expect(fault(header + "gemm,a,bf16,1,2,3,0\n") == "f:2, field 7: 'time_us' must be above 0")
    #expect(fault(header + "gemm,a,bf9,1,2,3,4\n") == "f:2: 'bf9' is no format that Medley knows")
    #expect(fault(header + "gemm,a,bf16,0,2,3,4\n") == "f:2: 'm' must be above 0")
    #expect(fault(header + "gemm,,bf16,1,2,3,4\n") == "f:2, field 2: the row names no device")
    #expect(fault(header + "unknown,a,bf16,1,2,3,4\n") == nil)
    #expect(fault(header + String(repeating: "x", count: 2_000_000)) == "f:2: the line is longer than 65536 bytes")
    #expect(throws: MeasurementFault.self) { try KernelGroup.read(["/none.csv"]) }
  }

  @Test func kernelsAreCarriedToOtherChips() throws {
    let group = try Self.group(rows: 60)
    let format = group.format
    func donor(_ memory: Double, _ cache: Double) -> (KernelTable, Chip) {
      let kernel = FittedKernel(
        operatorName: "gemm", framework: "torch", format: format, kernel: "", variant: GEMM.variants[1],
        values: Self.truth.merging(["memory": memory, "cache": cache]) { $1 }, source: "made up")
      let table = KernelTable(
        device: "d", processors: Sourced(100, source: ""), cache: Sourced(4e7, source: ""), kernels: [kernel])
      return (table, Chip(processors: 100, cache: 4e7, bandwidth: 1e12, peaks: [.bf16: 3e14]))
    }
    let kernel = try #require(
      Transfer.kernel(
        for: group, on: Self.chip, from: [donor(0.7, 1e12), donor(0.8, 2e12), donor(0.9, 3e12)]))
    #expect(kernel.values["memory"] == 0.8)
    // Twice the bandwidth, twice the rate of the cache.
    #expect(kernel.values["cache"] == 4e12)
    #expect(KernelAccuracy.table(group, kernel, on: Self.chip, .all)[0].meanError < 0.2)
  }
}
