import Hardware
import Models
import Report

/// Models of the catalogue as tables and as JSON; nil stands for one that cannot be read.
enum ModelText {
  /// A model and the name scenarios use.
  typealias Named = (name: String, thing: Transformer?)

  /// One line for each model: parameters, layers, cache, context, attention; with `wide` feed-forward blocks and
  /// operations too.
  static func models(_ models: [Named], wide: Bool, style: Style) -> String {
    var table = Table(
      ["model", "family", "parameters", "active", "layers", "KV/token", "context"]
        + (wide ? ["vocabulary", "FLOP/token", "format", "attention", "feed-forward"] : ["attention"]),
      leading: wide ? [0, 1, 9, 10, 11] : [0, 1, 7])
    for (name, model) in models {
      table.add([name] + (model.map { columns($0, wide: wide) } ?? ["cannot be read"]))
    }
    return table.text(style: style) + """

      Active: parameters that one token passes through, where there are experts. KV/token: bytes of one token's keys and
      values over all layers in a 16-bit format. Attention: query heads / key-value heads x width of a head.

      """
  }

  private static func columns(_ model: Transformer, wide: Bool) -> [String] {
    let active = model.activeParameters < model.parameters ? count(model.activeParameters) : "-"
    let common = [
      model.family, count(model.parameters), active, NumberText.count(model.layers.count),
      NumberText.bytes(model.cacheBytesPerToken(.fp16)), model.maxContext.map(NumberText.count) ?? "-",
    ]
    guard wide else { return common + [model.mixerSummary] }
    return common + [
      NumberText.count(model.vocabulary), NumberText.operations(Double(model.operationsPerToken)),
      (model.quantization?.weights ?? model.publishedFormat.map { StorageFormat($0) })?.description ?? "-",
      model.mixerSummary,
      model.feedForwardSummary,
    ]
  }

  /// "6.74 B", "124 M": three digits.
  private static func count(_ parameters: Int) -> String {
    let (value, unit) = parameters < 1_000_000_000 ? (1e6, "M") : (1e9, "B")
    return NumberText.significant(Double(parameters) / value) + " " + unit
  }

  /// The document of `list models --json`.
  static func json(_ models: [Named]) -> JSON {
    .object([
      .init("format", "medley-models/1"),
      .init("models", .array(models.map { json($0.name, $0.thing) })),
    ])
  }

  private static func json(_ name: String, _ model: Transformer?) -> JSON {
    guard let model else { return .object([.init("name", .string(name)), .init("readable", .bool(false))]) }
    return .object([
      .init("name", .string(name)), .init("readable", .bool(true)), .init("family", .string(model.family)),
      .init("parameters", .integer(model.parameters)), .init("active_parameters", .integer(model.activeParameters)),
      .init("layers", .integer(model.layers.count)), .init("hidden", .integer(model.hidden)),
      .init("vocabulary", .integer(model.vocabulary)),
      .init("kv_elements_per_token", .integer(model.cacheElementsPerToken)),
      .init("operations_per_token", .integer(model.operationsPerToken)),
      .init("max_context", model.maxContext.map { .integer($0) } ?? .null),
      .init("attention", .string(model.mixerSummary)), .init("feed_forward", .string(model.feedForwardSummary)),
    ])
  }
}
