import Foundation
import Units

/// Reads checked fields of a JSON object and gathers what is wrong with them.
///
/// An object within the file is read by ``within(_:_:)``. Every key that is not asked for must be known not to matter
/// or turn nothing on.
struct ConfigReader {
  /// Largest file read.
  static let maxBytes = 1 << 20
  /// Faults told at once.
  static let maxFaults = 50
  /// Most steps that the patterns of a file may take, a byte of a name in each.
  static let mostPatternSteps = 50_000_000

  private let bytes: [UInt8]
  private var object: Object
  private(set) var faults: [ConfigFault] = []
  private(set) var notes: [ConfigNote] = []
  /// Whether a value is missing or cannot be, so that others need not fit it.
  private(set) var hasBadValues = false
  /// Steps that patterns of names may still take.
  var patternSteps = mostPatternSteps
  /// The configuration class of `transformers` whose defaults hold, for notes.
  var configurationClass = ""

  /// The object that is being read.
  private struct Object {
    var members: [JSONMember]
    var places: [String: Int] = [:]
    /// Before its keys in messages: "text_config.".
    var prefix: String
    var offset: Int
    var asked: [String] = []

    init(_ members: [JSONMember], prefix: String, offset: Int) {
      self.members = members
      self.prefix = prefix
      self.offset = offset
      for (place, member) in members.enumerated() { places[member.key] = place }
    }

    /// The first of `keys` that is present and not null.
    mutating func find(_ keys: [String]) -> JSONMember? {
      for key in keys where !asked.contains(key) { asked.append(key) }
      for key in keys {
        if let place = places[key], members[place].node.value != .null { return members[place] }
      }
      return nil
    }
  }

  init(_ data: Data) throws(ConfigError) {
    bytes = [UInt8](data)
    object = Object([], prefix: "", offset: 0)
    guard data.count <= Self.maxBytes else {
      throw Self.whole("the file exceeds \(Self.maxBytes) bytes", "a config.json is a page of text")
    }
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw Self.whole("the file is not UTF-8", "JSON is UTF-8")
    }
    do {
      let root = try JSONParser.parse(bytes)
      guard case .object(let members) = root.value else {
        throw Self.whole("the file holds no JSON object", "it is \(root.value.shown)")
      }
      object = Object(members, prefix: "", offset: root.offset)
    } catch let error as ConfigError {
      throw error
    } catch let fault as JSONParser.Fault {
      add(at: fault.offset, "the file is not JSON", fault.why, "correct it, or fetch it again")
      throw ConfigError(faults: faults)
    } catch {
      throw Self.whole("the file is not JSON", "\(error)")
    }
  }

  private static func whole(_ what: String, _ why: String) -> ConfigError {
    ConfigError(faults: [
      ConfigFault(line: 0, column: 0, what: what, why: why, fix: "take the config.json of the model's repository")
    ])
  }

  // MARK: Faults and notes

  private mutating func add(at offset: Int, _ what: String, _ why: String, _ fix: String) {
    guard faults.count < Self.maxFaults else { return }
    var line = 1
    var column = 1
    for byte in bytes.prefix(offset) {
      if byte == 0x0A {
        line += 1
        column = 1
      } else if byte & 0xC0 != 0x80 {
        column += 1
      }
    }
    faults.append(ConfigFault(line: line, column: column, what: what, why: why, fix: fix))
  }

  /// A fault at a key's value, or at the object where the key is absent.
  mutating func fault(_ key: String, _ what: String, why: String, fix: String) {
    let offset = object.places[key].map { object.members[$0].node.offset } ?? object.offset
    add(at: offset, what, why, fix)
  }

  /// A fault of a value that others need not fit then.
  mutating func bad(_ key: String, _ what: String, why: String, fix: String) {
    hasBadValues = true
    fault(key, what, why: why, fix: fix)
  }

  /// A fault of the value of a key: "'key' cannot be value".
  mutating func fault(_ key: String, why: String) {
    bad(key, "'\(object.prefix)\(key)' cannot be \(shown(key))", why: why, fix: Self.correct)
  }

  /// The value of a key as a message shows it.
  func shown(_ key: String) -> String {
    object.places[key].map { object.members[$0].node.value.shown } ?? "absent"
  }

  private static let correct = "correct it, or take the config.json of the model's repository"

  /// Notes what is taken for a key that the file leaves out, or left out of the model.
  mutating func note(_ key: String, _ value: String, _ why: String, isDefault: Bool = false) {
    notes.append(ConfigNote(key: object.prefix + key, value: value, why: why, isDefault: isDefault))
  }

  /// Throws what has been gathered, if anything.
  func finish() throws(ConfigError) {
    if !faults.isEmpty { throw ConfigError(faults: faults) }
  }

  // MARK: Objects

  /// The object's own name: "quantization_config".
  var path: String { String(object.prefix.dropLast()) }

  /// Whether the object has no key.
  var isEmpty: Bool { object.members.isEmpty }

  /// Whether the key is present, be it null.
  mutating func isPresent(_ key: String) -> Bool {
    _ = object.find([key])
    return object.places[key] != nil
  }

  /// Reads the object under `key`, closing it with ``close(_:)``; nil where the key is absent.
  mutating func within<Value>(
    _ key: String, _ family: String, _ read: (inout ConfigReader) -> Value
  ) -> Value? {
    guard let member = object.find([key]) else { return nil }
    guard case .object(let members) = member.node.value else {
      fault(key, why: "it is an object of settings")
      return nil
    }
    let outer = object
    object = Object(members, prefix: "\(outer.prefix)\(key).", offset: member.node.offset)
    let value = read(&self)
    close(family)
    object = outer
    return value
  }

  /// Reads each object of the list under `key`, closing it with ``close(_:)``; nil where the key is absent.
  mutating func withinEach<Value>(
    _ key: String, _ family: String, most: Int, _ read: (inout ConfigReader) -> Value
  ) -> [Value]? {
    guard let member = object.find([key]) else { return nil }
    guard case .array(let nodes) = member.node.value, nodes.count <= most else {
      fault(key, why: "it is a list of at most \(most) objects")
      return nil
    }
    let outer = object
    defer { object = outer }
    return nodes.enumerated().compactMap { index, node in
      guard case .object(let members) = node.value else {
        add(at: node.offset, "'\(key)' holds \(node.value.shown)", "it is a list of objects", Self.correct)
        return nil
      }
      object = Object(members, prefix: "\(outer.prefix)\(key).\(index).", offset: node.offset)
      let value = read(&self)
      close(family)
      return value
    }
  }

  /// Reads each object under the object `key`, whatever its name, closing it with ``close(_:)``; nil where the key is
  /// absent.
  mutating func withinMembers<Value>(
    _ key: String, _ family: String, _ read: (inout ConfigReader) -> Value
  ) -> [Value]? {
    within(key, family) { reader in
      reader.object.members.map(\.key).compactMap { reader.within($0, family, read) }
    }
  }

  /// Refuses keys of the object that were not asked for and could matter to a model of `family`.
  mutating func close(_ family: String) {
    let known = object.asked.sorted()
    for member in object.members {
      let key = member.key
      guard !known.contains(key), !IrrelevantKeys.contains(key), !member.node.value.isOff else { continue }
      add(
        at: member.offset, "'\(object.prefix)\(key)' is not understood in a model of family '\(family)'",
        "it could change what is computed; understood are \(known.joined(separator: ", "))",
        nearestWord(to: key, among: known).map { "did you mean '\($0)'?" }
          ?? "remove it if it changes neither shapes nor layers")
    }
  }

  /// Takes all keys of the object as understood, once it is known to describe nothing.
  mutating func ignoreRest() { object.asked += object.members.map(\.key) }

  /// Takes keys as understood whatever they say.
  mutating func ignore(_ keys: String...) { _ = object.find(keys) }

  // MARK: Values

  /// A whole number under the first of `keys` that is present, in `range`.
  ///
  /// Where all are absent it is `fallback`, which is noted as the default of the configuration class, and without one
  /// a fault.
  mutating func integer(_ keys: String..., in range: ClosedRange<Int>, default fallback: Int? = nil) -> Int {
    if let value = number(keys, in: range) { return value }
    if object.find(keys) != nil { return range.lowerBound }
    guard let fallback else {
      hasBadValues = true
      fault(
        keys[0], "'\(object.prefix)\(keys[0])' is missing", why: "the shapes follow from it",
        fix: "add it; it is a whole number")
      return range.lowerBound
    }
    note(keys[0], "\(fallback)", configurationClass, isDefault: true)
    return fallback
  }

  /// A whole number that follows from others where it is absent.
  mutating func integer(_ keys: String..., in range: ClosedRange<Int>, else other: Int) -> Int {
    number(keys, in: range) ?? other
  }

  /// A whole number, or nil where the key is absent.
  mutating func optionalInteger(_ keys: String..., in range: ClosedRange<Int>) -> Int? { number(keys, in: range) }

  private mutating func number(_ keys: [String], in range: ClosedRange<Int>) -> Int? {
    guard let member = object.find(keys) else { return nil }
    guard case .integer(let number) = member.node.value else {
      fault(member.key, why: "it is a whole number")
      return nil
    }
    guard range.contains(number) else {
      fault(member.key, why: "it must lie in \(range.lowerBound)...\(range.upperBound)")
      return nil
    }
    return number
  }

  /// true or false, `fallback` where the key is absent.
  mutating func bool(_ keys: String..., default fallback: Bool) -> Bool {
    guard let member = object.find(keys) else { return fallback }
    if case .bool(let flag) = member.node.value { return flag }
    fault(member.key, why: "it is true or false")
    return fallback
  }

  /// A text; nil where the key is absent.
  mutating func string(_ keys: String...) -> String? {
    guard let member = object.find(keys) else { return nil }
    if case .string(let text) = member.node.value { return text }
    fault(member.key, why: "it is a text")
    return nil
  }

  /// Whether the key's value is this text.
  mutating func isText(_ text: String, _ key: String) -> Bool { object.find([key])?.node.value == .string(text) }

  /// A list of texts; nil where the key is absent.
  mutating func strings(_ key: String) -> [String]? {
    list(key, "a list of texts") { if case .string(let text) = $0 { text } else { nil } }
  }

  /// The texts of a list of texts, or of lists of them; nil where the key is absent.
  mutating func nestedStrings(_ key: String) -> [String]? {
    list(key, "a list of texts, or of lists of texts") { value -> [String]? in
      if case .string(let text) = value { return [text] }
      guard case .array(let nodes) = value else { return nil }
      let texts = nodes.compactMap { if case .string(let text) = $0.value { text } else { nil } }
      return texts.count == nodes.count ? texts : nil
    }?.flatMap(\.self)
  }

  /// A list of whole numbers in `range`; nil where the key is absent.
  mutating func integers(_ key: String, in range: ClosedRange<Int>) -> [Int]? {
    list(key, "a list of whole numbers in \(range.lowerBound)...\(range.upperBound)") {
      if case .integer(let number) = $0, range.contains(number) { number } else { nil }
    }
  }

  private mutating func list<Value>(_ key: String, _ what: String, _ item: (JSONValue) -> Value?) -> [Value]? {
    guard let member = object.find([key]) else { return nil }
    if case .array(let nodes) = member.node.value {
      let values = nodes.compactMap { item($0.value) }
      if values.count == nodes.count { return values }
    }
    fault(member.key, why: "it is \(what)")
    return nil
  }
}
