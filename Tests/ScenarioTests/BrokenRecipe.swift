import Foundation
import Testing

@testable import Scenario

/// How to make a faulty scenario that does not stand in the repository as a file.
struct BrokenRecipe: Sendable, CustomTestStringConvertible {
  /// The name of its files, without their endings.
  var name: String
  /// Makes the scenario, and what it needs, in a folder.
  var make: @Sendable (_ folder: String) throws -> Void

  var testDescription: String { name }

  private static let model = "model: llama-2-7b\n"
  private static let cluster = "cluster: {pools: {all: {device: a100-sxm}}}\n"
  private static let workload = "workload: {trace: {path: trace.csv}}\n"
  private static let rows = "arrival_s,prompt_tokens,output_tokens\n0,1000,200\n"

  private init(_ name: String, _ make: @escaping @Sendable (String) throws -> Void) {
    self.name = name
    self.make = make
  }

  /// A recipe of a scenario's text.
  private init(_ name: String, text: @escaping @Sendable () -> String) {
    self.init(name) { folder in
      try write(text(), to: "\(folder)/\(name).yaml")
      try write(Self.rows, to: "\(folder)/trace.csv")
    }
  }

  /// A recipe of a sound scenario whose trace is made otherwise.
  private init(_ name: String, trace: @escaping @Sendable (_ path: String) throws -> Void) {
    self.init(name) { folder in
      try write(Self.model + Self.cluster + Self.workload, to: "\(folder)/\(name).yaml")
      try trace("\(folder)/trace.csv")
    }
  }

  static let all = [
    BrokenRecipe("201-50-megabytes") { model + "question: " + String(repeating: "why ", count: 12_500_000) + "\n" },
    BrokenRecipe("202-long-text") {
      model + "question: " + String(repeating: "why ", count: 2_501) + "\n" + cluster + workload
    },
    BrokenRecipe("203-long-key") { model + String(repeating: "k", count: 201) + ": 1\n" + cluster + workload },
    BrokenRecipe("204-many-elements") {
      model + cluster + workload + "sweep: {seed: [" + String(repeating: "1, ", count: 100_000) + "1]}\n"
    },
    BrokenRecipe("205-many-variants") {
      model + cluster + workload + "variants:\n" + (0...256).map { "  v\($0): {}\n" }.joined()
    },
    BrokenRecipe("206-many-pools") {
      model + "cluster:\n  pools:\n" + (0...256).map { "    p\($0): {device: a100-sxm}\n" }.joined() + workload
    },
    BrokenRecipe("207-many-axes") {
      model + cluster + workload + "sweep:\n" + (0...16).map { "  cluster.pools.p\($0).replicas: [1]\n" }.joined()
    },
    BrokenRecipe("208-many-values") {
      model + cluster + workload + "sweep: {seed: [" + String(repeating: "1, ", count: 10_000) + "1]}\n"
    },
    BrokenRecipe("225-many-free-parameters") {
      let parameter = "  - {path: seed, value: 1, range: [1, 2], source: s}\n"
      return model + cluster + workload + "free:\n" + String(repeating: parameter, count: 65)
    },
    BrokenRecipe("209-trace-pipe", trace: { path in _ = mkfifo(path, 0o600) }),
    BrokenRecipe("210-trace-device", trace: { path in _ = symlink("/dev/zero", path) }),
    BrokenRecipe("211-trace-link-out", trace: { path in _ = symlink("/etc/passwd", path) }),
    BrokenRecipe(
      "212-trace-long-line",
      trace: { path in
        try write(rows + String(repeating: "1", count: 1 << 24 | 1) + "\n", to: path)
      }),
    BrokenRecipe(
      "213-trace-binary", trace: { path in try Data((0...255).map { UInt8($0) }).write(to: URL(filePath: path)) }),
    BrokenRecipe("214-config-nested") { folder in
      try write("model: {config: deep.json}\n" + cluster + workload, to: "\(folder)/214-config-nested.yaml")
      try write(String(repeating: "[", count: 100_000), to: "\(folder)/deep.json")
      try write(rows, to: "\(folder)/trace.csv")
    },
    BrokenRecipe("215-extends-link-out") { folder in
      try write("extends: outside.yaml\n", to: "\(folder)/215-extends-link-out.yaml")
      _ = symlink("/etc/passwd", "\(folder)/outside.yaml")
    },
  ]
}
