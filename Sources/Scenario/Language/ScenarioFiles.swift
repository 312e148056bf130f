import Units

/// Reads a scenario file and those it extends.
struct ScenarioFiles {
  let limits: Limits
  let diagnostics: Diagnostics

  /// The root of the scenario at `path`, laid over what it extends; nil with diagnostics.
  func root(_ path: String) -> Element? { root(path, shown: path, asked: nil, above: []) }

  private func root(_ path: String, shown: String, asked: Place?, above: [String]) -> Element? {
    let source: SourceText
    do {
      source = try FileReading.text(of: path, name: shown, limit: limits.fileBytes)
    } catch {
      var fault = error
      fault.place = fault.place ?? asked
      diagnostics.add(fault)
      return nil
    }
    guard let element = YAMLReading.element(source, limits: limits, diagnostics) else { return nil }
    guard let entries = element.entries else {
      diagnostics.error(
        at: element.place, "the file holds \(element.kind), not a scenario", why: "a scenario is a mapping of settings",
        fix: "begin with 'model: llama-3.1-70b'")
      return nil
    }
    guard let extends = element["extends"] else { return element }
    let own = Element(.mapping(entries.filter { $0.key != "extends" }), at: element.place)
    guard let name = extends.text else {
      diagnostics.error(
        at: extends.place, "'extends' is \(extends.kind), not a file's name", why: "a scenario extends one other",
        fix: "write 'extends: common.yaml'")
      return own
    }
    let folder = Paths.folder(of: path)
    let inner = "\(folder)/\(name)"
    let chain = above + [Paths.normal(path)]
    guard chain.count <= limits.extends, !chain.contains(Paths.normal(inner)) else {
      diagnostics.error(
        at: extends.place, "'\(name)' extends in a circle or too deep",
        why: "at most \(limits.extends) files extend one another", fix: "extend a file that extends nothing")
      return own
    }
    let catalogue = Catalogue(root: nil, dataRoots: [], limits: limits)
    let lookup = Lookup(catalogue: catalogue, folder: folder, diagnostics: diagnostics)
    guard let found = lookup.beside(name, what: "scenario", at: extends.place) else { return own }
    let shownFolder = Paths.folder(of: shown)
    let shownName = shown.contains("/") ? "\(shownFolder)/\(name)" : name
    guard let lower = root(found.path, shown: shownName, asked: extends.place, above: chain) else { return own }
    return Merging.merge(lower, own)
  }
}
