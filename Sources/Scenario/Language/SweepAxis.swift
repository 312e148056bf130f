import Units

/// One axis of a sweep: a path of the scenario and the values it takes.
public struct SweepAxis: Hashable, Sendable {
  /// Most values of an axis.
  public static let limit = 10_000
  /// Most axes of a sweep.
  public static let axisLimit = 16

  /// The path from the root: "workload.rate-scale".
  public var path: String
  /// The values in order, as overrides of the path.
  public var values: [Override]

  /// The values as the file spells them.
  public var labels: [String] { values.map { $0.value.spelled } }

  /// The axes under the key `sweep`, in alphabetical order of their paths.
  static func read(_ root: Fields) -> [SweepAxis] {
    guard root.has("sweep") else { return [] }
    let fields = root.fields("sweep")
    if fields.keys.count > axisLimit {
      root.diagnostics.error(
        at: fields.place, "the sweep has \(fields.keys.count) axes", why: "it has at most \(axisLimit)",
        fix: "sweep what matters")
    }
    return fields.keys.compactMap { key in
      guard let element = fields.element(key) else { return nil }
      let place = fields.place(of: key)
      let path = key.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
      guard !path.contains(""), path.count <= 24, let first = path.first, variantKeys.contains(first) else {
        root.diagnostics.error(
          at: place, "'\(key)' is no path of a scenario",
          why: "a path begins with one of \(wordList(variantKeys)) and has dots between its keys",
          fix: "write 'workload.rate-scale: [1, 2, 4]'")
        return nil
      }
      if case .sequence(let values) = element.content, values.count > limit {
        root.diagnostics.error(
          at: element.place, "'\(key)' takes \(values.count) values", why: "an axis has at most \(limit)",
          fix: "take fewer, further apart")
        return nil
      }
      guard case .sequence(let values) = element.content, !values.isEmpty else {
        root.diagnostics.error(
          at: element.place, "'\(key)' has no list of values to take",
          why: "a sweep runs 1 to \(limit) values of a path",
          fix: "write '\(key): [1, 2, 4]'")
        return nil
      }
      return SweepAxis(path: key, values: values.map { Override(path: path, value: $0, place: place) })
    }
  }
}

/// The keys that variants, sweeps and `--set` may change.
let variantKeys = ["cluster", "measured", "model", "policy", "seed", "slo", "workload"]

extension Element {
  /// The element in one line, keys sorted, as YAML spells it.
  var spelled: String {
    switch content {
    case .null: "~"
    case .scalar(let text, _): text
    case .sequence(let elements): "[" + elements.map(\.spelled).joined(separator: ", ") + "]"
    case .mapping(let entries):
      "{" + entries.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.spelled)" }.joined(separator: ", ") + "}"
    }
  }
}
