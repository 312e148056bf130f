/// Why a text is not a quantity, and where in it.
public struct QuantityFault: Error, Hashable, Sendable {
  /// The kinds of fault.
  public enum Kind: Hashable, Sendable {
    /// The text does not begin with a number.
    case noNumber
    /// A number that continues in a way numbers do not: "81,920", "1_000".
    case malformedNumber
    /// A number stands alone.
    case noUnit
    /// No dimension has this unit; the closest unit of the wanted dimension, if one is close.
    case unknownUnit(String, suggestion: String?)
    /// The unit belongs to the dimension of this name.
    case wrongDimension(unit: String, dimension: String)
    /// The amount is below zero.
    case negative
    /// The number is infinite or not a number.
    case notFinite
    /// The amount exceeds the dimension's maximum.
    case tooLarge
  }

  /// The kind.
  public var kind: Kind
  /// Unicode scalars of the text before the fault.
  public var offset: Int

  /// A fault at `offset`.
  public init(_ kind: Kind, at offset: Int) {
    self.kind = kind
    self.offset = offset
  }
}

extension Quantity {
  /// The quantity that `text` spells: a number, then a unit of the dimension, as in "50 GB/s", "1.25x", "$2.50/h".
  ///
  /// - Throws: ``QuantityFault`` where it spells none, or one that is negative or above the dimension's maximum.
  public static func parse(_ text: String) throws(QuantityFault) -> Self {
    let parts = try QuantityText(text)
    guard !parts.unit.isEmpty else { throw QuantityFault(.noUnit, at: parts.unitOffset) }
    guard let unit = D.facts.units.first(where: { $0.symbol == parts.unit }) else {
      if let other = knownUnits[parts.unit] {
        throw QuantityFault(.wrongDimension(unit: parts.unit, dimension: other), at: parts.unitOffset)
      }
      let symbols = D.facts.units.map(\.symbol)
      let usual = usualSpelling(parts.unit).flatMap { symbols.contains($0) ? $0 : nil }
      let suggestion = usual ?? nearestWord(to: parts.unit, among: symbols)
      throw QuantityFault(.unknownUnit(parts.unit, suggestion: suggestion), at: parts.unitOffset)
    }
    guard parts.number.isFinite else { throw QuantityFault(.notFinite, at: parts.numberOffset) }
    guard parts.number >= 0 else { throw QuantityFault(.negative, at: parts.numberOffset) }
    guard let value = parts.value(in: unit), value <= D.facts.maximum else {
      throw QuantityFault(.tooLarge, at: parts.numberOffset)
    }
    return Self(value == 0 ? 0 : value)
  }

  /// What is wrong with `text` in words, and what to write instead.
  public static func explain(_ fault: QuantityFault, in text: String) -> (what: String, why: String, fix: String) {
    let name = withArticle(D.name)
    let choice = unitsForHints.count == 1 ? "" : "one of "
    let units = "\(name) is a number and a unit, \(choice)\(wordList(unitsForHints))"
    let example = "write it as in '\(D.facts.example)'"
    switch fault.kind {
    case .noNumber: return ("'\(text)' is not \(name)", "it does not begin with a number", example)
    case .malformedNumber:
      return (
        "'\(text)' is not \(name)", "numbers are written without separators, as in 81920, 0.5 or 2e9", example
      )
    case .noUnit:
      return (
        "'\(text)' has no unit", units,
        "write '\(withUnit(text))' if that is what it counts"
      )
    case .unknownUnit(let unit, let suggestion):
      return ("no unit is named '\(unit)'", units, suggestion.map { "did you mean '\($0)'?" } ?? example)
    case .wrongDimension(let unit, let other):
      return ("'\(text)' is \(withArticle(other)), not \(name)", "'\(unit)' is a unit of \(other)", example)
    case .negative: return ("'\(text)' is negative", "\(name) is at least 0", "write an amount of 0 or more")
    case .notFinite: return ("'\(text)' is not finite", "\(name) is a finite number", example)
    case .tooLarge:
      return (
        "'\(text)' is too large", "the largest \(D.name) is \(Self(D.facts.maximum).text)", "write a smaller amount"
      )
    }
  }

  private static var unitsForHints: [String] {
    let symbols = D.facts.units.map(\.symbol)
    guard symbols.count > 8 else { return symbols }
    return symbols.filter { $0.unicodeScalars.allSatisfy(\.isASCII) && !$0.hasPrefix("E") && !$0.hasPrefix("k") }
  }

  /// A bare number as a quantity of the usual unit; a fraction in percent.
  private static func withUnit(_ text: String) -> String {
    if D.symbol == "1", let number = Double(text), abs(number) <= 1 { return "\(brief(number * 100)) %" }
    return "\(text) \(suggestedUnit)"
  }

  private static var suggestedUnit: String {
    guard !D.symbol.hasPrefix("$") else { return D.symbol }
    return String(D.facts.example.drop { $0.isNumber || $0 == "." || $0 == " " })
  }
}

/// Symbols of all units with the name of the dimension they belong to.
private let knownUnits: [String: String] = {
  var known: [String: String] = [:]
  func add<D: Dimension>(_ dimension: D.Type) {
    for unit in dimension.facts.units { known[unit.symbol] = D.name }
  }
  add(TimeDimension.self)
  add(MemoryDimension.self)
  add(BandwidthDimension.self)
  add(ComputeDimension.self)
  add(PowerDimension.self)
  add(EnergyDimension.self)
  add(PriceDimension.self)
  add(RateDimension.self)
  add(FrequencyDimension.self)
  add(FractionDimension.self)
  add(SlowdownDimension.self)
  add(TokenDimension.self)
  return known
}()

/// The symbol that a common spelling of a unit stands for: "ms" for "msec", "GB/s" for "GBps".
private func usualSpelling(_ unit: String) -> String? {
  if let symbol = usualSpellings[unit.lowercased()] { return symbol }
  if unit.hasSuffix("FLOPS") || unit.hasSuffix("OPS") { return unit.dropLast() + "/s" }
  return unit.count > 2 && unit.hasSuffix("ps") ? unit.dropLast(2) + "/s" : nil
}

private let usualSpellings: [String: String] = {
  let words: KeyValuePairs = [
    "s": "sec secs second seconds", "ms": "msec msecs millisecond milliseconds", "us": "usec microsecond microseconds",
    "ns": "nsec nanosecond nanoseconds", "min": "mins minute minutes", "h": "hr hrs hour hours", "d": "day days",
    "B": "byte bytes", "W": "watt watts", "kW": "kilowatt kilowatts", "%": "percent pct",
    "/s": "rps qps req/s requests/s r/s q/s hz 1/s per-second", "/min": "rpm req/min", "x": "times",
    "$/h": "usd/h usd/hr usd/hour dollars/h $/hr $/hour", "tokens": "tok toks t",
  ]
  var spellings: [String: String] = [:]
  for (symbol, list) in words { for word in list.split(separator: " ") { spellings[String(word)] = symbol } }
  return spellings
}()

/// A text taken apart into a number and a unit, whatever they are.
struct QuantityText {
  var number = 0.0
  /// The number as it is spelled.
  private var spelled = ""
  var numberOffset = 0
  var unit = ""
  var unitOffset = 0

  init(_ text: String) throws(QuantityFault) {
    let scalars = Array(text.unicodeScalars.prefix(201))
    guard scalars.count <= 200 else { throw QuantityFault(.noNumber, at: 0) }
    var position = 0
    func skipSpaces() {
      while position < scalars.count, Self.isBlank(scalars[position]) { position += 1 }
    }
    skipSpaces()
    var currency = ""
    if position < scalars.count, scalars[position] == "$" {
      currency = "$"
      position += 1
      skipSpaces()
    }
    numberOffset = position
    let digits = Self.numberLength(scalars[position...])
    spelled = String(String.UnicodeScalarView(scalars[position..<position + digits]))
    guard digits > 0, let parsed = Double(spelled) else {
      let word = String(String.UnicodeScalarView(scalars[position...])).lowercased()
      let isNotFinite = [".inf", "-.inf", "inf", "-inf", ".nan", "nan", "infinity"].contains { word.hasPrefix($0) }
      throw QuantityFault(isNotFinite ? .notFinite : .noNumber, at: position)
    }
    guard parsed.isFinite else { throw QuantityFault(.tooLarge, at: position) }
    number = parsed
    position += digits
    if position < scalars.count, [",", "_", "'", "."].contains(scalars[position]) {
      throw QuantityFault(.malformedNumber, at: position)
    }
    skipSpaces()
    unitOffset = position
    var end = scalars.count
    while end > position, Self.isBlank(scalars[end - 1]) { end -= 1 }
    unit = currency + String(String.UnicodeScalarView(scalars[position..<end]))
    if unit == "$" { unit = "" }
  }

  /// Whether a scalar is a blank; typography sets narrow and no-break ones between number and unit.
  private static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "\t" || scalar.properties.generalCategory == .spaceSeparator
  }

  /// The amount in base units, rounded once where the unit is a power of ten of them; nil where it is infinite.
  ///
  /// "99.9 %" is the `Double` nearest to 0.999, which 99.9 divided by 100 is not.
  func value(in unit: NamedUnit) -> Double? {
    guard number != 0 else { return 0 }
    let tens = Self.exponent(unit.multiplier) - Self.exponent(unit.divisor)
    let rest = unit.multiplier / Self.tens(unit.multiplier) / (unit.divisor / Self.tens(unit.divisor))
    let parts = spelled.split(whereSeparator: { $0 == "e" || $0 == "E" })
    guard let mantissa = parts.first, let power = parts.count > 1 ? Int(parts[1]) : 0, abs(power) < 10_000,
      let shifted = Double("\(mantissa)e\(power + tens)")
    else { return nil }
    let value = shifted * rest
    return value.isFinite ? value : nil
  }

  /// The exponent of a power of ten, 0 for any other number.
  private static func exponent(_ number: Double) -> Int {
    var (power, value) = (0, 1.0)
    while value < number {
      value *= 10
      power += 1
    }
    return value == number ? power : 0
  }

  /// The number if it is a power of ten, else 1.
  private static func tens(_ number: Double) -> Double { exponent(number) > 0 ? number : 1 }

  /// Scalars of the decimal number that `text` begins with: sign, digits, point, digits, exponent; 0 where none.
  private static func numberLength(_ text: ArraySlice<Unicode.Scalar>) -> Int {
    var rest = text
    func isDigit(_ scalar: Unicode.Scalar?) -> Bool { scalar.map { ("0"..."9").contains($0) } ?? false }
    if let sign = rest.first, sign == "-" || sign == "+" { rest = rest.dropFirst() }
    let whole = rest.prefix { isDigit($0) }
    rest = rest.dropFirst(whole.count)
    var digits = whole.count
    if rest.first == ".", isDigit(rest.dropFirst().first) {
      let part = rest.dropFirst().prefix { isDigit($0) }
      digits += part.count
      rest = rest.dropFirst(1 + part.count)
    }
    guard digits > 0 else { return 0 }
    if rest.first == "e" || rest.first == "E" {
      var exponent = rest.dropFirst()
      if let sign = exponent.first, sign == "-" || sign == "+" { exponent = exponent.dropFirst() }
      let power = exponent.prefix { isDigit($0) }
      if !power.isEmpty { rest = exponent.dropFirst(power.count) }
    }
    return text.count - rest.count
  }
}
