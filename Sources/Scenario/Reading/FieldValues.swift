import Units

extension Fields {
  /// A text; the default where the key is absent, nil where there is none or the value is no text.
  public func text(_ key: String, default fallback: String? = nil, because source: String = "") -> String? {
    guard let value = element(key, .text) else {
      if let fallback { note(key, fallback, because: source) }
      return fallback
    }
    guard let text = value.text else { return wrongKind(key, value, "a text") ?? fallback }
    note(key, text, because: source)
    return text
  }

  /// One of a few words; nil where the key is absent and has no default, or the word is another.
  public func choice(_ key: String, of words: [String], default fallback: String? = nil, because source: String = "")
    -> String?
  {
    guard let value = element(key, .choice(words)) else {
      if let fallback { note(key, fallback, because: source) }
      return fallback
    }
    guard let text = value.text else { return wrongKind(key, value, "one of \(wordList(words))") ?? fallback }
    guard words.contains(text) else {
      diagnostics.error(
        at: value.place, "'\(path(key))' cannot be '\(text)'",
        why: words.isEmpty ? "there is nothing to choose from" : "it is one of \(wordList(words))",
        fix: words.isEmpty
          ? "remove it" : Self.truth(text, words) ?? didYouMean(text, among: words, else: "choose one of them"))
      return fallback
    }
    note(key, text, because: source)
    return text
  }

  /// Yes or no: `true` or `false`.
  public func flag(_ key: String, default fallback: Bool, because source: String) -> Bool {
    choice(key, of: ["false", "true"], default: fallback ? "true" : "false", because: source) == "true"
  }

  /// A whole number without unit, within `range`; nil where the key is absent and has no default, or on a fault.
  public func count(
    _ key: String, in range: ClosedRange<Int> = 1...1_000_000_000, default fallback: Int? = nil,
    because source: String = ""
  ) -> Int? {
    guard let value = element(key, .count(range)) else {
      if let fallback { note(key, "\(fallback)", because: source) }
      return fallback
    }
    guard let text = value.text else { return wrongKind(key, value, "a whole number") ?? fallback }
    guard let number = Int(text) ?? Self.saturated(text) else {
      diagnostics.error(
        at: value.place, "'\(text)' is not a whole number",
        why: "'\(path(key))' counts from \(range.lowerBound) to \(range.upperBound), without a unit",
        fix: Self.wholeNumberHint(text).map { "write '\(key): \($0)'" } ?? "write digits only, as in '\(key): 8'")
      return fallback
    }
    guard range.contains(number), Int(text) != nil else {
      diagnostics.error(
        at: value.place, "'\(path(key))' cannot be \(text.prefix(80))",
        why: "it lies between \(range.lowerBound) and \(range.upperBound)", fix: "write a number in that range")
      return fallback
    }
    note(key, "\(number)", because: source)
    return number
  }

  /// A plain number without unit, within `range`; nil where the key is absent and has no default, or on a fault.
  public func number(
    _ key: String, in range: ClosedRange<Double>, default fallback: Double? = nil, because source: String = ""
  ) -> Double? {
    guard let value = element(key, .number(range)) else {
      if let fallback { note(key, exact(fallback), because: source) }
      return fallback
    }
    guard let text = value.text else { return wrongKind(key, value, "a number") ?? fallback }
    guard let number = Double(text), number.isFinite, !text.lowercased().contains("x") else {
      diagnostics.error(
        at: value.place, "'\(text)' is not a number",
        why: "'\(path(key))' is a finite number from \(brief(range.lowerBound)) to \(brief(range.upperBound)), "
          + "without a unit",
        fix: "write it as in '\(key): \(Self.share(text, in: range) ?? (range.contains(1.5) ? "1.5" : "0.5"))'")
      return fallback
    }
    guard range.contains(number) else {
      diagnostics.error(
        at: value.place, "'\(path(key))' cannot be \(text)",
        why: "it lies between \(brief(range.lowerBound)) and \(brief(range.upperBound))",
        fix: "write a number in that range")
      return fallback
    }
    note(key, exact(number), because: source)
    return number
  }

  /// A quantity with its unit, within `range`; nil where the key is absent and has no default, or on a fault.
  public func quantity<D: Dimension>(
    _ key: String, _ type: Quantity<D>.Type = Quantity<D>.self, in range: ClosedRange<Quantity<D>>? = nil,
    default fallback: Quantity<D>? = nil, because source: String = ""
  ) -> Quantity<D>? {
    guard let value = element(key, .quantity(D.facts)) else {
      if let fallback { note(key, fallback.exactText, because: source) }
      return fallback
    }
    guard let quantity: Quantity<D> = parse(value, path(key), in: range) else { return fallback }
    note(key, quantity.exactText, because: source)
    return quantity
  }

  /// A quantity that must be given.
  public func required<D: Dimension>(
    _ key: String, _ type: Quantity<D>.Type, in range: ClosedRange<Quantity<D>>? = nil
  ) -> Quantity<D>? {
    guard element(key) != nil else {
      missing(key, example: D.facts.example)
      return nil
    }
    return quantity(key, type, in: range)
  }

  /// The quantity that an element spells; nil with a diagnostic where it spells none.
  func parse<D: Dimension>(_ value: Element, _ name: String, in range: ClosedRange<Quantity<D>>?) -> Quantity<D>? {
    guard case .scalar(let text, let quoted) = value.content else {
      diagnostics.error(
        at: value.place, "'\(name)' is \(value.kind), not \(withArticle(D.name))",
        why: "\(withArticle(D.name)) is a number and a unit",
        fix: "write it as in '\(D.facts.example)'")
      return nil
    }
    do {
      let quantity = try Quantity<D>.parse(text)
      guard let range, !range.contains(quantity) else { return quantity }
      diagnostics.error(
        at: value.place, "'\(name)' cannot be \(text)",
        why: "it lies between \(range.lowerBound.text) and \(range.upperBound.text)",
        fix: "write an amount in that range")
    } catch {
      let words = Quantity<D>.explain(error, in: text)
      let place = value.place.advanced(by: error.offset + (quoted ? 1 : 0))
      diagnostics.error(at: place, words.what, why: words.why, fix: words.fix)
    }
    return nil
  }

  private func wrongKind<T>(_ key: String, _ value: Element, _ wanted: String) -> T? {
    diagnostics.error(
      at: value.place, "'\(path(key))' is \(value.kind), not \(wanted)", why: "it holds \(wanted)",
      fix: "write one value after '\(key):', without brackets or braces")
    return nil
  }

  /// "0.8" for "80 %", where that is in the range.
  private static func share(_ text: String, in range: ClosedRange<Double>) -> String? {
    guard text.hasSuffix("%"), let percent = Double(text.dropLast().filter { $0 != " " }),
      range.contains(percent / 100)
    else { return nil }
    return brief(percent / 100)
  }

  /// What YAML 1.1 took for true or false, as a question.
  private static func truth(_ text: String, _ words: [String]) -> String? {
    guard words == ["false", "true"] else { return nil }
    let isTrue = ["yes", "on", "y", "1", "true"].contains(text.lowercased())
    let isFalse = ["no", "off", "n", "0", "false"].contains(text.lowercased())
    return isTrue || isFalse ? "write '\(isTrue)'" : nil
  }

  /// The largest or smallest number for digits that spell one beyond it.
  private static func saturated(_ text: String) -> Int? {
    let digits = text.first == "-" || text.first == "+" ? text.dropFirst() : text[...]
    guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return text.first == "-" ? .min : .max
  }

  /// "2000" for "2k", "2,000", "2_000", "2e3" and "2000.0".
  private static func wholeNumberHint(_ text: String) -> String? {
    let plain = text.filter { $0 != "," && $0 != "_" && $0 != " " }
    if let number = Double(plain), number == number.rounded(), abs(number) < 1e9 { return "\(Int(number))" }
    guard plain.last == "k" || plain.last == "K", let number = Double(plain.dropLast()), abs(number) < 1e6 else {
      return nil
    }
    return "\(Int(number * 1000))"
  }
}
