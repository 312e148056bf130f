import Units

extension Catalogue {
  /// The names of all devices, links or models of the catalogue, in alphabetical order.
  public func names(_ kind: CatalogueKind) -> [String] {
    Lookup(catalogue: self, folder: root ?? ".", diagnostics: Diagnostics()).names(kind)
  }
}

/// A file that a scenario named and the catalogue found.
struct FoundFile: Hashable, Sendable {
  /// The name it was asked by, as diagnostics and settings show it.
  var name: String
  /// The path to open.
  var path: String
}

/// Finds the files that a scenario names, for one scenario.
struct Lookup {
  let catalogue: Catalogue
  /// The folder of the scenario; nil where it came by standard input and has none.
  let folder: String?
  let diagnostics: Diagnostics

  /// The file of a device, link or model by its name or by a path beside the scenario.
  func find(_ kind: CatalogueKind, _ name: String, at place: Place) -> FoundFile? {
    guard isName(name) else { return beside(name, what: kind.rawValue, at: place) }
    for (root, folder) in roots(kind) {
      let path = "\(folder)/\(name)\(kind.suffix)"
      guard Paths.isFile(path) else { continue }
      guard Paths.lies(path, in: root) else {
        escapes(name, at: place)
        return nil
      }
      return FoundFile(name: name, path: path)
    }
    let known = names(kind)
    let searched = roots(kind).map(\.folder)
    diagnostics.error(
      at: place, "no \(kind.rawValue) is named '\(name)'",
      why: known.isEmpty
        ? "looked in \(wordList(searched, or: "and"))"
        : known.count > 12
          ? "medley list \(kind.folder) names those there are" : "the \(kind.folder) are \(wordList(known, or: "and"))",
      fix: didYouMean(
        name, among: known,
        else: "choose one of them, or write \(kind.folder)/\(name)\(kind.suffix) beside the scenario"))
    return nil
  }

  /// A file by a path relative to the scenario's folder, which it must not leave.
  func beside(_ path: String, what: String, at place: Place) -> FoundFile? {
    guard isInnerPath(path) else {
      escapes(path, at: place)
      return nil
    }
    guard let folder else {
      diagnostics.error(
        at: place, "there is no \(what) file '\(path)'", why: "a scenario on standard input has no folder",
        fix: "save the scenario beside the file")
      return nil
    }
    let full = "\(folder)/\(path)"
    guard Paths.isFile(full) else {
      if !isIrregular(full, as: path, at: place) {
        let others = Paths.names(in: Paths.folder(of: full)).filter { Paths.isFile("\(Paths.folder(of: full))/\($0)") }
        let name = path.split(separator: "/").last.map(String.init) ?? path
        diagnostics.error(
          at: place, "there is no \(what) file '\(path)'", why: "looked in \(folder)",
          fix: nearestWord(to: name, among: others).map { "did you mean '\($0)'?" }
            ?? "give the path from the scenario's folder")
      }
      return nil
    }
    guard Paths.lies(full, in: folder) else {
      escapes(path, at: place)
      return nil
    }
    return FoundFile(name: path, path: full)
  }

  /// The file of a name in the folder of another; nil where there is none, with a diagnostic where it leaves the folder.
  func sibling(_ name: String, of file: FoundFile, at place: Place) -> FoundFile? {
    let folder = Paths.folder(of: file.path)
    let path = "\(folder)/\(name)"
    guard Paths.isFile(path) else { return nil }
    guard Paths.lies(path, in: folder) else {
      escapes(name, at: place)
      return nil
    }
    return FoundFile(name: "\(file.name) \(name)", path: path)
  }

  /// A data file by a path beside the scenario or under a data root.
  ///
  /// `hint` says how to get the file where it is nowhere.
  func data(_ path: String, name: String, hint: String, at place: Place) -> FoundFile? {
    guard isInnerPath(path) else {
      escapes(path, at: place)
      return nil
    }
    let folders = (folder.map { [$0] } ?? []) + catalogue.dataRoots
    for root in folders {
      let full = "\(root)/\(path)"
      if isIrregular(full, as: path, at: place) { return nil }
      guard Paths.isFile(full) else { continue }
      guard Paths.lies(full, in: root) else {
        escapes(path, at: place)
        return nil
      }
      return FoundFile(name: name, path: full)
    }
    diagnostics.error(
      at: place, "the trace '\(name)' is not here", why: "looked for \(path) in \(wordList(folders, or: "and"))",
      fix: hint)
    return nil
  }

  /// The folders of a kind, each with the folder that its files must not leave.
  private func roots(_ kind: CatalogueKind) -> [(root: String, folder: String)] {
    var found = folder.map { [($0, "\($0)/\(kind.folder)")] } ?? []
    if let root = catalogue.root { found.append((root, "\(root)/\(kind.folder)")) }
    return found
  }

  /// The names of a kind that could be found.
  func names(_ kind: CatalogueKind) -> [String] {
    var found: Set<String> = []
    for (_, folder) in roots(kind) {
      for name in Paths.names(in: folder) {
        let stem = kind == .model ? name : String(name.dropLast(kind.suffix.count))
        if Paths.isFile("\(folder)/\(stem)\(kind.suffix)") { found.insert(stem) }
      }
    }
    return found.sorted()
  }

  private func isName(_ text: String) -> Bool {
    !text.contains("/") && !text.hasPrefix(".") && !text.hasSuffix(".yaml") && !text.hasSuffix(".json")
      && !text.contains("\0") && text.utf8.count <= 100
  }

  private func isInnerPath(_ path: String) -> Bool {
    !path.isEmpty && !path.hasPrefix("/") && !path.hasPrefix("~") && !path.contains("\0") && path.utf8.count <= 1000
      && !path.split(separator: "/", omittingEmptySubsequences: false).contains("..")
  }

  /// Whether there is something at a path that is no file; it is told.
  private func isIrregular(_ full: String, as path: String, at place: Place) -> Bool {
    guard let kind = Paths.irregular(full) else { return false }
    diagnostics.error(
      at: place, "'\(path)' is \(withArticle(kind)), not a file", why: "folders, pipes and devices are not read",
      fix: "name a file")
    return true
  }

  private func escapes(_ path: String, at place: Place) {
    diagnostics.error(
      at: place, "'\(path)' leaves the folders that a scenario may read",
      why: "files come from beside the scenario, from the catalogue or from a data root, without '..', absolute paths "
        + "or symbolic links out of them",
      fix: "copy the file beside the scenario, or name its folder as a data root")
  }
}
