import Units

/// A key of a document as people should know it: what `medley schema` writes and what a fault can refer to.
///
/// The readers decide what a key means; these tables describe it. A test compares both in either direction, so that a
/// key that a reader asks for and no table has, or the other way round, is a fault of the build.
public struct Key: Sendable {
  /// The key.
  public var name: String
  /// What it holds.
  public var shape: Shape
  /// What it says, in one sentence.
  public var summary: String
  /// Whether a document without it is a fault, whatever else it holds.
  public var isRequired: Bool

  /// A key.
  public init(_ name: String, _ shape: Shape, _ summary: String, isRequired: Bool = false) {
    self.name = name
    self.shape = shape
    self.summary = summary
    self.isRequired = isRequired
  }
}

/// What may stand under a key.
public indirect enum Shape: Sendable {
  /// A number with a unit of a dimension.
  case quantity(DimensionFacts)
  /// A whole number without unit.
  case count(ClosedRange<Int>)
  /// A number without unit.
  case number(ClosedRange<Double>)
  /// `true` or `false`.
  case flag
  /// One of a few words.
  case choice([String])
  /// Any text.
  case text
  /// A text that matches a regular expression.
  case spelled(String)
  /// The name of something; the catalogue or the document says of what.
  case name(Namable)
  /// Two numbers, the lesser first.
  case range
  /// Elements in order; one alone needs no brackets.
  case list(Shape)
  /// A mapping with these keys.
  case section([Key])
  /// A mapping whose keys are names that match a regular expression and are the author's to choose.
  case entries(named: String, Shape)
  /// One of several things by its name, or by its name with settings: `name` or `{name: {key: value}}`.
  case oneOf([Alternative])
  /// Any of several.
  case either([Shape])
  /// A mapping from paths of the scenario to lists of values.
  case axes
  /// Anything; only the reader knows.
  case open

  /// A quantity of a type.
  static func quantity<D: Dimension>(_ type: Quantity<D>.Type) -> Shape { .quantity(D.facts) }
}

/// One of several things that a key may name.
public struct Alternative: Sendable {
  /// The name.
  public var name: String
  /// What it is, in one sentence.
  public var summary: String
  /// Its settings.
  public var shape: Shape

  /// A thing to name with these settings; nil where only its reader knows them.
  public init(_ name: String, _ summary: String, settings: [Key]? = []) {
    self.init(name, summary, settings.map { .section($0) } ?? .open)
  }

  /// A thing to name whose settings are of this shape.
  init(_ name: String, _ summary: String, _ shape: Shape) {
    self.name = name
    self.summary = summary
    self.shape = shape
  }
}

/// What a name may refer to.
public enum Namable: String, CaseIterable, Sendable {
  /// A device of the catalogue, or one beside the scenario.
  case device
  /// A link of the catalogue, or one beside the scenario.
  case link
  /// A tier of the catalogue, or one beside the scenario.
  case tier
  /// A model of the catalogue, or one beside the scenario.
  case model
  /// A published trace, or a file.
  case trace
  /// A pool of the scenario.
  case pool
  /// A variant of the scenario.
  case variant
  /// An operator of the model.
  case `operator`
  /// A file beside the document.
  case file
}

/// A kind of file that Medley reads as YAML.
public enum Document: String, CaseIterable, Sendable {
  /// A scenario.
  case scenario
  /// A device: `devices/NAME.yaml`.
  case device
  /// A link: `links/NAME.yaml`.
  case link
  /// A memory or drive: `tiers/NAME.yaml`.
  case tier
  /// The kernels of a device: `kernels/NAME.yaml`.
  case kernel
}
