import Foundation
import Testing

/// The arrows between modules, as imports state them: no module knows one that stands above it, and each outside
/// library has one door.
@Suite struct ModuleEdgesTests {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// What each module may import, besides the standard library and Foundation.
  static let allowed: [String: Set<String>] = [
    "Units": [],
    "Kernel": ["Units"],
    "Hardware": ["Units", "Kernel"],
    "Models": ["Units", "Kernel", "Hardware"],
    "Timeline": ["Units", "Kernel"],
    "Workload": ["Units", "Kernel"],
    "Cluster": ["Units", "Kernel", "Hardware", "Models", "Timeline", "Workload", "Histogram"],
    "Policies": ["Units", "Kernel", "Hardware", "Models", "Timeline", "Workload", "Cluster"],
    "Kernels": ["CKernels"],
    "Statistics": ["CGSL"],
    "Calibration": ["Units", "Hardware", "Models", "Timeline", "Statistics", "Kernels"],
    "Scenario": ["Units", "Kernel", "Hardware", "Models", "Workload", "Cluster", "Policies", "Yams"],
    "Ledger": ["Units", "GRDB"],
    "Study": ["Units", "Kernel", "Cluster", "Hardware", "Models", "Workload", "Scenario", "Ledger"],
    "Report": ["Units", "Timeline", "Cluster", "Hardware", "Models", "Study", "Ledger", "Workload"],
    "Command": [
      "Units", "Hardware", "Models", "Workload", "Cluster", "Policies", "Scenario", "Study", "Report", "Ledger",
      "Calibration", "Kernels", "ArgumentParser",
    ],
    "medley": ["Command"],
  ]

  static let standard: Set<String> = [
    "Foundation", "FoundationEssentials", "Dispatch", "Glibc", "Darwin", "Synchronization",
  ]

  static func imports(of module: String) throws -> [(file: String, name: String)] {
    let folder = root.appending(path: "Sources/\(module)")
    let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
    var found: [(String, String)] = []
    while let file = files?.nextObject() as? URL {
      guard file.pathExtension == "swift" else { continue }
      for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
        let words = line.split(separator: " ").map(String.init)
        guard let position = words.firstIndex(of: "import"), position < 2, words.count > position + 1 else { continue }
        guard position == 0 || words[0].hasPrefix("@") || ["public", "internal", "package"].contains(words[0]) else {
          continue
        }
        found.append((file.lastPathComponent, words[words.count - 1]))
      }
    }
    return found
  }

  @Test(arguments: allowed.keys.sorted())
  func importsFollowTheArrows(module: String) throws {
    let imports = try Self.imports(of: module)
    #expect(!imports.isEmpty || module == "Units", "\(module) imports nothing: has it moved?")
    let allowed = Self.allowed[module, default: []].union(Self.standard)
    for (file, name) in imports {
      #expect(allowed.contains(name), "\(module)/\(file) imports \(name)")
    }
  }

  @Test func everyModuleHasItsArrows() throws {
    let folders = try FileManager.default.contentsOfDirectory(atPath: Self.root.appending(path: "Sources").path)
    #expect(Set(folders).subtracting(["CGSL", "CKernels"]) == Set(Self.allowed.keys))
  }
}
