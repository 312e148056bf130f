import Units

/// A published result that a scenario is to be compared with.
public struct Claim: Hashable, Sendable {
  /// How far a published figure can be trusted: where it was read.
  public enum Mark: String, CaseIterable, Hashable, Sendable {
    /// The abstract.
    case abstract = "A"
    /// The full text of the paper.
    case paper = "P"
    /// A file of the public artifact.
    case file = "F"
    /// Documentation or blog of the project.
    case documentation = "D"
    /// A third party's summary, unverified.
    case note = "N"
    /// Recalled, unverified.
    case recalled = "R"
  }

  /// What is measured.
  public var metric: String
  /// The variant it is measured on.
  public var of: String
  /// The variant it is divided by; nil for an absolute figure.
  public var over: String?
  /// The published figure.
  public var published: Double
  /// Where it was read.
  public var mark: Mark
  /// The figures that count as reproduced; nil where it is only printed beside ours.
  public var within: ClosedRange<Double>?
  /// The citation.
  public var source: String
  /// Where the claim stands.
  public var place: Place

  /// The metrics that claims may name: figures of the whole cluster that every run has, and `max-rate`, the highest
  /// rate within the SLO, which a search for capacity finds.
  public static let metrics: [String] =
    ["ttft", "tpot", "itl", "e2e", "queueing"].flatMap { metric in
      ["mean", "p50", "p90", "p95", "p99", "p99.9", "max"].map { "\(metric)-\($0)" }
    } + [
      "attainment", "average-power", "cost", "cost-per-million-output-tokens", "cost-per-million-tokens", "duration",
      "energy", "energy-per-output-token", "goodput", "latency-share-queue", "latency-share-transfer", "max-rate",
      "output-token-rate", "peak-power", "preemptions", "price", "rejected", "request-rate", "token-rate",
    ]

  /// The claims under the key `claims`, those without faults.
  static func read(_ root: Fields, variants: [String]) -> [Claim] {
    root.elements("claims").compactMap { element, path in
      read(Fields(element, path: path, reading: root.reading), variants: variants)
    }
  }

  private static func read(_ fields: Fields, variants: [String]) -> Claim? {
    func required(_ key: String, _ example: String) { if !fields.has(key) { fields.missing(key, example: example) } }
    required("metric", "goodput")
    required("of", variants.first ?? "variant")
    required("published", "1.4")
    required("mark", "A")
    required("source", "\"where it was read\"")
    let metric = fields.choice("metric", of: metrics.sorted())
    if variants.isEmpty, fields.has("of") {
      fields.diagnostics.error(
        at: fields.valuePlace(of: "of"), "the scenario has no variants", why: "a claim is about a variant",
        fix: "add 'variants: {\(fields.element("of")?.text ?? "NAME"): {}}'")
      for key in ["metric", "over", "published", "mark", "source", "within"] { _ = fields.element(key) }
      fields.finish()
      return nil
    }
    let of = fields.choice("of", of: variants)
    let over = fields.choice("over", of: variants)
    let published = fields.number("published", in: -1e15...1e15)
    let mark = fields.choice("mark", of: Mark.allCases.map(\.rawValue)).flatMap(Mark.init(rawValue:))
    let source = fields.text("source")
    let within = within(fields)
    fields.finish()
    guard let metric, let of, let published, let mark, let source else { return nil }
    return Claim(
      metric: metric, of: of, over: over, published: published, mark: mark, within: within, source: source,
      place: fields.place)
  }

  private static func within(_ fields: Fields) -> ClosedRange<Double>? {
    guard let element = fields.element("within") else { return nil }
    if case .sequence(let bounds) = element.content, bounds.count == 2,
      let low = bounds[0].text.flatMap(Double.init), let high = bounds[1].text.flatMap(Double.init), low.isFinite,
      high.isFinite, low <= high
    {
      return low...high
    }
    fields.diagnostics.error(
      at: element.place, "'within' is no range", why: "it is two numbers, the lesser first",
      fix: "write 'within: [1.12, 1.68]'")
    return nil
  }
}
