/// Something wrong with a model's config.json.
public struct ConfigFault: Error, Hashable, Sendable, CustomStringConvertible {
  /// Line, from 1; 0 where the file as a whole is meant.
  public var line: Int
  /// Column in Unicode scalars, from 1; 0 where the file as a whole is meant.
  public var column: Int
  /// What is wrong: "'hidden_size' cannot be -1".
  public var what: String
  /// Why that is wrong.
  public var why: String
  /// How to mend it.
  public var fix: String

  /// "3:5: what: why" in one line.
  public var description: String { (line > 0 ? "\(line):\(column): " : "") + "\(what): \(why)" }
}

/// A config.json that describes no model we can cost: all its faults at once.
public struct ConfigError: Error, Hashable, CustomStringConvertible {
  /// The faults, in the order the keys are read.
  public var faults: [ConfigFault]

  /// One line for each fault.
  public var description: String { faults.map(\.description).joined(separator: "\n") }
}

/// Something that a config.json leaves open, or that is left out of the model, and what is taken instead.
public struct ConfigNote: Hashable, Sendable {
  /// The key: "head_dim".
  public var key: String
  /// The value in force, or the one that is left out.
  public var value: String
  /// Who would have chosen it, or what is done about it.
  public var why: String
  /// Whether the value is the default of the family's configuration class.
  public var isDefault: Bool
}
