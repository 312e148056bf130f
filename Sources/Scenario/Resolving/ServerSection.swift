import Hardware
import Models
import Units

/// Reads what a pool says of the software that serves: `kernels: vllm`, `host: {per-step: 2 ms}`.
struct ServerSection {
  let fields: Fields
  let shelf: Shelf

  /// The device with the times of the pool's own host.
  func device(_ found: (name: String, value: Device)?) -> (name: String, value: Device)? {
    let host = fields.fields("host")
    defer { host.finish() }
    guard var device = found else { return nil }
    for (key, time) in Self.times where host.has(key) {
      let longest = Seconds(3600)
      guard let seconds = host.quantity(key, Seconds.self, in: Seconds(0)...longest) else { continue }
      device.value.execution[keyPath: time] = Sourced(seconds, source: "the scenario")
    }
    device.value.execution.eager = eager(host)
    return device
  }

  /// What runs as the separate kernels of an eager framework.
  private func eager(_ host: Fields) -> Set<EagerPart> {
    let parts = host.elements("eager").compactMap { element, path -> EagerPart? in
      if let part = element.text.flatMap(EagerPart.init) { return part }
      let names = EagerPart.allCases.map(\.rawValue)
      fields.diagnostics.error(
        at: element.place, "'\(path)' is none of \(wordList(names))",
        why: "they are what an engine fuses and PyTorch does not",
        fix: didYouMean(element.text ?? "", among: names, else: "write [norms, positions, activations, projections]"))
      return nil
    }
    return Set(parts)
  }

  private static var times: [(String, WritableKeyPath<Execution, Sourced<Seconds>>)] {
    [
      ("per-step", \.hostPerStep), ("per-sequence", \.hostPerSequence), ("prefill-dispatch", \.prefillDispatch),
      ("decode-dispatch", \.decodeDispatch),
    ]
  }

  /// The measured kernels that the pool asks for; nil where it asks for none, or with diagnostics.
  func kernels(of device: String?) -> EngineKernels? {
    guard fields.has("kernels") else { return nil }
    var (frameworks, measured, isStatic) = ([] as [(name: String, place: Place)], device, false)
    let place = fields.valuePlace(of: "kernels")
    if fields.element("kernels")?.entries == nil {
      frameworks = fields.text("kernels").map { [($0, place)] } ?? []
    } else {
      let section = fields.fields("kernels")
      if section.required("framework", example: "vllm") != nil { frameworks = self.frameworks(section) }
      if section.has("device") { measured = section.text("device") }
      isStatic =
        section.choice("activation-scales", of: ["dynamic", "static"], default: "dynamic", because: "") == "static"
      section.finish()
    }
    guard !frameworks.isEmpty, let device = measured else { return nil }
    guard let table = shelf.kernels(device, at: place) else { return nil }
    let known = table.kernels.map(\.framework).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    let strange = frameworks.filter { !known.contains($0.name) }
    for (name, place) in strange {
      fields.diagnostics.error(
        at: place, "no kernels of '\(name.prefix(40))' were measured on \(device)",
        why: known.isEmpty ? "kernels/\(device).yaml lists none" : "those of \(wordList(known)) were",
        fix: didYouMean(name, among: known, else: "name one of them, or leave 'kernels' away"))
    }
    guard strange.isEmpty else { return nil }
    return EngineKernels(table, frameworks: frameworks.map(\.name), hasStaticScales: isStatic)
  }

  /// One framework or several under `framework`, each with its place.
  private func frameworks(_ section: Fields) -> [(name: String, place: Place)] {
    guard case .sequence = section.element("framework")?.content else {
      return section.text("framework").map { [($0, section.valuePlace(of: "framework"))] } ?? []
    }
    let named = section.elements("framework")
    let names = named.compactMap { element, _ in element.text.map { ($0, element.place) } }
    guard names.isEmpty || names.count < named.count else {
      section.note("framework", names.map(\.0).joined(separator: ", "), because: "")
      return names
    }
    section.diagnostics.error(
      at: section.valuePlace(of: "framework"), "'\(section.path("framework"))' holds what is no framework, or none",
      why: "it is one, or several in the order in which their kernels are looked for",
      fix: "write [sarathi-torch, sarathi-flash-attention]")
    return []
  }
}
