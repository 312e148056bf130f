/// What a file may be at most, so that no input costs more than it is worth; every limit has a diagnostic.
public struct Limits: Hashable, Sendable {
  /// Bytes of a scenario, device, link or model file.
  public var fileBytes = 1 << 20
  /// Mappings and sequences inside each other.
  public var nesting = 24
  /// Scalars, sequences and mappings of a file.
  public var elements = 100_000
  /// Scalars of Unicode in one text.
  public var scalarLength = 10_000
  /// Files that extend one another.
  public var extends = 4

  /// The limits that hold unless a caller says otherwise.
  public init() {}
}
