import Foundation
import Scenario

/// A thing that scenarios may name, in one line.
public struct ListedThing: Hashable, Sendable {
  /// The name in scenarios.
  public var name: String
  /// What it is.
  public var summary: String

  /// A thing.
  public init(name: String, summary: String) {
    self.name = name
    self.summary = summary
  }
}

extension Catalogue {
  /// The devices of the catalogue in alphabetical order.
  public var devices: [ListedThing] { titled(.device) }
  /// The links of the catalogue in alphabetical order.
  public var links: [ListedThing] { titled(.link) }
  /// The memories and drives of the catalogue in alphabetical order.
  public var tiers: [ListedThing] { titled(.tier) }

  /// The traces that scenarios may name without a path, and where those are that were found.
  public var traces: [ListedThing] {
    NamedTrace.all.map { trace in
      ListedThing(name: trace.name, summary: trace.path(in: dataRoots) ?? "not here: \(trace.hint)")
    }
  }

  /// Things described by YAML files of their own, with what they are titled there.
  private func titled(_ kind: CatalogueKind) -> [ListedThing] {
    entries("\(kind.rawValue)s").compactMap { file in
      guard file.hasSuffix(".yaml") else { return nil }
      let text = try? String(contentsOfFile: "\(root ?? ".")/\(kind.rawValue)s/\(file)", encoding: .utf8)
      let title = text?.split(separator: "\n").first { $0.hasPrefix("name:") }
      return ListedThing(
        name: String(file.dropLast(5)),
        summary: title.map { $0.dropFirst(5).trimmingCharacters(in: .whitespaces) } ?? "")
    }
  }

  private func entries(_ folder: String) -> [String] {
    guard let root else { return [] }
    return (try? FileManager.default.contentsOfDirectory(atPath: "\(root)/\(folder)"))?.sorted() ?? []
  }
}
