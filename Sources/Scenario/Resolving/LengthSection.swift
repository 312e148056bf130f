import Units
import Workload

/// Reads `lengths: PRESET`, `lengths: {resample: {trace: ...}}`, `lengths: {prompt: 1000 tokens, output: ...}` or
/// `lengths: {pairs: [[1000 tokens, 200 tokens, 3], ...]}`.
struct LengthSection {
  /// Most pairs of lengths.
  static let pairLimit = 4096

  let reading: Reading
  let traces: TraceSection

  /// The laws under the key `lengths`, those of `preset` where it is absent; nil with diagnostics.
  func lengths(_ fields: Fields, _ preset: Generator.Preset?) -> GeneratorPlan.Lengths? {
    guard let element = fields.element("lengths") else {
      if let preset {
        fields.note("lengths", preset.rawValue, because: "as the generator")
        return .preset(preset)
      }
      fields.missing("lengths", example: Generator.Preset.azure2023ConversationLike.rawValue)
      return nil
    }
    if element.text != nil {
      let names = Generator.Preset.allCases.map(\.rawValue)
      return fields.choice("lengths", of: names).flatMap(Generator.Preset.init(rawValue:)).map { .preset($0) }
    }
    let laws = fields.fields("lengths")
    defer { laws.finish() }
    if laws.has("resample") { return resampled(laws.fields("resample")) }
    if laws.has("pairs") { return pairs(laws).map { .pairs($0) } }
    let section = LawSection(reading: reading)
    let prompt = section.lengths(laws, "prompt")
    let output = section.lengths(laws, "output")
    guard let prompt, let output else { return nil }
    return .laws(prompt: prompt, output: output)
  }

  private func resampled(_ fields: Fields) -> GeneratorPlan.Lengths? {
    let element = fields.required("trace", example: "azure-2023-conv")
    let trace = element.flatMap { traces.trace($0, path: fields.path("trace")) }
    let independent = fields.flag(
      "independent", default: false, because: "what prompt and output of a request have in common is kept")
    fields.finish()
    return trace.map { .resampled($0, independent: independent) }
  }

  private func pairs(_ fields: Fields) -> [LengthPair]? {
    let listed = fields.elements("pairs")
    let pairs = listed.compactMap { pair($0.element, $0.path, fields) }
    guard pairs.count == listed.count else { return nil }
    guard 1...Self.pairLimit ~= pairs.count, pairs.contains(where: { $0.weight > 0 }) else {
      reading.diagnostics.error(
        at: fields.valuePlace(of: "pairs"), "there are \(pairs.count) pairs to draw lengths from",
        why: "there are 1 to \(Self.pairLimit), and not all weights are 0",
        fix: "write 'pairs: [[1000 tokens, 200 tokens, 3], [4000 tokens, 50 tokens, 1]]'")
      return nil
    }
    let text = pairs.map { "\($0.prompt),\($0.output),\(exact($0.weight))" }.joined(separator: ";")
    fields.note("pairs", "\(pairs.count) pairs, sha256 \(sha256(text.utf8))", because: "")
    return pairs
  }

  /// `[1000 tokens, 200 tokens]` or, with a weight, `[1000 tokens, 200 tokens, 3]`.
  private func pair(_ element: Element, _ path: String, _ fields: Fields) -> LengthPair? {
    guard case .sequence(let parts) = element.content, 2...3 ~= parts.count else {
      reading.diagnostics.error(
        at: element.place, "'\(path)' is no pair of lengths", why: "it is a prompt, an output and, unless 1, a weight",
        fix: "write '[1000 tokens, 200 tokens, 3]'")
      return nil
    }
    let prompt: TokenCount? = fields.parse(parts[0], path, in: LawSection.tokens)
    let output: TokenCount? = fields.parse(parts[1], path, in: LawSection.tokens)
    var weight = 1.0
    if parts.count == 3 {
      guard let number = parts[2].text.flatMap(Double.init), 0...1e12 ~= number else {
        reading.diagnostics.error(
          at: parts[2].place, "'\(path)' has no weight", why: "a weight is a number without unit, from 0 to 1e12",
          fix: "write '[1000 tokens, 200 tokens, 3]'")
        return nil
      }
      weight = number
    }
    guard let prompt, let output else { return nil }
    return LengthPair(prompt: Int32(prompt.value), output: Int32(output.value), weight: weight)
  }
}
