import Foundation
import Hardware
import Models
import Testing

/// `results/models.md`, which lists every shipped model beside what is published of it.
@Suite struct ModelTableTests {
  static let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "results/models.md")

  static let head = """
    # Models

    Every model of `scenarios/models`: its parameters as computed from its config.json beside those published, what one
    token passes through, caches and costs. Written by
    `MEDLEY_RECORD=1 swift test --filter ModelTableTests`, and checked by the same test without the variable.

    KV is the bytes of one token's keys and values over all layers in a 16-bit format. FLOP is two operations for each
    active parameter but the looked-up embedding, attention to the context left out. "Files of X" is the sum over the
    tensors of the safetensors files of the Hugging Face repository X.

    | model | published | ours | difference | source | active | KV/token | GFLOP/token | layers |
    |---|---:|---:|---:|---|---:|---:|---:|---|

    """

  /// The file as it should be.
  static func text() throws -> String {
    var text = head
    for id in Catalogue.ids {
      let model = try Catalogue.model(id)
      let published = PublishedModel.all.first { $0.id == id }
      let difference = published.map { (Double(model.parameters) / $0.parameters - 1) * 100 }
      let cells = [
        "`\(id)`", published.map { grouped(Int($0.parameters)) } ?? "-", grouped(model.parameters),
        difference.map { $0 == 0 ? "0" : fixed($0, 4) + " %" } ?? "-", published?.source ?? "-",
        model.activeParameters < model.parameters ? grouped(model.activeParameters) : "all",
        grouped(Int(model.cacheBytesPerToken(.fp16))), fixed(Double(model.operationsPerToken) / 1e9, 2),
        "\(model.layers.count): \(model.mixerSummary)",
      ]
      text += "| " + cells.joined(separator: " | ") + " |\n"
    }
    return text
  }

  /// Digits in groups of three.
  private static func grouped(_ count: Int) -> String {
    var digits = Array(String(count))
    var place = digits.count - 3
    while place > 0 {
      digits.insert(",", at: place)
      place -= 3
    }
    return String(digits)
  }

  private static func fixed(_ value: Double, _ decimals: Int) -> String { String(format: "%.\(decimals)f", value) }

  @Test func theTableIsThatOfTheModels() throws {
    let text = try Self.text()
    // MEDLEY_RECORD=1 writes the table, to be read in the diff.
    if ProcessInfo.processInfo.environment["MEDLEY_RECORD"] != nil {
      try text.write(to: Self.path, atomically: true, encoding: .utf8)
    }
    #expect(try String(contentsOf: Self.path, encoding: .utf8) == text)
  }

  /// Every family that a refusal names has its place in `scenarios/MODELS.md`.
  @Test func everyFamilyIsExplained() throws {
    let root = Self.path.deletingLastPathComponent().deletingLastPathComponent()
    let page = try String(contentsOf: root.appending(path: "scenarios/MODELS.md"), encoding: .utf8)
    let error = #expect(throws: ConfigError.self) { try Transformer(config: Data(#"{"model_type": "rwkv"}"#.utf8)) }
    let families = try #require(error?.faults.first?.why).dropFirst("understood are ".count).split(separator: ", ")
    #expect(families.count >= 35)
    for family in families { #expect(page.contains("`\(family)`"), "\(family)") }
  }
}
