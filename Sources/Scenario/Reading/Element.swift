import Units

/// A piece of a scenario file: a scalar, a sequence or a mapping, with its place.
///
/// Pure data: anchors, tags and types of YAML are gone, scalars are the text that stands in the file.
public struct Element: Hashable, Sendable {
  /// What the piece is.
  public indirect enum Content: Hashable, Sendable {
    /// Nothing: an empty value, `null` or `~`.
    case null
    /// A text; whether it stood in quotes.
    case scalar(String, quoted: Bool)
    /// Elements in order.
    case sequence([Element])
    /// Entries in the order of the file; no key twice.
    case mapping([Entry])
  }

  /// What it is.
  public var content: Content
  /// Where it begins.
  public var place: Place

  /// An element.
  public init(_ content: Content, at place: Place) {
    self.content = content
    self.place = place
  }

  /// "a text", "a list", "a mapping" or "nothing", as diagnostics say it.
  var kind: String {
    switch content {
    case .null: "nothing"
    case .scalar: "a text"
    case .sequence: "a list"
    case .mapping: "a mapping"
    }
  }

  /// The entries of a mapping, else nil.
  var entries: [Entry]? {
    guard case .mapping(let entries) = content else { return nil }
    return entries
  }

  /// The text of a scalar, else nil.
  var text: String? {
    guard case .scalar(let text, _) = content else { return nil }
    return text
  }

  /// A mapping with the keys among `keys` only; anything else is a mapping without keys.
  func only(_ keys: [String]) -> Element {
    Element(.mapping((entries ?? []).filter { keys.contains($0.key) }), at: place)
  }

  /// The value of a key of a mapping, if it is one and has it.
  subscript(key: String) -> Element? { entries?.first { $0.key == key }?.value }
}

/// A key of a mapping and its value.
public struct Entry: Hashable, Sendable {
  /// The key.
  public var key: String
  /// Where the key stands.
  public var keyPlace: Place
  /// The value.
  public var value: Element

  /// An entry.
  public init(key: String, keyPlace: Place, value: Element) {
    self.key = key
    self.keyPlace = keyPlace
    self.value = value
  }
}
