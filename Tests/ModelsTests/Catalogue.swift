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

  static let ids = ["llama-2-7b", "llama-2-70b", "llama-3.1-8b", "llama-3.1-70b", "bloom-176b", "mixtral-8x7b"]
}
