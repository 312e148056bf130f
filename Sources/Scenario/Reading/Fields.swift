import Units

/// Reads the keys of a mapping with units, ranges and defaults, and tells every fault with its place.
///
/// Each key is asked for once by a method that says what it holds; ``finish()`` then reports keys nobody asked for,
/// with the closest name that was. A method that meets a fault adds a diagnostic and returns its default, or nil where
/// there is none, so that reading goes on and all faults of a file are told at once.
public final class Fields {
  /// The keys from the root of the scenario to this mapping: "cluster.pools.decode".
  public let path: String
  /// Where the mapping stands, or what stands in its place.
  public let place: Place
  /// Where diagnostics and settings go.
  public let reading: Reading
  private let entries: [String: Entry]
  private var asked: [String] = []
  /// False where something other than a mapping stands in its place, which is told once.
  public let isMapping: Bool

  /// The fields of `element`: a mapping, or nothing, which is a mapping without keys; else a diagnostic is added.
  public init(_ element: Element, path: String, reading: Reading) {
    self.path = path
    self.place = element.place
    self.reading = reading
    switch element.content {
    case .mapping(let found):
      entries = Dictionary(found.map { ($0.key, $0) }) { first, _ in first }
      isMapping = true
    case .null:
      entries = [:]
      isMapping = true
    default:
      entries = [:]
      isMapping = false
      let name = path.isEmpty ? withArticle(reading.document.rawValue) : "'\(path)'"
      let example = KeyTable.example(at: path, in: reading.document)
      let key = path.split(separator: ".").last.flatMap { $0.allSatisfy(\.isNumber) ? nil : "\($0): " } ?? ""
      reading.diagnostics.error(
        at: element.place, "\(name) is \(element.kind), not a mapping", why: "it holds keys with values",
        fix: "write '\(key){\(example)}'")
    }
  }

  /// Every diagnostic goes here.
  public var diagnostics: Diagnostics { reading.diagnostics }

  /// The keys of the mapping in alphabetical order.
  public var keys: [String] { entries.keys.sorted() }

  /// The path of a key of this mapping.
  public func path(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  /// Whether the mapping has the key with a value; counts as asking for it.
  public func has(_ key: String) -> Bool { element(key) != nil }

  /// The value of a key, or nil where it is absent or nothing.
  public func element(_ key: String) -> Element? { element(key, .anything) }

  /// The value of a key that is to hold what is `expected`, or nil where it is absent or nothing.
  func element(_ key: String, _ expected: KeyRecorder.Expected) -> Element? {
    if !asked.contains(key) { asked.append(key) }
    reading.recorder?.note(reading.document, path(key), expected)
    guard let value = entries[key]?.value, value.content != .null else { return nil }
    return value
  }

  /// The value of a key; a diagnostic where it is absent.
  public func required(_ key: String, example: String) -> Element? {
    if let element = element(key) { return element }
    missing(key, example: example)
    return nil
  }

  /// Where the key stands, or the mapping where it is absent.
  public func place(of key: String) -> Place { entries[key]?.keyPlace ?? place }

  /// Where the value of the key stands, or the mapping where it is absent.
  public func valuePlace(of key: String) -> Place { entries[key]?.value.place ?? place }

  /// Adds the diagnostic that a key is absent, unless no key could be there or a misspelt one is, which is told anyhow.
  public func missing(_ key: String, example: String, because why: String = "it has no default") {
    guard isMapping else { return }
    let known = KeyTable.section(at: path, in: reading.document)?.map(\.name) ?? asked
    guard !keys.contains(where: { !known.contains($0) && nearestWord(to: $0, among: known) == key }) else { return }
    let owner = path.isEmpty ? "the \(reading.document.rawValue)" : "'\(path)'"
    diagnostics.error(
      at: entries[key]?.keyPlace ?? place, "\(owner) has no '\(key)'", why: why,
      fix: "add '\(key): \(example)'")
  }

  /// The fields of a mapping under a key; without keys where it is absent.
  public func fields(_ key: String) -> Fields {
    let element = element(key) ?? Element(.null, at: place(of: key))
    return Fields(element, path: path(key), reading: reading)
  }

  /// The elements of a list under a key with their paths; a single element counts as a list of one.
  public func elements(_ key: String) -> [(element: Element, path: String)] {
    guard let value = element(key) else { return [] }
    guard case .sequence(let elements) = value.content else { return [(value, path(key))] }
    return elements.enumerated().map { ($0.element, path("\(key).\($0.offset)")) }
  }

  /// Reports every key that nobody asked for.
  public func finish() {
    for key in keys where !asked.contains(key) {
      guard let entry = entries[key] else { continue }
      let known = asked.sorted()
      let hint = nearestWord(to: key, among: known).map { "did you mean '\($0)'?" + strange(key) } ?? elsewhere(key)
      let all = known.isEmpty ? "it has no settings" : "its settings are \(known.joined(separator: ", "))"
      let owner = path.isEmpty ? withArticle(reading.document.rawValue) : "'\(path)'"
      diagnostics.error(
        at: entry.keyPlace, "\(owner) has no setting '\(key)'", why: hint == nil ? all : "nothing would read it",
        fix: hint ?? "remove it")
    }
  }

  /// Letters that look like others and are not, as a remark.
  private func strange(_ key: String) -> String {
    let odd = key.unicodeScalars.filter { !$0.isASCII }.map { "U+" + String($0.value, radix: 16, uppercase: true) }
    return odd.isEmpty ? "" : " It is written here with \(wordList(odd.prefix(4).map { $0 }, or: "and"))"
  }

  /// Where a key belongs that is none here; nil where it belongs nowhere.
  private func elsewhere(_ key: String) -> String? {
    let isKnownHere = KeyTable.section(at: path, in: reading.document)?.contains { $0.name == key } ?? false
    guard !isKnownHere else { return "it does not go with the other settings here; remove it or them" }
    let places = KeyTable.owners(of: key, in: reading.document)
    guard !places.isEmpty else { return nil }
    return
      "it is a setting of \(wordList(places.prefix(3).map { $0.isEmpty ? "the \(reading.document.rawValue)" : "'\($0)'" }))"
  }

  /// Notes a value in force for a key.
  public func note(_ key: String, _ value: String, because source: String) {
    let origin = entries[key].map { Setting.Origin.given($0.value.place) } ?? .byDefault(source)
    reading.note(path(key), value, entries[key]?.value.content == .null ? .byDefault(source) : origin)
  }
}
