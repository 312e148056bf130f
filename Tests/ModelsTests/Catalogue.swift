import Foundation
import Models

/// The shipped models, read from the repository this file stands in.
enum Catalogue {
  static func text(_ id: String) throws -> Data {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return try Data(contentsOf: root.appending(path: "scenarios/models/\(id)/config.json"))
  }

  static func model(_ id: String) throws -> Transformer { try Transformer(config: text(id)) }

  /// Every model that ships, in alphabetical order.
  static let ids: [String] = {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let names = try? FileManager.default.contentsOfDirectory(atPath: root.appending(path: "scenarios/models").path)
    return (names ?? []).filter { !$0.hasPrefix(".") }.sorted()
  }()
}
