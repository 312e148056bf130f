import Hardware
import Models
import Units

/// Reads formats: `weights`, which stands for every class of weights, then one key for each class (`attention`,
/// `feed-forward`, `experts`, `shared-experts`, `embedding`, `head`, `norms`), `activations`, `arithmetic` and `conversion-operations`.
struct FormatSection {
  let fields: Fields

  /// Changes those of `formats` that are given, and notes those in force.
  ///
  /// `weights` stand for every class, and what products quantised their inputs to goes with the weights and the
  /// activations that it was told of.
  func read(_ formats: inout ModelFormats, weightsFrom: String, activationsFrom: String) {
    if fields.has("weights") { formats.classes = [:] }
    if fields.has("weights") || fields.has("activations") { formats.inputs = [:] }
    formats.weights = format("weights", default: formats.weights, because: weightsFrom)
    for name in WeightClass.allCases where fields.has(name.rawValue) || formats.classes[name] != nil {
      formats.classes[name] = format(name.rawValue, default: formats[name], because: weightsFrom)
    }
    formats.activations = format("activations", default: formats.activations, because: activationsFrom)
    arithmetic(&formats, weightsFrom)
    if fields.has("conversion-operations") {
      formats.conversionOperations = fields.number("conversion-operations", in: 0...1000)
    }
  }

  /// What products compute in where it is told: by the checkpoint, for each class, or as one format for all of them.
  private func arithmetic(_ formats: inout ModelFormats, _ weightsFrom: String) {
    guard fields.has("arithmetic") else {
      var told: [String] = []
      for name in WeightClass.allCases where formats[name].element.bytes < 2 {
        guard let inputs = formats.inputs[name].map({ StorageFormat($0).description }), !told.contains(inputs) else {
          continue
        }
        told.append(inputs)
      }
      guard !told.isEmpty else { return }
      return fields.note(
        "arithmetic", told.joined(separator: ", "),
        because: "\(weightsFrom); as the activations where a device does not have it")
    }
    let given = format("arithmetic", default: formats.activations, because: weightsFrom)
    for name in WeightClass.allCases { formats.inputs[name] = given.element }
  }

  /// The format under `key`.
  func format(_ key: String, default fallback: StorageFormat, because source: String) -> StorageFormat {
    guard let name = fields.text(key, default: fallback.description, because: source) else { return fallback }
    let place = fields.valuePlace(of: key)
    let names = StorageFormat.named.map(\.name)
    do throws(StorageFormat.NameFault) {
      let format = try StorageFormat(name: name)
      guard case .codebook = format.scheme, ["activations", "arithmetic", "kv-cache"].contains(key) else {
        return format
      }
      fields.diagnostics.error(
        at: place, "'\(fields.path(key))' cannot be '\(name)'", why: "codebooks hold weights, which do not change",
        fix: "choose a format without codebooks")
    } catch {
      switch error {
      case .unknown:
        fields.diagnostics.error(
          at: place, "'\(fields.path(key))' cannot be '\(name)'",
          why: "it is one of \(names.joined(separator: ", ")), or like \(wordList(StorageFormat.patterns))",
          fix: nearestWord(to: name, among: names + StorageFormat.patterns).map { "did you mean '\($0)'?" }
            ?? "choose one of them")
      case .part(let part, let expected):
        fields.diagnostics.error(
          at: place, "'\(fields.path(key))' cannot be '\(name)'", why: "'\(part)' should be \(expected)",
          fix: "write it as in '\(key): \(StorageFormat.patterns[name.hasPrefix("codebook") ? 2 : 0])'")
      }
    }
    return fallback
  }
}
