import Foundation

/// Something wrong with a model's config.json.
public struct ConfigFault: Hashable, Sendable, CustomStringConvertible {
  /// The key; empty where the file as a whole is meant.
  public var key: String
  /// What is wrong.
  public var why: String

  /// A fault at `key`.
  public init(key: String, why: String) {
    self.key = key
    self.why = why
  }

  /// Key and reason in one line.
  public var description: String { key.isEmpty ? why : "\(key): \(why)" }
}

/// A config.json that describes no model we can cost: all its faults at once.
public struct ConfigError: Error, Hashable, CustomStringConvertible {
  /// The faults, in the order the keys are read.
  public var faults: [ConfigFault]

  /// One line for each fault.
  public var description: String { faults.map(\.description).joined(separator: "\n") }
}

/// Reads checked fields of a JSON object and gathers what is wrong with them.
struct ConfigReader {
  /// Largest file read.
  static let maxBytes = 1 << 20

  private let fields: [String: JSONValue]
  private(set) var faults: [ConfigFault] = []

  init(_ data: Data) throws(ConfigError) {
    guard data.count <= Self.maxBytes else {
      throw ConfigError(faults: [ConfigFault(key: "", why: "the file exceeds \(Self.maxBytes) bytes")])
    }
    do {
      guard case .object(let fields) = try JSONDecoder().decode(JSONValue.self, from: data) else {
        throw ConfigError(faults: [ConfigFault(key: "", why: "the file holds no JSON object")])
      }
      self.fields = fields
    } catch let error as ConfigError {
      throw error
    } catch {
      throw ConfigError(faults: [ConfigFault(key: "", why: "the file is not JSON")])
    }
  }

  mutating func fault(_ key: String, _ why: String) { faults.append(ConfigFault(key: key, why: why)) }

  /// Throws what has been gathered, if anything.
  func finish() throws(ConfigError) {
    if !faults.isEmpty { throw ConfigError(faults: faults) }
  }

  /// The first of `keys` that is present and not null.
  private func find(_ keys: [String]) -> (key: String, value: JSONValue)? {
    for key in keys {
      if let value = fields[key], value != .null { return (key, value) }
    }
    return nil
  }

  /// A whole number under the first of `keys` that is present, in `range`; a fault where all are absent.
  mutating func integer(_ keys: String..., in range: ClosedRange<Int>) -> Int {
    if let value = optional(keys, in: range) { return value }
    if find(keys) == nil { fault(keys[0], "is missing") }
    return range.lowerBound
  }

  /// A whole number as in ``integer(_:in:)``, or `fallback` where the keys are absent.
  mutating func integer(_ keys: String..., in range: ClosedRange<Int>, default fallback: Int) -> Int {
    optional(keys, in: range) ?? fallback
  }

  /// A whole number, or nil where the key is absent.
  mutating func optionalInteger(_ keys: String..., in range: ClosedRange<Int>) -> Int? { optional(keys, in: range) }

  private mutating func optional(_ keys: [String], in range: ClosedRange<Int>) -> Int? {
    guard let (key, value) = find(keys) else { return nil }
    guard case .integer(let number) = value else {
      fault(key, "must be a whole number, is \(value.shown)")
      return nil
    }
    guard range.contains(number) else {
      fault(key, "must lie in \(range.lowerBound)...\(range.upperBound), is \(number)")
      return nil
    }
    return number
  }

  mutating func bool(_ key: String, default fallback: Bool) -> Bool {
    guard let (_, value) = find([key]) else { return fallback }
    if case .bool(let flag) = value { return flag }
    fault(key, "must be true or false, is \(value.shown)")
    return fallback
  }

  mutating func string(_ key: String) -> String? {
    guard let (_, value) = find([key]) else { return nil }
    if case .string(let text) = value { return text }
    fault(key, "must be text, is \(value.shown)")
    return nil
  }

  /// The first text of a list, as `architectures` has it.
  mutating func firstString(_ key: String) -> String? {
    guard let (_, value) = find([key]) else { return nil }
    if case .array(let items) = value, case .string(let text)? = items.first { return text }
    fault(key, "must be a list of texts, is \(value.shown)")
    return nil
  }
}
