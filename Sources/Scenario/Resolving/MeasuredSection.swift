import Units

/// The record of a real server that a scenario describes, to be held against it request by request.
public struct MeasuredPlan: Hashable, Sendable {
  /// The name in the scenario.
  public var name: String
  /// The file to read.
  public var path: String
  /// The rows whose column `device` is this; nil for all.
  public var device: String?
  /// The rows whose column `model` is this; nil for all.
  public var model: String?
}

/// Reads `measured: {path: FILE, device: NAME, model: NAME}`.
struct MeasuredSection {
  let reading: Reading
  let lookup: Lookup

  /// The record under the key `measured`; nil where there is none, or with diagnostics.
  func plan(_ root: Fields) -> MeasuredPlan? {
    guard root.has("measured") else { return nil }
    let fields = root.fields("measured")
    let path = fields.required("path", example: "requests.csv").flatMap { _ in fields.text("path") }
    let (device, model) = (fields.text("device"), fields.text("model"))
    fields.finish()
    guard let path else { return nil }
    let found = lookup.data(
      path, name: path, hint: "give the path from the scenario's folder or a data root",
      at: fields.valuePlace(of: "path"))
    return found.map { MeasuredPlan(name: path, path: $0.path, device: device, model: model) }
  }
}
