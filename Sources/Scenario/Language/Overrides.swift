import Units

/// A value for a path of the scenario: from `--set`, or a point of a sweep.
public struct Override: Hashable, Sendable {
  /// The keys from the root: ["workload", "rate-scale"].
  public var path: [String]
  /// The value.
  public var value: Element
  /// Where the path stands, for diagnostics.
  public var place: Place
  /// Whether the settings that its path leads through stay where they stand, for diagnostics; otherwise they are said to stand at
  /// its own place, since it is what changed them.
  var keepsPlaces = false

  /// A value for a path.
  public init(path: [String], value: Element, place: Place) {
    self.path = path
    self.value = value
    self.place = place
  }

  /// The override that `--set path=value` asks for; the value is read like a value in a file.
  ///
  /// Nil with diagnostics that point into the text.
  public static func parse(_ path: String, _ value: String, _ diagnostics: Diagnostics) -> Override? {
    let limits = Limits()
    let source = SourceText(name: "--set", lines: ["\(path)=\(value)"])
    let place = Place(source: source, line: 1, column: 1)
    let keys = path.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard !keys.contains(""), keys.count <= limits.nesting, path.utf8.count <= 1000, value.utf8.count <= 10_000 else {
      diagnostics.error(
        at: place, "'\(path.prefix(80))' is no path", why: "a path is keys with dots between them",
        fix: "write --set workload.rate-scale=2")
      return nil
    }
    let inner = Diagnostics()
    let element = YAMLReading.element(SourceText(name: "--set", text: value), limits: limits, inner)
    func moved(_ place: Place) -> Place {
      let start = path.unicodeScalars.count + 1
      let end = start + value.unicodeScalars.count + 1
      return Place(source: source, line: 1, column: place.line == 1 ? min(end, start + place.column) : end)
    }
    for var diagnostic in inner.all {
      diagnostic.place = diagnostic.place.map(moved)
      diagnostics.add(diagnostic)
    }
    guard let element, inner.errorCount == 0 else { return nil }
    return Override(path: keys, value: element.moved(moved), place: place)
  }

  /// The scenario, or its `variant`, with the value in place; nil with a diagnostic where the path leads through something
  /// that has no keys or to a position that a list does not have.
  func applied(to root: Element, variant: String?, _ diagnostics: Diagnostics) -> Element? {
    apply(root, 0, variant, diagnostics)
  }

  private func apply(_ element: Element, _ depth: Int, _ variant: String?, _ diagnostics: Diagnostics) -> Element? {
    guard depth < path.count else { return Merging.merge(element, value, path: path) }
    let key = path[depth]
    switch element.content {
    case .null, .mapping:
      var entries = element.entries ?? []
      let index = entries.firstIndex { $0.key == key }
      if index == nil, path.prefix(depth) == ["cluster", "pools"], path.count > depth + 2 || path.last != "device",
        path.count > depth + 1, !entries.isEmpty
      {
        let pools = entries.map(\.key)
        diagnostics.error(
          at: place.advanced(by: offset(depth)), "no pool is named '\(key)'",
          why: "the pools\(variant.map { " of variant '\($0)'" } ?? "") are \(wordList(pools, or: "and"))",
          fix: didYouMean(
            key, among: pools, else: variant == nil ? "name one of them" : "name one of them, or another variant"))
        return nil
      }
      let below = index.map { entries[$0].value } ?? Element(.null, at: value.place)
      guard let new = apply(below, depth + 1, variant, diagnostics) else { return nil }
      let stands = keepsPlaces && depth + 1 < path.count ? index.map { entries[$0].keyPlace } : nil
      let entry = Entry(key: key, keyPlace: stands ?? place.advanced(by: offset(depth)), value: new)
      if let index { entries[index] = entry } else { entries.append(entry) }
      return Element(.mapping(entries), at: element.place)
    case .sequence(var elements):
      guard let index = Int(key), elements.indices.contains(index) else {
        diagnostics.error(
          at: place.advanced(by: offset(depth)),
          "the list '\(path.prefix(depth).joined(separator: "."))' has no '\(key)'",
          why: "its positions are 0 to \(elements.count - 1)", fix: "give a position, or set the whole list")
        return nil
      }
      guard let new = apply(elements[index], depth + 1, variant, diagnostics) else { return nil }
      elements[index] = new
      return Element(.sequence(elements), at: element.place)
    case .scalar:
      // A name without settings becomes a name with settings: route -> {phase-split: ...}.
      let long = Merging.spelledOut(element, Array(path.prefix(depth)))
      return apply(long.entries == nil ? Element(.null, at: element.place) : long, depth, variant, diagnostics)
    }
  }

  private func offset(_ depth: Int) -> Int {
    place.source.name == "--set" ? path.prefix(depth).reduce(0) { $0 + $1.unicodeScalars.count + 1 } : 0
  }
}

extension Element {
  /// The element with every place changed.
  func moved(_ move: (Place) -> Place) -> Element {
    switch content {
    case .null, .scalar: Element(content, at: move(place))
    case .sequence(let elements): Element(.sequence(elements.map { $0.moved(move) }), at: move(place))
    case .mapping(let entries):
      Element(
        .mapping(entries.map { Entry(key: $0.key, keyPlace: move($0.keyPlace), value: $0.value.moved(move)) }),
        at: move(place))
    }
  }
}
