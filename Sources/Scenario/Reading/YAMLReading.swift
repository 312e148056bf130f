import Units
import Yams

/// Turns YAML texts into elements: the only user of the YAML library.
enum YAMLReading {
  /// The element that the text of `source` spells; nil where it is no YAML (with at least one error added).
  ///
  /// An empty text is `null`. All duplicate keys of the text are told. Complexity: O(text), bounded by `limits`.
  static func element(_ source: SourceText, limits: Limits, _ diagnostics: Diagnostics) -> Element? {
    let errors = diagnostics.errorCount
    var scan = Prescan(source, limits)
    scan.run(diagnostics)
    guard diagnostics.errorCount == errors else { return nil }
    guard let root = compose(source, diagnostics) else { return nil }
    guard let node = root.node else { return Element(.null, at: Place(source: source, line: 1, column: 1)) }
    var conversion = Conversion(
      source: source, limits: limits, originals: root.originals, diagnostics: diagnostics, left: limits.elements)
    // Nodes hold their anchors weakly; the parser holds them.
    return withExtendedLifetime(root.parser) { conversion.element(node, depth: 0) }
  }

  /// First of the private-use characters that stand for the first character of a key given twice.
  private static let firstMarker: UInt32 = 0xE000
  private static let markers = 16

  /// The root node of a text, and the characters that markers replace in it.
  ///
  /// The library stops at the first mapping with a key given twice. Each time the key's first character is replaced
  /// by a marker and the text is parsed again, so that all such keys are found and the rest is read.
  private static func compose(
    _ source: SourceText, _ diagnostics: Diagnostics
  ) -> (parser: Yams.Parser, node: Yams.Node?, originals: [Unicode.Scalar: Unicode.Scalar])? {
    var lines = source.lines
    var originals: [Unicode.Scalar: Unicode.Scalar] = [:]
    while true {
      do {
        // The basic resolver leaves texts as they are; the default one matches each key against regular expressions.
        let text = lines.joined(separator: "\n") + "\n"
        let parser = try Yams.Parser(yaml: text, resolver: .basic, encoding: .utf8)
        return (parser, try parser.singleRoot(), originals)
      } catch YamlError.duplicatedKeysInMapping(let keys, let context) {
        guard originals.count < markers, let marker = Unicode.Scalar(firstMarker + UInt32(originals.count)),
          let original = replaceKey(at: context.mark, by: marker, in: &lines)
        else {
          let place = Place(source: source, line: max(1, context.mark.line), column: max(1, context.mark.column))
          diagnostics.error(
            at: place, "keys are given twice: \(keys.prefix(5).joined(separator: ", "))",
            why: "a mapping has each key once", fix: "remove one of them")
          return nil
        }
        originals[marker] = original
      } catch let error as YamlError {
        diagnostics.add(YAMLFault(source).diagnostic(error))
        return nil
      } catch {
        diagnostics.error(at: Place(source: source, line: 1, column: 1), "the file is no YAML", why: "\(error)")
        return nil
      }
    }
  }

  /// Replaces the first character of the key at `mark`; the character it was.
  private static func replaceKey(
    at mark: Yams.Mark, by marker: Unicode.Scalar, in lines: inout [String]
  ) -> Unicode.Scalar? {
    guard lines.indices.contains(mark.line - 1) else { return nil }
    var scalars = Array(lines[mark.line - 1].unicodeScalars)
    var index = mark.column - 1
    guard scalars.indices.contains(index) else { return nil }
    if scalars[index] == "\"" || scalars[index] == "'" { index += 1 }
    guard scalars.indices.contains(index), scalars[index] != "\\", scalars[index] != "\"", scalars[index] != "'" else {
      return nil
    }
    let original = scalars[index]
    scalars[index] = marker
    lines[mark.line - 1] = String(String.UnicodeScalarView(scalars))
    return original
  }
}

/// Converts the library's nodes to elements.
private struct Conversion {
  let source: SourceText
  let limits: Limits
  let originals: [Unicode.Scalar: Unicode.Scalar]
  let diagnostics: Diagnostics
  /// Elements that may still come.
  var left: Int

  private func place(_ mark: Yams.Mark?) -> Place {
    Place(source: source, line: max(1, mark?.line ?? 1), column: max(1, mark?.column ?? 1))
  }

  /// The element of a node, or nil where it breaks a limit.
  mutating func element(_ node: Yams.Node, depth: Int) -> Element? {
    let place = place(node.mark)
    left -= 1
    guard left >= 0, depth <= limits.nesting else {
      diagnostics.error(
        at: place, left < 0 ? "the file has too many elements" : "collections stand too deep inside each other",
        why: "at most \(limits.elements) elements and \(limits.nesting) levels are read", fix: "split the file")
      return nil
    }
    // The scan before the parser refuses anchors; one that it did not see must not multiply here.
    guard node.anchor == nil else { return anchored(at: place) }
    switch node {
    case .scalar(let scalar): return text(scalar, at: place)
    case .sequence(let sequence):
      var elements: [Element] = []
      for child in sequence {
        if let element = element(child, depth: depth + 1) { elements.append(element) } else if left < 0 { return nil }
      }
      return Element(.sequence(elements), at: place)
    case .mapping(let mapping):
      var entries: [Entry] = []
      var seen: [String: Int] = [:]
      for (key, value) in mapping {
        guard let entry = entry(key, value, depth: depth) else {
          if left < 0 { return nil }
          continue
        }
        if let first = seen[entry.key] {
          let (a, b) = (entries[first], entry)
          let (early, late) =
            (a.keyPlace.line, a.keyPlace.column) < (b.keyPlace.line, b.keyPlace.column) ? (a, b) : (b, a)
          diagnostics.error(
            at: late.keyPlace, "'\(entry.key)' is given twice", why: "it is given first in line \(early.keyPlace.line)",
            fix: "remove one of the two")
          continue
        }
        seen[entry.key] = entries.count
        entries.append(entry)
      }
      return Element(.mapping(entries), at: place)
    case .alias: return anchored(at: place)
    }
  }

  private func anchored(at place: Place) -> Element? {
    diagnostics.error(at: place, "anchors and aliases are not read", fix: "write the value out")
    return nil
  }

  private func text(_ scalar: Yams.Node.Scalar, at place: Place) -> Element? {
    guard scalar.string.unicodeScalars.count <= limits.scalarLength else {
      diagnostics.error(
        at: place, "a text is too long",
        why: "it has \(scalar.string.unicodeScalars.count) characters; at most \(limits.scalarLength) are read",
        fix: "check that this is the file you meant")
      return nil
    }
    let quoted = scalar.style == .singleQuoted || scalar.style == .doubleQuoted
    if !quoted, ["", "~", "null", "Null", "NULL"].contains(scalar.string) { return Element(.null, at: place) }
    return Element(.scalar(restored(scalar.string), quoted: quoted), at: place)
  }

  private mutating func entry(_ key: Yams.Node, _ value: Yams.Node, depth: Int) -> Entry? {
    let keyPlace = place(key.mark)
    guard key.anchor == nil else {
      _ = anchored(at: keyPlace)
      return nil
    }
    guard case .scalar(let scalar) = key, scalar.string.unicodeScalars.count <= 200 else {
      diagnostics.error(
        at: keyPlace, "keys are plain texts of at most 200 characters", why: "the names of settings are single words",
        fix: "write 'key: value'")
      return nil
    }
    guard scalar.string != "<<" || scalar.style != .plain else {
      diagnostics.error(
        at: keyPlace, "merge keys are not read", why: "a scenario says what is wanted and nothing else",
        fix: "use cluster.defaults for what pools share, and 'extends' or 'variants' for what scenarios share")
      return nil
    }
    guard let element = element(value, depth: depth + 1) else { return nil }
    return Entry(key: restored(scalar.string), keyPlace: keyPlace, value: element)
  }

  /// The text with markers replaced by what they stand for.
  private func restored(_ text: String) -> String {
    guard !originals.isEmpty else { return text }
    var scalars = String.UnicodeScalarView()
    for scalar in text.unicodeScalars { scalars.append(originals[scalar] ?? scalar) }
    return String(scalars)
  }
}
