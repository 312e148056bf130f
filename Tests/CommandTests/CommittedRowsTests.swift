import Calibration
import Foundation
import Scenario
import Testing

@testable import Command

/// What `medley validate` compares in a clone with nothing beside it: rows under results/validation.
@Suite("Committed rows")
struct CommittedRowsTests {
  static let catalogue = Catalogue(
    root: URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../scenarios").standardizedFileURL
      .path,
    dataRoots: [])

  static func validation(perturbing: Bool = false) throws -> Validation {
    let sources = ValidationSources(foundBeside: catalogue)
    var validation = Validation(catalogue: catalogue)
    try validation.compare(KernelGroup.read(sources.kernels), perturbing: perturbing)
    try validation.compare(sources.processorAccuracies(nil), perturbing: perturbing)
    return validation
  }

  @Test("Every operator class and a processor are compared, and near what was measured")
  func errors() throws {
    let validation = try Self.validation()
    #expect(validation.without == 0)
    let whole = validation.rows.filter { $0.regime == "all" }
    let limits = [
      "gemm": 0.1, "attention_decode": 0.1, "attention_prefill": 0.08, "attention_mixed": 0.08, "moe": 0.14,
      "act_fn": 0.05, "custom_allreduce": 0.12, "all_reduce": 0.15,
    ]
    for (name, limit) in limits {
      let own = whole.filter { $0.key.operatorName == name && $0.key.framework != "medley" }
      #expect(!own.isEmpty, "\(name)")
      for row in own { #expect(row.rows >= 8 && row.meanError < limit, "\(row)") }
    }
    let processors = whole.filter { $0.key.framework == "medley" }
    #expect(Set(processors.map(\.key.operatorName)) == ["product", "attention", "ffn", "moe", "layer"])
    for row in processors { #expect(row.rows >= 12 && row.meanError < 0.25, "\(row)") }
  }

  @Test("20 % of any coefficient moves the error")
  func perturbations() throws {
    let perturbations = try Self.validation(perturbing: true).perturbations
    #expect(perturbations.count > 100)
    for row in perturbations { #expect(row.effect > 0, "\(row)") }
  }

  @Test("A row that two files state counts once")
  func once() throws {
    let files = ValidationSources(foundBeside: Self.catalogue).kernels
    let rows = try KernelGroup.read(files).reduce(0) { $0 + $1.count }
    #expect(try KernelGroup.read(files + files).reduce(0) { $0 + $1.count } == rows)
  }
}
