import Units

/// The record of a real server that a scenario describes, to be held against it request by request.
public struct MeasuredPlan: Hashable, Sendable {
  /// The name in the scenario.
  public var name: String
  /// The file to read.
  public var path: String
  /// What the rows that count have in these columns.
  public var rows: [String: String]
}

/// Reads `measured: {path: FILE, rows: {COLUMN: TEXT}}`.
struct MeasuredSection {
  let reading: Reading
  let lookup: Lookup

  /// The record under the key `measured`; nil where there is none, or with diagnostics.
  func plan(_ root: Fields) -> MeasuredPlan? {
    guard root.has("measured") else { return nil }
    let fields = root.fields("measured")
    let path = fields.required("path", example: "requests.csv").flatMap { _ in fields.text("path") }
    let columns = fields.fields("rows")
    var rows: [String: String] = [:]
    for name in columns.keys { rows[name] = columns.text(name) }
    columns.finish()
    fields.finish()
    guard let path else { return nil }
    let found = lookup.data(
      path, name: path, hint: "give the path from the scenario's folder or a data root",
      at: fields.valuePlace(of: "path"))
    return found.map { MeasuredPlan(name: path, path: $0.path, rows: rows) }
  }
}
