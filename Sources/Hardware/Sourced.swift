/// A number and where it comes from.
///
/// The source is a citation a reader can follow, "fit to ..." for fitted values, or "assumed: ..." with the reason.
public struct Sourced<Value: Hashable & Sendable>: Hashable, Sendable {
  /// The number, in the base unit of its dimension.
  public var value: Value
  /// Where it comes from.
  public var source: String

  /// A number with its source.
  public init(_ value: Value, source: String) {
    self.value = value
    self.source = source
  }
}
