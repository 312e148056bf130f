import Hardware
import Units

/// Reads the key `forms` of a device file: what the device's kind adds to the roofline.
struct FormsReader {
  /// Reads the links that a device names.
  let link: (_ name: String, _ place: Place) -> Link?

  /// Most elements of a list.
  private static let listLimit = 64
  /// Most compiled shapes.
  private static let shapeLimit = 1024

  /// The forms under `fields`; those that are absent or faulty, the latter with diagnostics, are left out.
  func forms(_ fields: Fields) -> DeviceForms {
    var forms = DeviceForms()
    forms.units = list(fields, "units").compactMap(units)
    forms.caches = list(fields, "caches").compactMap(cache)
    if fields.has("tile") { forms.tile = tile(fields.fields("tile")) }
    if fields.has("shapes") { forms.shapes = shapes(fields.fields("shapes")) }
    forms.order = fields.sourced("order", Slowdown.self, required: false)
    forms.aspect = fields.sourced("aspect", Slowdown.self, required: false)
    forms.handOver = fields.sourced("hand-over", Seconds.self, required: false)
    if fields.has("numa") { forms.numa = numa(fields.fields("numa")) }
    if fields.has("memory-group") { forms.memoryGroup = group(fields.fields("memory-group")) }
    fields.finish()
    return forms
  }

  private func list(_ fields: Fields, _ key: String) -> [Fields] {
    let elements = fields.elements(key)
    if elements.count > Self.listLimit {
      fields.diagnostics.error(
        at: fields.valuePlace(of: key), "'\(fields.path(key))' has \(elements.count) elements",
        why: "it has at most \(Self.listLimit)", fix: "put equal ones together")
    }
    return elements.prefix(Self.listLimit).map { Fields($0.element, path: $0.path, reading: fields.reading) }
  }

  private func name(_ fields: Fields, example: String) -> String? {
    if !fields.has("name") { fields.missing("name", example: example) }
    return fields.text("name")
  }

  private func units(_ fields: Fields) -> ArithmeticUnits? {
    let name = name(fields, example: "cores")
    let count = fields.sourcedNumber("count", in: 1...1e6, example: "96")
    let clock = fields.sourced("clock", Frequency.self)
    let rates = fields.fields("per-cycle")
    if !fields.has("per-cycle") { fields.missing("per-cycle", example: "{fp32: {value: 32, source: ...}}") }
    var perCycle: [Format: Sourced<Double>] = [:]
    for format in Format.allCases where rates.has(format.rawValue) {
      perCycle[format] = rates.sourcedNumber(format.rawValue, in: 0...1e9, example: "32")
    }
    rates.finish()
    fields.finish()
    guard let name, let count, let clock else { return nil }
    return ArithmeticUnits(name: name, count: count, clock: clock, perCycle: perCycle)
  }

  private func cache(_ fields: Fields) -> CacheLevel? {
    let name = name(fields, example: "L3")
    let capacity = fields.sourced("capacity", Memory.self)
    let bandwidth = fields.sourced("bandwidth", Bandwidth.self)
    fields.finish()
    guard let name, let capacity, let bandwidth else { return nil }
    return CacheLevel(name: name, capacity: capacity, bandwidth: bandwidth)
  }

  private func tile(_ fields: Fields) -> MatrixTile? {
    func edge(_ key: String) -> Int? {
      if !fields.has(key) { fields.missing(key, example: "32") }
      return fields.count(key, in: 1...65_536)
    }
    let rows = edge("rows")
    let inner = edge("inner")
    let columns = edge("columns")
    let source = fields.source()
    fields.finish()
    guard let rows, let inner, let columns, let source else { return nil }
    return MatrixTile(rows: rows, inner: inner, columns: columns, source: source)
  }

  private func shapes(_ fields: Fields) -> CompiledShapes? {
    if !fields.has("tokens") { fields.missing("tokens", example: "[32, 64, 128]") }
    let elements = fields.elements("tokens")
    let tokens = elements.prefix(Self.shapeLimit).compactMap { entry -> Int? in
      if let count = entry.element.text.flatMap({ Int($0) }), 1...1_000_000 ~= count { return count }
      fields.diagnostics.error(
        at: entry.element.place, "'\(entry.path)' is no count of tokens",
        why: "it is a whole number from 1 to 1000000, without a unit", fix: "write 'tokens: [32, 64, 128]'")
      return nil
    }
    if elements.count > Self.shapeLimit {
      fields.diagnostics.error(
        at: fields.valuePlace(of: "tokens"), "'\(fields.path("tokens"))' has \(elements.count) elements",
        why: "it has at most \(Self.shapeLimit)", fix: "leave out shapes that differ by little")
    }
    let source = fields.source()
    fields.finish()
    return source.map { CompiledShapes(tokens: tokens, source: $0) }
  }

  private func numa(_ fields: Fields) -> RemoteMemory? {
    let remote = fields.sourced("remote", Fraction.self)
    if !fields.has("link") { fields.missing("link", example: "upi-3x11.2") }
    let name = fields.text("link")
    fields.finish()
    guard let remote, let name, let link = link(name, fields.valuePlace(of: "link")) else { return nil }
    return RemoteMemory(remote: remote, link: link)
  }

  private func group(_ fields: Fields) -> MemoryGroup? {
    let name = name(fields, example: "m2-pro")
    let together = fields.sourced("together", Bandwidth.self)
    fields.finish()
    guard let name, let together else { return nil }
    return MemoryGroup(name: name, together: together)
  }
}
