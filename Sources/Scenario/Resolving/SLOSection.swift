import Cluster
import Hardware
import Models
import Units

/// Reads `slo: {ttft: 2 s, tpot: {p50: 1.25x, p99: 5x}, attainment: 99 %, reference: {device: a100-sxm, ...}}`.
struct SLOSection {
  let reading: Reading
  let shelf: Shelf
  let model: ServedModel?

  /// The SLO and the engine that its slowdowns are counted against; nils where there are none or on faults.
  func slo(_ root: Fields) -> (slo: SLO?, reference: ReferenceEngine?) {
    guard root.has("slo") else { return (nil, nil) }
    let fields = root.fields("slo")
    let read = clauses(fields)
    let reference = fields.has("reference") ? reference(fields.fields("reference")) : nil
    fields.finish()
    let slo = judged(read, fields)
    if slo?.needsReference ?? false, !fields.has("reference") {
      fields.missing("reference", example: "{device: a100-sxm, tensor-parallel: 8}")
    }
    return (slo, reference)
  }

  /// The SLO of a tenant, whose slowdowns are counted against the reference of the scenario's own; nil on faults.
  func slo(ofTenant fields: Fields, hasReference: Bool) -> SLO? {
    let read = clauses(fields)
    fields.finish()
    let slo = judged(read, fields)
    if slo?.needsReference ?? false, !hasReference {
      fields.diagnostics.error(
        at: fields.place, "'\(fields.path)' bounds slowdowns without a reference",
        why: "all slowdowns are counted against 'slo.reference'",
        fix: "add 'slo: {ttft: 10 s, reference: {device: a100-sxm, tensor-parallel: 8}}' to the scenario")
    }
    return slo
  }

  private func clauses(_ fields: Fields) -> (clauses: [SLOClause], attainment: Double) {
    let attainment =
      fields.quantity(
        "attainment", Fraction.self, in: Fraction(0.001)...Fraction(1), default: Fraction(0.99),
        because: "99 % of requests")?.value ?? 0.99
    let strict = fields.flag("strict", default: false, because: "a value equal to its bound is within it")
    var clauses: [SLOClause] = []
    for metric in SLOMetric.allCases {
      for (scope, bound) in objectives(metric, fields, attainment) {
        clauses.append(SLOClause(metric, scope, bound, isStrict: strict))
      }
    }
    return (clauses, attainment)
  }

  /// The SLO of clauses; nil with diagnostics.
  private func judged(_ read: (clauses: [SLOClause], attainment: Double), _ fields: Fields) -> SLO? {
    if read.clauses.isEmpty, fields.diagnostics.errorCount == 0 {
      fields.diagnostics.error(
        at: fields.place, "the SLO bounds nothing", why: "it has none of ttft, tpot, itl and e2e",
        fix: "add 'ttft: 2 s'")
    }
    do {
      return try SLO(read.clauses, attainment: read.attainment)
    } catch {
      fields.diagnostics.error(
        at: fields.place, "the SLO cannot be judged", why: "\(error)",
        fix: "give times above 0, percentiles from p1 to p100 and ITL as times")
      return nil
    }
  }

  private func objectives(_ metric: SLOMetric, _ fields: Fields, _ attainment: Double)
    -> [(SLOClause.Scope, SLOClause.Bound)]
  {
    let key = metric.rawValue
    guard let element = fields.element(key) else { return [] }
    guard element.entries != nil else {
      guard let bound = bound(element, key, metric, fields) else { return [] }
      // Gaps are judged over all requests together, so that the share asked of requests is asked of gaps.
      return [(metric == .itl ? .percentile(attainment) : .request, bound)]
    }
    let percentiles = fields.fields(key)
    var found: [(SLOClause.Scope, SLOClause.Bound)] = []
    for name in percentiles.keys {
      guard let value = percentiles.element(name) else { continue }
      guard let fraction = percentileShare(name), fraction > 0 else {
        reading.diagnostics.error(
          at: percentiles.place(of: name), "'\(name)' is no percentile", why: "percentiles are p50, p90, p99, p99.9",
          fix: (percentileShare("p\(name)") ?? 0) > 0
            ? "did you mean 'p\(name)'?" : "write '\(key): {p50: 200 ms, p99: 2 s}'")
        continue
      }
      if let bound = bound(value, name, metric, percentiles) {
        found.append((.percentile(fraction), bound))
      }
    }
    return found.sorted { a, b in
      guard case (.percentile(let x), .percentile(let y)) = (a.0, b.0) else { return false }
      return x < y
    }
  }

  private func bound(_ element: Element, _ key: String, _ metric: SLOMetric, _ fields: Fields) -> SLOClause.Bound? {
    if let text = element.text, text.hasSuffix("x") {
      guard metric != .itl else {
        reading.diagnostics.error(
          at: element.place, "ITL cannot be bounded by a slowdown",
          why: "gaps are judged over all requests together, and a slowdown belongs to one request",
          fix: "bound it by a time, or bound tpot")
        return nil
      }
      let range = Slowdown(0.001)...Slowdown(1e6)
      return fields.quantity(key, Slowdown.self, in: range).map { .slowdown($0.value) }
    }
    return fields.quantity(key, Seconds.self, in: Seconds(1e-9)...Seconds(3.9e6)).map { .absolute($0) }
  }

  private func reference(_ fields: Fields) -> ReferenceEngine? {
    let layout = LayoutSection(fields: fields).layout()
    let name = fields.required("device", example: "a100-sxm").flatMap { _ in fields.text("device") }
    let device = name.flatMap { shelf.device($0, at: fields.valuePlace(of: "device")) }
    fields.finish()
    guard let name, let device, let model else { return nil }
    var plan = MemoryPlan()
    // The reference serves one request at a time; its cache is never the limit.
    plan.maxSequences = 1
    let build = EngineBuild(
      model: model, layout: layout, device: device, stageLink: nil, plan: plan,
      derivesGroups: !fields.has("data-parallel-attention"))
    return build.engine(pool: "slo.reference", deviceName: name, fields).map {
      ReferenceEngine(deviceName: name, engine: $0)
    }
  }
}

/// The share that a percentile stands for, from 0 to 1: 0.999 for "p99.9"; nil where the name is none.
func percentileShare(_ name: String) -> Double? {
  guard name.first == "p", name.dropFirst().allSatisfy({ $0.isNumber || $0 == "." }),
    let share = Double("\(name.dropFirst())e-2"), share <= 1
  else { return nil }
  return share
}
