import Units

extension Claim {
  /// The claims under the key `claims`, those without faults.
  static func read(_ root: Fields, variants: [String]) -> [Claim] {
    let claims = root.elements("claims").compactMap { element, path in
      read(Fields(element, path: path, reading: root.reading), variants: variants)
    }
    var seen: Set<String> = []
    for claim in claims {
      guard let name = claim.name, !seen.insert(name).inserted else { continue }
      root.diagnostics.error(
        at: claim.place, "two claims are named '\(name)'", why: "parameters that are fitted to one name it",
        fix: "give one of them another name")
    }
    return claims
  }

  private static func read(_ fields: Fields, variants: [String]) -> Claim? {
    func required(_ key: String, _ example: String) { if !fields.has(key) { fields.missing(key, example: example) } }
    required("metric", "goodput")
    required("of", variants.first ?? "variant")
    if variants.isEmpty, fields.has("of") {
      fields.diagnostics.error(
        at: fields.valuePlace(of: "of"), "the scenario has no variants", why: "a claim is about a variant",
        fix: "add 'variants: {\(fields.element("of")?.text ?? "NAME"): {}}'")
      for key in keys { _ = fields.element(key) }
      fields.finish()
      return nil
    }
    let errors = fields.diagnostics.errorCount
    let reader = ClaimReader(fields: fields, variants: variants)
    let measures = reader.measures()
    let of = reader.names("of")
    let over = reader.names("over")
    let comparison = reader.comparison(of: of, over: over)
    let taking = reader.taking(of: of)
    let at = reader.places(taking, of: of)
    reader.checkCounts(of: of, over: over, comparison, taking)
    let level = reader.level(taking)
    let published = reader.published(bound: taking == .rising || taking == .falling)
    let within = reader.accepted(published?.value, taking)
    let also = reader.others()
    let (name, says, reason) = (fields.text("name"), fields.text("says"), fields.text("reason"))
    fields.finish()
    guard fields.diagnostics.errorCount == errors, let measures, let published else { return nil }
    return Claim(
      name: name, says: says ?? "", measure: measures.of, overMeasure: measures.over, of: of, over: over,
      comparison: comparison, taking: taking, at: at, level: level, published: published, also: also, within: within,
      reason: reason ?? "", place: fields.place)
  }

  /// Every key of a claim.
  private static let keys = [
    "also", "as", "at", "at-least", "at-most", "level", "mark", "metric", "name", "of", "over", "over-pool", "path",
    "per", "pool", "published", "reason", "says", "source", "take", "tenant", "times", "within",
  ]
}

/// Reads the parts of a claim.
struct ClaimReader {
  let fields: Fields
  let variants: [String]

  private func fault(_ key: String, _ what: String, why: String, fix: String) {
    fields.diagnostics.error(at: fields.valuePlace(of: key), what, why: why, fix: fix)
  }

  /// What is measured on the variants and on those that they are compared with.
  func measures() -> (of: Claim.Measure, over: Claim.Measure)? {
    let scopes = ["pool", "path", "tenant"].filter { fields.has($0) }
    if scopes.count > 1 {
      fault(
        scopes[1], "the figure is of a \(scopes[0]) and of a \(scopes[1])",
        why: "it is of one of them, or of the cluster",
        fix: "remove one")
    }
    let scope = scopes.first.flatMap { key in fields.text(key).map { "\(key) \($0)" } }
    let other = fields.text("over-pool").map { "pool \($0)" }
    if other != nil, scope == nil || !fields.has("over") {
      fault(
        "over-pool", "'over-pool' has nothing to differ from", why: "it is the pool of 'over' where that is not 'pool'",
        fix: "add 'pool' and 'over', or remove it")
    }
    let (per, times) = (fields.text("per"), fields.text("times"))
    guard
      let metric = scope == nil ? fields.choice("metric", of: Claim.metrics.sorted()) : fields.text("metric")
    else { return nil }
    return (
      Claim.Measure(metric: metric, scope: scope, per: per, times: times),
      Claim.Measure(metric: metric, scope: other ?? scope, per: per, times: times)
    )
  }

  /// The variants that a key names: one, or several in a list.
  func names(_ key: String) -> [String] {
    fields.elements(key).compactMap { element, path in
      guard let text = element.text else {
        fields.diagnostics.error(
          at: element.place, "'\(path)' is \(element.kind), not a variant", why: "it is one name, or a list of names",
          fix: "write '\(key): \(variants.first ?? "NAME")'")
        return nil
      }
      guard variants.contains(text) else {
        fields.diagnostics.error(
          at: element.place, "'\(path)' cannot be '\(text)'", why: "it is one of \(wordList(variants))",
          fix: didYouMean(text, among: variants, else: "choose one of them"))
        return nil
      }
      return text
    }
  }

  func comparison(of: [String], over: [String]) -> Claim.Comparison? {
    let given = fields.choice("as", of: Claim.Comparison.allCases.map(\.rawValue))
    if given != nil, !fields.has("over") {
      fault(
        "as", "a figure alone is no \(given ?? "")", why: "'as' says how it is compared with that of 'over'",
        fix: "add 'over', or remove 'as'")
    }
    guard fields.has("over") else { return nil }
    let comparison = given.flatMap(Claim.Comparison.init(rawValue:)) ?? .ratio
    if comparison == .recovery, of.count != 1 || over.count != 2 {
      fault(
        "over", "a recovery is of \(of.count) over \(over.count)",
        why: "one variant closes a part of the gap from the first to the second of two others",
        fix: "write 'of: fused, over: [slow, fast], as: recovery'")
    }
    return comparison
  }

  func taking(of: [String]) -> Claim.Taking? {
    let taking = fields.choice("take", of: Claim.Taking.allCases.map(\.rawValue)).flatMap(Claim.Taking.init)
    if taking == nil, of.count > 1, !fields.has("take") {
      fault(
        "of", "the claim is about \(of.count) variants", why: "one number is compared with the published one",
        fix: "say what is taken of them: 'take: mean', 'take: least', 'take: rising' ...")
    }
    if let taking, of.count < taking.fewest, !of.isEmpty {
      fault(
        "take", "'\(taking.rawValue)' of \(of.count) \(of.count == 1 ? "variant" : "variants")",
        why: "it takes \(taking.fewest) at least", fix: "name more in 'of', or remove 'take'")
    }
    return taking
  }

  func places(_ taking: Claim.Taking?, of: [String]) -> [Double] {
    let listed = fields.elements("at")
    let numbers = listed.compactMap { element, _ in element.text.flatMap(Double.init) }.filter(\.isFinite)
    guard taking?.needsPlaces ?? false else {
      if fields.has("at") {
        fault(
          "at", "nothing needs the numbers of 'at'", why: "only linear, crossing, highest-at and lowest-at use them",
          fix: "remove it")
      }
      return []
    }
    guard !listed.isEmpty else {
      fields.missing("at", example: "[1, 2, 4]", because: "'\(taking?.rawValue ?? "")' needs a number for each variant")
      return []
    }
    let isUpwards = zip(numbers, numbers.dropFirst()).allSatisfy { $0 < $1 }
    if numbers.count != listed.count || numbers.count != of.count || !isUpwards {
      fault(
        "at", "'at' does not go with 'of'", why: "it has a number for each of its \(of.count) variants, upwards",
        fix: "write as many numbers as variants, the least first")
    }
    return numbers
  }

  func checkCounts(of: [String], over: [String], _ comparison: Claim.Comparison?, _ taking: Claim.Taking?) {
    guard let comparison, comparison != .recovery, !of.isEmpty, !over.isEmpty else { return }
    let isPosition = taking?.isPosition ?? false
    guard over.count == of.count || over.count == 1 && !isPosition else {
      fault(
        "over", "\(of.count) variants are compared with \(over.count)",
        why: isPosition
          ? "the other side has a variant for each number of 'at'" : "'over' names one for all, or one for each",
        fix: "name \(of.count) of them")
      return
    }
  }

  func level(_ taking: Claim.Taking?) -> Claim.Level? {
    guard taking == .crossing else {
      if fields.has("level") {
        fault("level", "nothing crosses 'level'", why: "it goes with 'take: crossing'", fix: "remove it")
      }
      return nil
    }
    guard let text = fields.text("level") else {
      if !fields.has("level") { fields.missing("level", example: "1.1x", because: "'crossing' needs it") }
      return nil
    }
    let multiple = text.hasSuffix("x")
    guard let number = Double(multiple ? text.dropLast() : text[...]), number.isFinite else {
      fault(
        "level", "'\(text)' is no level", why: "it is a number, or a multiple of the first figure",
        fix: "write 'level: 0.5' or 'level: 1.1x'")
      return nil
    }
    return multiple ? .multiple(number) : .figure(number)
  }

  /// The published figure, which may be missing where something else says what counts.
  func published(bound: Bool) -> Claim.Citation? {
    let isBound = bound || fields.has("at-least") || fields.has("at-most") || range != nil
    if !fields.has("published"), !isBound { fields.missing("published", example: "1.4") }
    let value = fields.number("published", in: -1e15...1e15)
    return citation(fields, value)
  }

  private func citation(_ fields: Fields, _ value: Double?) -> Claim.Citation? {
    if !fields.has("mark") { fields.missing("mark", example: "A") }
    let mark = fields.choice("mark", of: Claim.Mark.allCases.map(\.rawValue)).flatMap(Claim.Mark.init(rawValue:))
    if !fields.has("source") { fields.missing("source", example: "\"where it was read\"") }
    let source = fields.text("source")
    guard let mark, let source else { return nil }
    return Claim.Citation(value: value, mark: mark, source: source)
  }

  /// The same figure as others state it.
  func others() -> [Claim.Citation] {
    fields.elements("also").compactMap { element, path in
      let other = Fields(element, path: path, reading: fields.reading)
      if !other.has("value") { other.missing("value", example: "1.4") }
      let citation = citation(other, other.number("value", in: -1e15...1e15))
      other.finish()
      return citation
    }
  }

  private var range: ClosedRange<Double>? {
    guard case .sequence(let bounds)? = fields.element("within")?.content, bounds.count == 2,
      let low = bounds[0].text.flatMap(Double.init), let high = bounds[1].text.flatMap(Double.init), low.isFinite,
      high.isFinite, low <= high
    else { return nil }
    return low...high
  }

  /// The figures that count as reproduced; nil where nothing says.
  func accepted(_ published: Double?, _ taking: Claim.Taking?) -> ClosedRange<Double>? {
    let least = fields.number("at-least", in: -1e15...1e15)
    let most = fields.number("at-most", in: -1e15...1e15)
    let hasBound = fields.has("at-least") || fields.has("at-most")
    guard let element = fields.element("within") else {
      guard hasBound else {
        return taking == .rising || taking == .falling ? (1.0).nextUp...(.infinity) : nil
      }
      let (low, high) = (least ?? -.infinity, most ?? .infinity)
      if low <= high { return low...high }
      fault(
        "at-most", "nothing is at least \(brief(low)) and at most \(brief(high))", why: "the range is empty",
        fix: "exchange them")
      return nil
    }
    if hasBound {
      fault(
        "within", "'within' stands beside 'at-least' or 'at-most'", why: "either says what counts", fix: "remove one")
      return nil
    }
    if let range { return range }
    if let text = element.text, let share = try? Fraction.parse(text), share.value >= 0, text.hasSuffix("%") {
      // That there is none was told.
      guard let published else { return nil }
      let margin = abs(published) * share.value
      return published - margin...published + margin
    }
    fields.diagnostics.error(
      at: element.place, "'within' is no range", why: "it is two numbers, the lesser first",
      fix: "write 'within: [1.12, 1.68]'")
    return nil
  }
}
