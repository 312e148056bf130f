import Units

/// A setting that a paper does not state and a scenario had to choose: its value, the range it may have been in, and why.
///
/// The value is laid over every variant it concerns, and `--set` over it.
public struct FreeParameter: Hashable, Sendable {
  /// The path of the setting from the root.
  public var path: [String]
  /// The value in force.
  public var value: Amount
  /// The least and the greatest it may have been.
  public var range: (low: Amount, high: Amount) { (bounds[0], bounds[1]) }
  /// The variants it concerns; empty for all that have its pool.
  public var variants: [String]
  /// Where the value comes from.
  public var source: String
  /// What else is to be said; empty where nothing is.
  public var note: String
  /// The name of the claim that the value was fitted to, which says nothing of the rest then; nil where it was not.
  public var fittedTo: String?
  /// Where it stands.
  public var place: Place
  private var bounds: [Amount]

  /// A number and the unit that the file gives it, as text: "0.42", "10 ms".
  public struct Amount: Hashable, Sendable {
    /// The number.
    public var number: Double
    /// The unit with the blank before it; empty where there is none.
    public var unit: String

    /// "10 ms".
    public var text: String {
      number == number.rounded() && abs(number) < 1e15 ? "\(Int(number))\(unit)" : "\(number)\(unit)"
    }

    /// The amount that a text spells: the longest number that it begins with, and the rest.
    init?(_ text: String) {
      let end = text.indices.reversed().first { Double(text[...$0]) != nil }
      guard let end, let number = Double(text[...end]), number.isFinite else { return nil }
      self.number = number
      unit = String(text[text.index(after: end)...])
    }

    init(number: Double, unit: String) {
      self.number = number
      self.unit = unit
    }

    /// The unit without blanks.
    var symbol: String { unit.filter { $0 != " " } }

    /// Whether both are the same number of the same unit as written, or of units that differ.
    func isAlike(_ other: Amount) -> Bool { symbol != other.symbol || number == other.number }
  }

  /// The path as people write it.
  public var name: String { path.joined(separator: ".") }

  /// The amount this part of the way from the least to the greatest, 0 to 1, in whole numbers where both are counts.
  public func amount(at share: Double) -> Amount {
    let (low, high) = (range.low.number, range.high.number)
    // Four digits say all that is known of such a number, and keep texts short.
    let exact = low + (high - low) * share
    let number = share <= 0 ? low : share >= 1 ? high : isCount ? exact.rounded() : Self.rounded(exact)
    return Amount(number: number, unit: value.unit)
  }

  /// The share of the way at which the value in force lies.
  public var share: Double {
    let (low, high) = (range.low.number, range.high.number)
    return high > low ? (value.number - low) / (high - low) : 0
  }

  /// What lays the value in force over a scenario. It is a part of the scenario, so that what it is a setting of stays where it
  /// stands.
  var inForce: Override {
    var override = override(value)
    override.keepsPlaces = true
    return override
  }

  /// What lays an amount over a scenario. A number of a device takes its source with it.
  public func override(_ amount: Amount) -> Override {
    let scalar = Element(.scalar(amount.text, quoted: false), at: place)
    guard path.contains("device") else { return Override(path: path, value: scalar, place: place) }
    let entries = [
      Entry(key: "value", keyPlace: place, value: scalar),
      Entry(key: "source", keyPlace: place, value: Element(.scalar(source, quoted: true), at: place)),
    ]
    return Override(path: path, value: Element(.mapping(entries), at: place), place: place)
  }

  /// The pool whose setting it is; nil where it is no pool's.
  var pool: String? { path.count > 2 && path.starts(with: ["cluster", "pools"]) ? path[2] : nil }

  /// Whether it changes a variant whose settings are `settled`.
  func concerns(_ variant: String?, _ settled: Element) -> Bool {
    guard variants.isEmpty || variant.map(variants.contains) ?? false else { return false }
    guard let pool else { return true }
    return settled["cluster"]?["pools"]?[pool] != nil
  }

  /// The amount that `settings` give it, where that is not the value in force.
  func contradiction(in settings: Element) -> Element? {
    var paths = [path]
    if pool != nil { paths.append(["cluster", "defaults"] + path.dropFirst(3)) }
    for path in paths {
      let told = path.reduce(settings as Element?) { $0?[$1] }
      guard let told, let amount = told.text.flatMap(Amount.init) else { continue }
      return amount.isAlike(value) ? nil : told
    }
    return nil
  }

  private var isCount: Bool {
    value.unit.isEmpty && ([value] + bounds).allSatisfy { $0.number == $0.number.rounded() }
      && !path.contains("device")
  }

  private static func rounded(_ number: Double) -> Double {
    guard number != 0 else { return 0 }
    var scale = 1.0
    while abs(number) * scale < 1000 { scale *= 10 }
    while abs(number) * scale >= 10_000 { scale /= 10 }
    return (number * scale).rounded() / scale
  }
}

extension FreeParameter {
  /// Most parameters of a scenario.
  static let limit = 64

  /// The parameters under the key `free`, those without faults.
  static func read(_ root: Fields, variants: [String], claims: [Claim]) -> [FreeParameter] {
    let listed = root.elements("free")
    if listed.count > limit {
      root.diagnostics.error(
        at: root.valuePlace(of: "free"), "the scenario has \(listed.count) free parameters",
        why: "it has at most \(limit)", fix: "leave out what moves no claim")
    }
    return listed.prefix(limit).compactMap { element, path in
      read(Fields(element, path: path, reading: root.reading), variants, claims)
    }
  }

  private static func read(_ fields: Fields, _ variants: [String], _ claims: [Claim]) -> FreeParameter? {
    let errors = fields.diagnostics.errorCount
    for (key, example) in [("path", "workload.rate"), ("value", "0.8"), ("range", "[0.6, 0.9]"), ("source", "\"why\"")]
    where !fields.has(key) { fields.missing(key, example: example) }
    let path = path(fields)
    let reader = ClaimReader(fields: fields, variants: variants)
    let concerned = reader.names("variants")
    let (source, note, fitted) = (fields.text("source"), fields.text("note"), fields.text("fitted-to"))
    if let fitted, !claims.contains(where: { $0.name == fitted }) {
      let names = claims.compactMap(\.name)
      fields.diagnostics.error(
        at: fields.valuePlace(of: "fitted-to"), "no claim is named '\(fitted)'",
        why: names.isEmpty ? "no claim has a 'name'" : "those with a name are \(wordList(names, or: "and"))",
        fix: didYouMean(fitted, among: names, else: "add 'name: \(fitted)' to the claim it was fitted to"))
    }
    let amounts = amounts(fields)
    fields.finish()
    guard fields.diagnostics.errorCount == errors, let path, let source, let amounts else { return nil }
    return FreeParameter(
      path: path, value: amounts[0], variants: concerned, source: source, note: note ?? "", fittedTo: fitted,
      place: fields.place, bounds: Array(amounts[1...]))
  }

  private static func path(_ fields: Fields) -> [String]? {
    guard let text = fields.text("path") else { return nil }
    let path = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard !path.contains(""), path.count <= 24, let first = path.first, variantKeys.contains(first) else {
      fields.diagnostics.error(
        at: fields.valuePlace(of: "path"), "'\(text)' is no path of a scenario",
        why: "a path begins with one of \(wordList(variantKeys)) and has dots between its keys",
        fix: "write 'path: cluster.defaults.kv-cache.memory-utilization'")
      return nil
    }
    return path
  }

  /// The value and both ends of its range; nil with a diagnostic where they do not go together.
  private static func amounts(_ fields: Fields) -> [Amount]? {
    let ends = fields.elements("range").map(\.element)
    let texts = [fields.text("value")] + ends.map(\.text)
    let amounts = texts.compactMap { $0.flatMap(Amount.init) }
    let units = Set(amounts.map(\.symbol))
    if amounts.count == 3, texts.count == 3, units.count == 1, amounts[1].number < amounts[2].number,
      (amounts[1].number...amounts[2].number).contains(amounts[0].number)
    {
      return amounts
    }
    guard fields.has("value"), fields.has("range") else { return nil }
    fields.diagnostics.error(
      at: fields.valuePlace(of: "range"), "'range' does not go with 'value'",
      why: "it is the least and the greatest that the value may have been, in its unit, the value between them",
      fix: "write 'value: 10 ms, range: [5 ms, 20 ms]'")
    return nil
  }
}
