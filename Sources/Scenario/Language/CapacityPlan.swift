import Units

/// The rates at which `medley capacity` looks for the highest within the SLO.
public struct CapacityPlan: Hashable, Sendable {
  /// The lowest rate, above 0.
  public var lowest: Rate
  /// The highest rate, not below the lowest.
  public var highest: Rate
  /// The distance between two rates, above 0; nil to bisect between real rates.
  public var step: Rate?
  /// Where the plan stands.
  public var place: Place

  /// Most rates of a plan.
  public static let limit = 10_000.0

  /// The plan under the key `capacity`; nil where there is none, or with diagnostics.
  static func read(_ root: Fields) -> CapacityPlan? {
    guard root.has("capacity") else { return nil }
    let fields = root.fields("capacity")
    let range = Rate(1e-6)...Rate(1e9)
    let lowest = fields.required("from", Rate.self, in: range)
    let highest = fields.required("to", Rate.self, in: range)
    let step = fields.quantity("step", Rate.self, in: range)
    fields.finish()
    guard let lowest, let highest else { return nil }
    guard lowest <= highest, step.map({ (highest - lowest) / $0 <= limit }) ?? true else {
      fields.diagnostics.error(
        at: fields.valuePlace(of: "to"), "the rates from \(lowest.text) to \(highest.text) are no grid",
        why: "they go upwards in at most \(Int(limit)) steps",
        fix: "write 'capacity: {from: 10 /s, to: 250 /s, step: 10 /s}'")
      return nil
    }
    return CapacityPlan(lowest: lowest, highest: highest, step: step, place: fields.place)
  }
}
