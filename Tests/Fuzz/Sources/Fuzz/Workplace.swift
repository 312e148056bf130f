import Foundation
import Hardware
import Models
import Scenario

/// The folder in which a fuzzed scenario lies, or a fuzzed file beside a scenario that names it.
final class Workplace: @unchecked Sendable {
  static let shared = Workplace()

  private let folder: String
  private let catalogue: Catalogue
  /// A device with all formats.
  private(set) var device: Device?

  private init() {
    folder = "\(FileManager.default.temporaryDirectory.path)/medley-fuzz-\(getpid())"
    for name in ["devices", "links", "tiers", "models"] {
      try? FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
    }
    catalogue = Catalogue(root: ProcessInfo.processInfo.environment["MEDLEY_CATALOGUE"], dataRoots: [])
    for (kind, text) in Self.naming { write(Data(text.utf8), "\(kind.rawValue).yaml") }
    let plain =
      "model: llama-2-7b\npools: {main: {device: h100-sxm}}\nworkload: {generator: poisson, rate: 1 /s, requests: 1, lengths: azure-2023-conv-like}\n"
    write(Data(plain.utf8), "plain.yaml")
    device = try? Scenario.read(path: "\(folder)/plain.yaml", catalogue: catalogue).resolve(variant: nil).pools.first?
      .device
  }

  /// Scenarios that name the file under test.
  private static let naming: [(CatalogueKind, String)] = {
    let rest = "workload: {generator: poisson, rate: 1 /s, requests: 1, lengths: azure-2023-conv-like}\n"
    return [
      (.device, "model: llama-2-7b\npools: {main: {device: fuzzed}}\n" + rest),
      (
        .link,
        "model: llama-2-7b\npools: {a: {device: h100-sxm}, b: {device: h100-sxm}}\nlinks: {a -> b: {link: fuzzed}}\n"
          + rest
      ),
      (.tier, "model: llama-2-7b\npools: {main: {device: h100-sxm, place: {weights: fuzzed}}}\n" + rest),
    ]
  }()

  private func write(_ data: Data, _ name: String) {
    guard FileManager.default.createFile(atPath: "\(folder)/\(name)", contents: data) else {
      preconditionFailure("cannot write below \(folder)")
    }
  }

  /// Reads and resolves a scenario with all its variants.
  func read(scenario bytes: UnsafeRawBufferPointer) {
    write(Data(bytes), "fuzzed.yaml")
    resolve("fuzzed.yaml")
  }

  /// Reads a file of the catalogue beside a scenario that names it.
  func read(_ bytes: UnsafeRawBufferPointer, as kind: CatalogueKind) {
    write(Data(bytes), "\(kind.rawValue)s/fuzzed.yaml")
    resolve("\(kind.rawValue).yaml")
  }

  private func resolve(_ name: String) {
    guard let scenario = try? Scenario.read(path: "\(folder)/\(name)", catalogue: catalogue) else { return }
    for variant in scenario.variants.isEmpty ? [nil] : scenario.variants.map(Optional.some) {
      guard let resolved = try? scenario.resolve(variant: variant) else { continue }
      precondition(!resolved.pools.isEmpty && resolved.settings.allSatisfy { !$0.path.isEmpty })
    }
  }
}
