import Hardware
import Units

/// A number that must say where it comes from: `{value: 2039 GB/s, source: "..."}`.
extension Fields {
  /// A quantity with its source; nil where the key is absent or on a fault.
  func sourced<D: Dimension>(_ key: String, _ type: Quantity<D>.Type, required: Bool = true) -> Sourced<Quantity<D>>? {
    guard let fields = sourcedFields(key, example: D.facts.example, required: required) else { return nil }
    let value = fields.required("value", type)
    let source = fields.source()
    fields.finish()
    guard let value, let source else { return nil }
    return Sourced(value, source: source)
  }

  /// A share from 0 (excluded by `Device.faults`) to 1 with its source.
  func sourcedShare(_ key: String) -> Sourced<Double>? { sourcedNumber(key, in: 0...1, example: "0.8") }

  /// A plain number within `range` with its source.
  func sourcedNumber(
    _ key: String, in range: ClosedRange<Double>, example: String, required: Bool = true
  ) -> Sourced<Double>? {
    guard let fields = sourcedFields(key, example: example, required: required) else { return nil }
    let value = fields.number("value", in: range)
    if !fields.has("value") { fields.missing("value", example: example) }
    let source = fields.source()
    fields.finish()
    guard let value, let source else { return nil }
    return Sourced(value, source: source)
  }

  /// The fields of a sourced number.
  func sourcedFields(_ key: String, example: String, required: Bool) -> Fields? {
    guard let element = element(key) else {
      if required { missing(key, example: "{value: \(example), source: ...}") }
      return nil
    }
    guard element.entries != nil else {
      diagnostics.error(
        at: element.place, "'\(path(key))' does not say where it comes from",
        why: "every number of a device or link carries its source",
        fix: "write '\(key): {value: \(element.text ?? example), source: ...}'")
      return nil
    }
    return fields(key)
  }

  /// The text of `source`, which must be there.
  func source() -> String? {
    guard let text = text("source") else {
      if !has("source") { missing("source", example: "\"where the number comes from\"") }
      return nil
    }
    return text
  }
}
