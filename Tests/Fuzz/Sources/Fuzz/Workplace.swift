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
    for name in ["devices", "links", "tiers", "kernels", "models"] {
      try? FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
    }
    let root = ProcessInfo.processInfo.environment["MEDLEY_CATALOGUE"] ?? "scenarios"
    catalogue = Catalogue(root: root, dataRoots: [])
    furnish(from: "\(root)/broken")
    for (kind, text, example) in Self.naming {
      write(Data(text.utf8), "\(kind.rawValue).yaml")
      // A scenario that does not read the file under test would let every file pass.
      let file = FileManager.default.contents(atPath: "\(root)/\(kind.rawValue)s/\(example).yaml")
      write(file ?? Data(), "\(kind.rawValue)s/fuzzed.yaml")
      guard (try? read("\(kind.rawValue).yaml").resolve(variant: nil)) != nil else {
        preconditionFailure("\(kind.rawValue).yaml does not take \(example)")
      }
    }
    write(Data(("model: llama-2-7b\ncluster: {pools: {main: {device: h100-sxm}}}\n" + Self.rest).utf8), "plain.yaml")
    guard let plain = try? read("plain.yaml").resolve(variant: nil), let pool = plain.pools.first else {
      preconditionFailure("plain.yaml is refused")
    }
    device = pool.device
  }

  /// Lays what faulty scenarios name beside the scenario under test, and what cannot stand in a repository.
  private func furnish(from broken: String) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: broken)) ?? [] {
      guard !["yaml", "expected", "md"].contains(where: { name.hasSuffix(".\($0)") }) else { continue }
      let target = "\(folder)/\(name)"
      try? FileManager.default.removeItem(atPath: target)
      try? FileManager.default.copyItem(atPath: "\(broken)/\(name)", toPath: target)
    }
    for kind in ["", "devices/"] {
      write(Data(count: Limits().fileBytes + 1), kind + "large.yaml")
      write(Data([0x61, 0x3a, 0xff]), kind + "bytes.yaml")
    }
    write(Data([0xff, 0xfe, 0x61, 0]), "utf16.yaml")
    write(Data("arrival_s,prompt_tokens,output_tokens\n0,9,9\n1000,9,9\n".utf8), "long.csv")
    let rows = (0..<256).map { "\($0),9,9,t\($0)\n" }.joined()
    write(Data(("arrival_s,prompt_tokens,output_tokens,tenant\n" + rows).utf8), "tenants.csv")
    for number in 1...Limits().extends {
      write(Data("like: chain-\(number + 1)\n".utf8), "devices/chain-\(number).yaml")
    }
    try? FileManager.default.createSymbolicLink(atPath: "\(folder)/out.yaml", withDestinationPath: "/etc/hostname")
    try? FileManager.default.createSymbolicLink(
      atPath: "\(folder)/devices/out.yaml", withDestinationPath: "/etc/hostname")
    mkfifo("\(folder)/pipe.yaml", 0o600)
  }

  /// Scenarios that name the file under test.
  private static let naming: [(kind: CatalogueKind, text: String, example: String)] = {
    let model = "model: llama-3.2-1b\n"
    return [
      (.device, model + "cluster: {pools: {main: {device: fuzzed}}}\n" + rest, "h100-sxm"),
      (
        .link,
        model + "cluster: {pools: {a: {device: h100-sxm}, b: {device: h100-sxm}}, "
          + "links: [{between: [a, b], link: fuzzed}]}\n" + rest, "nvlink4"
      ),
      (
        .tier, model + "cluster: {pools: {main: {device: h100-sxm, place: {weights: fuzzed}}}}\n" + rest,
        "ddr5-4800"
      ),
      (
        .kernel,
        model + "cluster: {pools: {main: {device: h100-sxm, kernels: {framework: vllm, device: fuzzed}}}}\n" + rest,
        "h100-sxm"
      ),
    ]
  }()

  private static let rest =
    "workload: {generator: poisson, rate: 1 /s, requests: 1, lengths: azure-2023-conv-like}\n"

  private func write(_ data: Data, _ name: String) {
    guard FileManager.default.createFile(atPath: "\(folder)/\(name)", contents: data) else {
      preconditionFailure("cannot write below \(folder)")
    }
  }

  private func read(_ name: String, set changes: [(path: String, value: String)] = []) throws -> Scenario {
    try Scenario.read(path: "\(folder)/\(name)", catalogue: catalogue, set: changes)
  }

  /// Reads and examines a scenario with all its variants.
  func read(scenario bytes: UnsafeRawBufferPointer) {
    write(Data(bytes), "fuzzed.yaml")
    resolve("fuzzed.yaml")
  }

  /// Changes a plain scenario by lines of `path=value`.
  func read(settings bytes: UnsafeRawBufferPointer) {
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
    resolve(
      "plain.yaml",
      set: lines.prefix(20).map { line in
        let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        return (path: String(parts[0]), value: parts.count > 1 ? String(parts[1]) : "")
      })
  }

  /// Reads a file of the catalogue beside a scenario that names it.
  func read(_ bytes: UnsafeRawBufferPointer, as kind: CatalogueKind) {
    write(Data(bytes), "\(kind.rawValue)s/fuzzed.yaml")
    resolve("\(kind.rawValue).yaml")
  }

  private func resolve(_ name: String, set changes: [(path: String, value: String)] = []) {
    guard let scenario = try? read(name, set: changes) else { return }
    _ = try? scenario.examine()
    for variant in scenario.variants.isEmpty ? [nil] : scenario.variants.map(Optional.some) {
      guard let resolved = try? scenario.resolve(variant: variant) else { continue }
      precondition(!resolved.pools.isEmpty && resolved.settings.allSatisfy { !$0.path.isEmpty })
    }
  }
}
