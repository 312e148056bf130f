import Foundation
import Hardware
import Models
import Units

/// What was fetched from the catalogue, so that the points of a sweep need not read files again.
struct Stock: Sendable {
  var devices: [String: Device] = [:]
  var links: [String: Link] = [:]
  var models: [String: Transformer] = [:]
  var tiers: [String: Tier] = [:]
  var kernels: [String: KernelTable] = [:]
  /// The files that each device takes numbers from besides its own: "link pcie4", "device rtx-4090".
  var partsOf: [String: [String]] = [:]
  /// The key of each trace's digest, by path.
  var traces: [String: String] = [:]
  /// Digests of all files that were read, by "kind name".
  var digests: [String: String] = [:]
}

/// Fetches what a scenario names from the catalogue, each file once.
final class Shelf {
  let lookup: Lookup
  /// What was fetched, by this shelf and before it.
  private(set) var stock: Stock
  /// Digests of the files that were asked for, by "kind name", for provenance.
  private(set) var digests: [String: String] = [:]
  /// What was asked for and is not to be had, which was told once.
  private var absent: Set<String> = []

  init(_ lookup: Lookup, stock: Stock = Stock()) {
    self.lookup = lookup
    self.stock = stock
  }

  private var diagnostics: Diagnostics { lookup.diagnostics }

  /// The device of a name; nil with diagnostics, in its own file or at `place`.
  func device(_ name: String, at place: Place) -> Device? {
    if let known = stock.devices[name] {
      use("device \(name)")
      // Its links and the devices it is like belong to it: their files count as read.
      for part in stock.partsOf[name] ?? [] { use(part) }
      return known
    }
    guard !absent.contains("device \(name)") else { return nil }
    var parts: [String] = []
    let reader = DeviceReader { link, place in
      parts.append("link \(link)")
      return self.link(link, at: place)
    }
    let root = deviceRoot(name, at: place, parts: &parts)
    let device = root.flatMap { reader.device($0, named: name, aside(.device)) }
    stock.devices[name] = device
    stock.partsOf[name] = parts
    if device == nil { absent.insert("device \(name)") }
    return device
  }

  /// A device with other numbers, as a scenario writes it: `{like: gh200, efficiency: {memory: {value: 0.8, source: ...}}}`,
  /// and the name of what it is like; nil with diagnostics.
  func device(changed own: Element) -> (name: String, value: Device)? {
    let fields = Fields(own.only(["like"]), path: "", reading: aside(.device))
    guard let like = fields.required("like", example: "h100-sxm"), let name = fields.text("like") else { return nil }
    let key = "device \(own.spelled)"
    if let known = stock.devices[key] {
      for part in stock.partsOf[key] ?? [] { use(part) }
      return (name, known)
    }
    guard !absent.contains(key) else { return nil }
    var parts = ["device \(name)"]
    let reader = DeviceReader { link, place in
      parts.append("link \(link)")
      return self.link(link, at: place)
    }
    let root = deviceRoot(name, at: like.place, parts: &parts).map { Likeness.lay(own, over: $0, named: name) }
    let device = root.flatMap { reader.device($0, named: name, aside(.device)) }
    stock.devices[key] = device
    stock.partsOf[key] = parts
    if device == nil { absent.insert(key) }
    return device.map { (name, $0) }
  }

  /// The settings of a device file over those of the devices it is like, which are added to `parts`; `chain` are those
  /// that lead to it. Nil with diagnostics.
  private func deviceRoot(_ name: String, at place: Place, parts: inout [String], chain: [String] = []) -> Element? {
    guard let own = root(.device, name, at: place) else { return nil }
    guard let like = own["like"], like.content != .null else { return own }
    // Without the other file nobody knows what is missing.
    guard let base = Fields(own.only(["like"]), path: "", reading: aside(.device)).text("like") else { return nil }
    let devices = chain + [name]
    guard !devices.contains(base) else {
      diagnostics.error(
        at: like.place, "'\(base)' is like this device in turn",
        why: "they go in a circle: \((devices + [base]).joined(separator: ", "))",
        fix: "let one of them be like no other")
      return nil
    }
    guard devices.count <= lookup.catalogue.limits.extends else {
      diagnostics.error(
        at: like.place, "more than \(lookup.catalogue.limits.extends) devices are like one another",
        why: "so many are hard to follow", fix: "name the first of them")
      return nil
    }
    parts.append("device \(base)")
    return deviceRoot(base, at: like.place, parts: &parts, chain: devices).map {
      Likeness.lay(own, over: $0, named: base)
    }
  }

  /// The link of a name; nil with diagnostics, in its own file or at `place`.
  func link(_ name: String, at place: Place) -> Link? {
    fetch(.link, name, at: place, into: \.links) { LinkReader.link($0, named: name, aside(.link)) }
  }

  /// The tier of a name; nil with diagnostics, in its own file or at `place`.
  func tier(_ name: String, at place: Place) -> Tier? {
    fetch(.tier, name, at: place, into: \.tiers) { TierReader.tier($0, named: name, aside(.tier)) }
  }

  /// The kernels of a device; nil with diagnostics, in their own file or at `place`.
  func kernels(_ name: String, at place: Place) -> KernelTable? {
    fetch(.kernel, name, at: place, into: \.kernels) { KernelTableReader.table($0, aside(.kernel)) }
  }

  /// What a file of the catalogue that names no other says, read once and kept in `items`; nil with diagnostics, told once.
  private func fetch<Item>(
    _ kind: CatalogueKind, _ name: String, at place: Place, into items: WritableKeyPath<Stock, [String: Item]>,
    _ read: (Element) -> Item?
  ) -> Item? {
    let key = "\(kind.rawValue) \(name)"
    if let known = stock[keyPath: items][name] {
      use(key)
      return known
    }
    guard !absent.contains(key) else { return nil }
    let item = root(kind, name, at: place).flatMap(read)
    stock[keyPath: items][name] = item
    if item == nil { absent.insert(key) }
    return item
  }

  /// The model of a name; nil with diagnostics at `place`.
  func model(_ name: String, at place: Place) -> Transformer? {
    if let known = stock.models[name] {
      for key in [name, "\(name) \(Self.quantisation)"] { use("model \(key)") }
      return known
    }
    guard let file = lookup.find(.model, name, at: place) else { return nil }
    let model = model(file, at: place)
    stock.models[name] = model
    return model
  }

  /// ModelOpt's file of how weights were quantised, beside a config.json.
  private static let quantisation = "hf_quant_config.json"

  /// The model in a config.json that was found, quantised as the file beside it says where its own says nothing; nil with
  /// diagnostics, in these files or at `place`.
  func model(_ file: FoundFile, at place: Place) -> Transformer? {
    let read = config(file, at: place) { bytes throws(ConfigError) in try Transformer(config: bytes) }
    guard var model = read else { return nil }
    guard model.quantization == nil, file.path.hasSuffix("/config.json"),
      let beside = lookup.sibling(Self.quantisation, of: file, at: place)
    else { return model }
    return config(beside, at: place) { bytes throws(ConfigError) in
      try model.quantise(by: bytes)
      return model
    }
  }

  /// What `read` makes of a file of a model; nil with diagnostics.
  private func config<Value>(
    _ file: FoundFile, at place: Place, _ read: (Data) throws(ConfigError) -> Value
  ) -> Value? {
    guard let bytes = bytes(file, .model, at: place) else { return nil }
    do {
      return try read(bytes)
    } catch {
      let source = SourceText(name: file.path, text: String(decoding: bytes, as: UTF8.self))
      for fault in error.faults {
        diagnostics.error(
          at: fault.line > 0 ? Place(source: source, line: fault.line, column: fault.column) : place,
          fault.line > 0 ? fault.what : "\(fault.what): \(file.path)", why: fault.why, fix: fault.fix)
      }
      return nil
    }
  }

  /// Counts a trace as read, by its length and its beginning.
  func note(_ trace: TracePlan) {
    let key = stock.traces[trace.path] ?? digest(trace)
    stock.traces[trace.path] = key
    use(key)
  }

  /// The key under which the digest of a trace's beginning is in stock.
  private func digest(_ trace: TracePlan) -> String {
    guard let file = FileHandle(forReadingAtPath: trace.path) else { return "trace \(trace.name)" }
    defer { try? file.close() }
    let bytes = (try? file.seekToEnd()) ?? 0
    try? file.seek(toOffset: 0)
    let beginning = (try? file.read(upToCount: Self.digestedBytes)) ?? Data()
    let key = "trace \(trace.name), \(bytes) bytes, the first \(beginning.count):"
    stock.digests[key] = sha256(beginning)
    return key
  }

  /// Bytes of a trace that are digested.
  private static let digestedBytes = 1 << 20

  private func use(_ name: String) { digests[name] = stock.digests[name] }

  /// The bytes of a file that was found; nil with a diagnostic at `place`.
  private func bytes(_ file: FoundFile, _ kind: CatalogueKind, at place: Place) -> Data? {
    do {
      let bytes = try FileReading.bytes(of: file.path, limit: lookup.catalogue.limits.fileBytes)
      let name = "\(kind.rawValue) \(file.name)"
      stock.digests[name] = sha256(bytes)
      use(name)
      return bytes
    } catch {
      diagnostics.error(at: place, error.what, why: error.why, fix: error.fix)
      return nil
    }
  }

  private func root(_ kind: CatalogueKind, _ name: String, at place: Place) -> Element? {
    guard let file = lookup.find(kind, name, at: place), let bytes = bytes(file, kind, at: place) else { return nil }
    do {
      let source = try FileReading.decode(bytes, name: file.path)
      return YAMLReading.element(source, limits: lookup.catalogue.limits, diagnostics)
    } catch {
      diagnostics.add(error)
      return nil
    }
  }

  /// A reading whose settings are not the scenario's.
  private func aside(_ document: Document) -> Reading { Reading(document, diagnostics: diagnostics) }
}
