/// A row of a table by the names of its columns.
public struct KernelRow: Sendable {
  /// A field that cannot be used.
  public struct Fault: Error, Hashable, Sendable {
    /// The column.
    public var column: String
    /// What is wrong.
    public var why: String

    /// A fault.
    public init(column: String, why: String) {
      self.column = column
      self.why = why
    }
  }

  private let columns: [String: Int]
  private let fields: [String]

  /// A row whose field at `columns[name]` is that of a column.
  public init(columns: [String: Int], fields: [String]) {
    self.columns = columns
    self.fields = fields
  }

  /// The text of a column; nil where there is no such column or it is empty.
  public func text(_ column: String) -> String? {
    guard let index = columns[column], index < fields.count, !fields[index].isEmpty else { return nil }
    return fields[index]
  }

  /// A number of a column, from 0 to 1e15.
  public func number(_ column: String) throws(Fault) -> Double {
    guard let text = text(column) else { throw Fault(column: column, why: "there is no '\(column)'") }
    guard let value = Double(text), (0...1e15).contains(value) else {
      throw Fault(column: column, why: "'\(text.prefix(40))' is no number from 0 on")
    }
    return value
  }

  /// A number above 0.
  public func count(_ column: String) throws(Fault) -> Double {
    let value = try number(column)
    guard value > 0 else { throw Fault(column: column, why: "'\(column)' must be above 0") }
    return value
  }
}
