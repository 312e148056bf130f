import Foundation
import Units

/// Reads a scenario file and those it extends.
struct ScenarioFiles {
  let limits: Limits
  let diagnostics: Diagnostics

  /// The root of the scenario at `path`, laid over what it extends, and its text; nil with diagnostics.
  ///
  /// `bytes` are those that came by standard input in place of the file.
  func read(_ path: String, bytes: Data?) -> (root: Element, text: String)? {
    let folder = bytes == nil ? Paths.folder(of: path) : nil
    guard let bytes = bytes ?? self.bytes(path, asked: nil),
      let root = root(bytes, path: path, folder: folder, shown: path, above: [])
    else { return nil }
    return (root, String(decoding: bytes, as: UTF8.self))
  }

  private func bytes(_ path: String, asked: Place?) -> Data? {
    do {
      return try FileReading.bytes(of: path, limit: limits.fileBytes)
    } catch {
      var fault = error
      fault.place = asked
      diagnostics.add(fault)
      return nil
    }
  }

  private func root(_ bytes: Data, path: String, folder: String?, shown: String, above: [String]) -> Element? {
    let source: SourceText
    do {
      source = try FileReading.decode(bytes, name: shown)
    } catch {
      diagnostics.add(error)
      return nil
    }
    guard let element = YAMLReading.element(source, limits: limits, diagnostics) else { return nil }
    guard let entries = element.entries else {
      let bare = source.lines.first.flatMap { YAMLFault.bareColon(Array($0.unicodeScalars)) }
      diagnostics.error(
        at: element.place, "the file holds \(element.kind), not a scenario", why: "a scenario is a mapping of settings",
        fix: bare == nil ? "begin with 'model: llama-3.1-70b'" : "write a blank after each colon: 'key: value'")
      return nil
    }
    guard let extends = element["extends"], extends.content != .null else { return element }
    // Without the other file nobody knows what is missing.
    guard let name = extends.text else {
      diagnostics.error(
        at: extends.place, "'extends' is \(extends.kind), not a file's name", why: "a scenario extends one other",
        fix: "write 'extends: common.yaml'")
      return nil
    }
    let chain = above + [Paths.normal(path)]
    let lookup = Lookup(
      catalogue: Catalogue(root: nil, dataRoots: [], limits: limits), folder: folder, diagnostics: diagnostics)
    guard isNew(name, folder, chain, at: extends.place),
      let found = lookup.beside(name, what: "scenario", at: extends.place),
      let below = self.bytes(found.path, asked: extends.place)
    else { return nil }
    let shownName = shown.contains("/") ? "\(Paths.folder(of: shown))/\(name)" : name
    let inner = root(
      below, path: found.path, folder: Paths.folder(of: found.path), shown: shownName, above: chain)
    let own = Element(.mapping(entries.filter { $0.key != "extends" }), at: element.place)
    return inner.map { Merging.merge($0, own) }
  }

  /// Whether a file may be extended by the last of a chain of files that extend one another; else it is told.
  private func isNew(_ name: String, _ folder: String?, _ chain: [String], at place: Place) -> Bool {
    if let folder, chain.contains(Paths.normal("\(folder)/\(name)")) {
      let files = (chain + [name]).map { $0.split(separator: "/").last.map(String.init) ?? $0 }
      diagnostics.error(
        at: place, "'\(name)' extends this file in turn", why: "they go in a circle: \(files.joined(separator: ", "))",
        fix: "let one of them extend nothing")
      return false
    }
    guard chain.count > limits.extends else { return true }
    diagnostics.error(
      at: place, "more than \(limits.extends) files extend one another", why: "so many are hard to follow",
      fix: "put the settings of several into one")
    return false
  }
}
