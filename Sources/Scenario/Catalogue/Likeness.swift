import Units

/// Lays a device file over that of the device it is like.
enum Likeness {
  /// The settings of `own` over those of `base`, the device named `name`.
  ///
  /// Mappings are merged key by key; a number is replaced together with its source, a list as a whole, and `~` takes a
  /// key away. What `base` gives cites it.
  static func lay(_ own: Element, over base: Element, named name: String) -> Element {
    let inherited = base.entries.map { Element(.mapping($0.filter { $0.key != "name" }), at: base.place) } ?? base
    return merged(cited(inherited, name), own)
  }

  private static func merged(_ lower: Element, _ upper: Element) -> Element {
    guard var entries = lower.entries, let above = upper.entries, lower["source"] == nil else { return upper }
    for entry in above {
      let index = entries.firstIndex { $0.key == entry.key }
      if entry.value.content == .null {
        if let index { entries.remove(at: index) }
      } else if let index {
        let value = merged(entries[index].value, entry.value)
        entries[index] = Entry(key: entry.key, keyPlace: entry.keyPlace, value: value)
      } else {
        entries.append(entry)
      }
    }
    return Element(.mapping(entries), at: upper.place)
  }

  /// `element` with every source as that of the device named `name`.
  private static func cited(_ element: Element, _ name: String) -> Element {
    switch element.content {
    case .mapping(let entries):
      let found = entries.map { entry in
        let text = entry.key == "source" ? entry.value.text : nil
        let value =
          text.map { Element(.scalar("as \(name): \($0)", quoted: true), at: entry.value.place) }
          ?? cited(entry.value, name)
        return Entry(key: entry.key, keyPlace: entry.keyPlace, value: value)
      }
      return Element(.mapping(found), at: element.place)
    case .sequence(let elements): return Element(.sequence(elements.map { cited($0, name) }), at: element.place)
    case .null, .scalar: return element
    }
  }
}
