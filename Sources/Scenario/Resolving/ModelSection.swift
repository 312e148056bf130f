import Foundation
import Hardware
import Models
import Units

/// Reads `model: NAME` or `model: {name: ..., config: ..., kv-cache: fp8}` with the keys of ``FormatSection``.
struct ModelSection {
  let reading: Reading
  let shelf: Shelf

  /// The model under the key `model`; nil with diagnostics.
  func model(_ root: Fields) -> ServedModel? {
    guard let element = root.required("model", example: "llama-3.1-70b") else { return nil }
    guard let name = element.text else { return detailed(Fields(element, path: "model", reading: reading)) }
    reading.note("model.name", name, .given(element.place))
    let none = Fields(Element(.null, at: element.place), path: "model", reading: reading)
    return shelf.model(name, at: element.place).map {
      ServedModel(name: name, transformer: $0, formats: formats(none, $0))
    }
  }

  private func detailed(_ fields: Fields) -> ServedModel? {
    var found: (name: String, transformer: Transformer)?
    switch (fields.element("name"), fields.element("config")) {
    case (.some(let name), nil):
      if let text = fields.text("name") { found = shelf.model(text, at: name.place).map { (text, $0) } }
    case (nil, .some(let config)):
      if let path = fields.text("config") {
        let file = shelf.lookup.beside(path, what: "model", at: config.place)
        found = file.flatMap { shelf.model($0, at: config.place) }.map { (path, $0) }
      }
    case (nil, nil): fields.missing("name", example: "llama-3.1-70b")
    case (_, .some(let config)):
      fields.diagnostics.error(
        at: config.place, "the model has both a name and a config", why: "each of them says what the model is",
        fix: "remove one of them")
    }
    let formats = formats(fields, found?.transformer)
    fields.finish()
    guard let found else { return nil }
    return ServedModel(name: found.name, transformer: found.transformer, formats: formats)
  }

  /// The formats, those of the model unless given; they are checked even where the model has faults.
  private func formats(_ fields: Fields, _ model: Transformer?) -> ModelFormats {
    for note in model?.notes ?? [] {
      reading.note(
        "model.config.\(note.key)", note.value, note.isDefault ? .byDefault(note.why) : .computed(note.why))
    }
    let source =
      model?.quantization != nil
      ? "how the checkpoint was quantised"
      : model?.publishedFormat == nil ? "config.json names no torch_dtype" : "torch_dtype of config.json"
    var formats = ModelFormats(publishedOf: model)
    let section = FormatSection(fields: fields)
    section.read(&formats, weightsFrom: source, activationsFrom: "the model's 16-bit format")
    let scaled = fields.has("activations") ? nil : model?.quantization?.cache
    formats.cache = section.format(
      "kv-cache", default: scaled ?? formats.activations,
      because: scaled == nil
        ? "as the activations (vLLM: kv-cache-dtype auto)" : "the checkpoint has scales of keys and values")
    return formats
  }
}
