import Report
import Scenario
import Units

/// Turns tables of keys into JSON Schema, draft 7 (json-schema.org/draft-07).
///
/// Texts stand for themselves as YAML's core schema reads them: what looks like a number is one, so that a quantity
/// without its unit is no string and fails. A key may hold nothing, which is the same as its absence.
struct SchemaJSON {
  /// Names to propose; others may be written.
  var names: [Namable: [String]] = [:]
  /// The keys at the root of the document; a mapping of some of them, as a variant is, refers to them.
  private var roots: [String] = []

  /// A writer that proposes these names.
  init(names: [Namable: [String]] = [:]) { self.names = names }

  /// Whether keys may be left to what the document is laid over.
  private enum Mode {
    /// A whole: required keys are there.
    case whole
    /// Something that is laid over something else, or under it.
    case part
  }

  /// The schema of a kind of document.
  func document(_ document: Document, _ keys: [Key]) -> JSON {
    var writer = self
    writer.roots = keys.map(\.name)
    return writer.root(document, keys)
  }

  private func root(_ document: Document, _ keys: [Key]) -> JSON {
    var members: [JSON.Member] = [
      .init("$schema", "http://json-schema.org/draft-07/schema#"),
      .init("title", .string("Medley \(document.rawValue)")),
    ]
    // A scenario that extends another has its settings, and variants may give what the root leaves out; a device that
    // is like another has its numbers.
    let elsewhere: [Document: [String]] = [.scenario: ["extends", "variants"], .device: ["like"]]
    members += object(keys, elsewhere[document] == nil ? .whole : .part, isRoot: true)
    if let elsewhere = elsewhere[document] {
      let given = elsewhere.map { JSON.object([.init("required", [.string($0)])]) }
      members += [
        .init("if", .object([.init("anyOf", .array(given))])), .init("then", true),
        .init("else", .object(document == .device ? requirements(keys) : [.init("required", required(keys))])),
      ]
    }
    return .object(members)
  }

  /// What must be there of `keys` and of the sections under them.
  private func requirements(_ keys: [Key]) -> [JSON.Member] {
    let sections = keys.compactMap { key -> JSON.Member? in
      guard case .section(let inner) = key.shape, inner.contains(where: \.isRequired) else { return nil }
      return .init(key.name, .object(requirements(inner)))
    }
    return [.init("required", required(keys)), .init("properties", .object(sections))]
  }

  private func required(_ keys: [Key]) -> JSON { .array(keys.filter(\.isRequired).map { .string($0.name) }) }

  private func object(_ keys: [Key], _ mode: Mode, isRoot: Bool = false) -> [JSON.Member] {
    // A number and its source are given together, whatever they are laid over.
    let mode = keys.contains { $0.name == "source" } ? .whole : mode
    let isPartOfRoot = !isRoot && keys.count > 1 && keys.allSatisfy { roots.contains($0.name) }
    let properties = keys.map { key in
      let reference = JSON.object([.init("$ref", .string("#/properties/\(key.name)"))])
      return JSON.Member(key.name, isPartOfRoot ? reference : property(key, mode))
    }
    var members: [JSON.Member] = [
      .init("type", "object"), .init("properties", .object(properties)),
      .init("additionalProperties", false),
    ]
    if mode == .whole, keys.contains(where: \.isRequired) { members.append(.init("required", required(keys))) }
    return members
  }

  private func property(_ key: Key, _ mode: Mode) -> JSON {
    let isNullable = mode == .part || !key.isRequired
    let alternatives = alternatives(key.shape, mode)
    let description = JSON.Member("description", .string("\(key.summary)\(hint(key.shape))"))
    return Self.any(of: isNullable ? Self.orNothing(alternatives) : alternatives, [description])
  }

  /// The alternatives and nothing; one of several texts takes it in.
  private static func orNothing(_ alternatives: [[JSON.Member]]) -> [[JSON.Member]] {
    guard let last = alternatives.last, let index = last.firstIndex(where: { $0.key == "type" }) else {
      return alternatives == [[]] ? alternatives : alternatives + [[.init("type", "null")]]
    }
    var widened = last
    switch last[index].value {
    case .array(let types): widened[index].value = .array(types + ["null"])
    case let type: widened[index].value = .array([type, "null"])
    }
    return alternatives.dropLast() + [widened]
  }

  /// What a shape may be, each as the members of a schema.
  private func alternatives(_ shape: Shape, _ mode: Mode) -> [[JSON.Member]] {
    switch shape {
    case .quantity(let facts): return [[.init("type", "string"), .init("pattern", .string(Self.pattern(facts)))]]
    case .count(let range):
      return [
        [
          .init("type", "integer"), .init("minimum", .integer(range.lowerBound)),
          .init("maximum", .integer(range.upperBound)),
        ]
      ]
    case .number(let range):
      return [
        [
          .init("type", "number"), .init("minimum", .number(range.lowerBound)),
          .init("maximum", .number(range.upperBound)),
        ]
      ]
    case .flag: return [[.init("type", "boolean")]]
    case .choice(let words): return [[.init("enum", .array(words.map { .string($0) }))]]
    case .text: return [Self.text]
    case .spelled(let pattern): return [[.init("type", "string"), .init("pattern", .string(pattern))]]
    case .name(let kind):
      guard let known = names[kind], !known.isEmpty else { return [Self.text] }
      return [[.init("enum", .array(known.map { .string($0) }))], Self.text]
    case .range:
      return [
        [
          .init("type", "array"), .init("items", .object([.init("type", "number")])), .init("minItems", 2),
          .init("maxItems", 2),
        ]
      ]
    case .list(let element):
      // A list replaces another as a whole, so that its elements are whole.
      let one = alternatives(element, .whole)
      return [[.init("type", "array"), .init("items", Self.any(of: one))]] + one
    case .section(let keys): return [object(keys, mode)]
    case .entries(let name, let value):
      let names = name.isEmpty ? [] : [JSON.Member("propertyNames", .object([.init("pattern", .string(name))]))]
      let values = mode == .part ? Self.orNothing(alternatives(value, mode)) : alternatives(value, mode)
      return [[.init("type", "object"), .init("additionalProperties", Self.any(of: values))] + names]
    case .oneOf(let options):
      let settings = options.map { option in
        JSON.Member(option.name, property(Key(option.name, option.shape, option.summary), mode))
      }
      return [
        [.init("enum", .array(options.map { .string($0.name) }))],
        [
          .init("type", "object"), .init("properties", .object(settings)), .init("additionalProperties", false),
          .init("minProperties", 1), .init("maxProperties", 1),
        ],
      ]
    case .either(let shapes): return shapes.flatMap { alternatives($0, mode) }
    case .axes:
      let values = JSON.object([
        .init("type", "array"), .init("minItems", 1), .init("maxItems", .integer(SweepAxis.limit)),
      ])
      return [[.init("type", "object"), .init("additionalProperties", values)]]
    case .open: return [[]]
    }
  }

  private static let text: [JSON.Member] = [.init("type", ["string", "number", "boolean"])]

  private static func any(of alternatives: [[JSON.Member]], _ more: [JSON.Member] = []) -> JSON {
    guard alternatives.count > 1 else { return .object(more + (alternatives.first ?? [])) }
    return .object(more + [.init("anyOf", .array(alternatives.map { .object($0) }))])
  }

  /// How a value is written, for people.
  private func hint(_ shape: Shape) -> String {
    switch shape {
    case .quantity(let facts): " \(withArticle(facts.name).capitalizedFirst), such as \(facts.example)."
    case .either(let shapes): shapes.map(hint).joined()
    default: ""
    }
  }

  /// A regular expression of numbers with a unit of a dimension.
  static func pattern(_ facts: DimensionFacts) -> String {
    let number = #"\+?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?"#
    let units = facts.units.map(\.symbol)
    func choice(_ symbols: [String]) -> String { "(" + symbols.map(escaped).joined(separator: "|") + ")" }
    guard units.allSatisfy({ $0.hasPrefix("$") }) else { return "^ *\(number) *\(choice(units)) *$" }
    let rest = choice(units.map { String($0.dropFirst()) })
    return #"^ *(\$ *\#(number) *\#(rest)|\#(number) *\#(choice(units))) *$"#
  }

  private static func escaped(_ symbol: String) -> String { symbol.replacing("$", with: "\\$") }
}

extension String {
  /// "A time" for "a time".
  fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}

extension JSON: ExpressibleByBooleanLiteral {
  /// A truth.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
}
