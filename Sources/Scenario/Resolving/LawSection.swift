import Kernel
import Units
import Workload

/// Reads laws of chance: `1000 tokens`, `{lognormal: {mean: 1000 tokens, cv: 1, max: 4096 tokens}}`,
/// `{quantiles: {p0: 1 tokens, p50: 800 tokens, p100: 4096 tokens}}`, `{exponential: {mean: 5 s}}`.
struct LawSection {
  let reading: Reading

  static let tokens = TokenCount(1)...TokenCount(Double(Request.tokenLimit))
  static let times = Seconds(0)...Seconds(TimeLaw.longest.seconds)

  /// The law of lengths under a key that must be there; nil with diagnostics.
  func lengths(_ fields: Fields, _ key: String) -> LengthLaw? {
    guard let element = fields.required(key, example: "1000 tokens") else { return nil }
    guard element.entries != nil else {
      return fields.quantity(key, TokenCount.self, in: Self.tokens).map { .constant(Int($0.value)) }
    }
    guard
      let (name, law) = fields.named(
        key, "law", "laws", among: ["lognormal", "quantiles"], default: "lognormal", because: "")
    else { return nil }
    if name == "quantiles" {
      return quantiles(law) { law.quantity($0, TokenCount.self, in: Self.tokens)?.value }.map { .quantiles($0) }
    }
    let mean = law.required("mean", TokenCount.self, in: Self.tokens)
    let variation = variation(law)
    let maximum = law.required("max", TokenCount.self, in: Self.tokens)
    law.finish()
    guard let mean, let variation, let maximum else { return nil }
    guard mean <= maximum else {
      reading.diagnostics.error(
        at: law.valuePlace(of: "mean"), "the mean exceeds the longest \(key)", why: "\(mean.text) > \(maximum.text)",
        fix: "write a larger max")
      return nil
    }
    return .lognormal(mean: mean.value, variation: variation, maximum: Int(maximum.value))
  }

  /// The law of times under a key that must be there; nil with diagnostics.
  func times(_ fields: Fields, _ key: String) -> TimeLaw? {
    guard let element = fields.required(key, example: "{exponential: {mean: 5 s}}") else { return nil }
    guard element.entries != nil else {
      return fields.quantity(key, Seconds.self, in: Self.times).flatMap { Interval(seconds: $0.value) }
        .map { .constant($0) }
    }
    let names = ["exponential", "lognormal", "quantiles"]
    guard let (name, law) = fields.named(key, "law", "laws", among: names, default: "exponential", because: "") else {
      return nil
    }
    if name == "quantiles" {
      return quantiles(law) { law.quantity($0, Seconds.self, in: Self.times)?.value }.map { .quantiles($0) }
    }
    let mean = law.required("mean", Seconds.self, in: Seconds(1e-9)...Self.times.upperBound)
      .flatMap { Interval(seconds: $0.value) }
    let variation = name == "lognormal" ? variation(law) : nil
    law.finish()
    guard let mean else { return nil }
    if name == "exponential" { return .exponential(mean: mean) }
    return variation.map { .lognormal(mean: mean, variation: $0) }
  }

  /// The law of the turns of a session under a key that must be there; nil with diagnostics.
  func turns(_ fields: Fields, _ key: String) -> TurnLaw? {
    guard let element = fields.required(key, example: "{geometric: {mean: 3}}") else { return nil }
    let range = 1...TurnLaw.limit
    guard element.entries != nil else { return fields.count(key, in: range).map { .constant($0) } }
    guard
      let (name, law) = fields.named(
        key, "law", "laws", among: ["geometric", "quantiles"], default: "geometric", because: "")
    else { return nil }
    if name == "quantiles" {
      return quantiles(law) { law.count($0, in: range).map(Double.init) }.map { .quantiles($0) }
    }
    if !law.has("mean") { law.missing("mean", example: "3") }
    let mean = law.number("mean", in: 1...100)
    law.finish()
    return mean.map { .geometric(mean: $0) }
  }

  private func variation(_ law: Fields) -> Double? {
    if !law.has("cv") { law.missing("cv", example: "1.2") }
    return law.number("cv", in: 0...100)
  }

  /// The quantiles that the percentiles p0 to p100 name, each read by `value`; nil with diagnostics.
  private func quantiles(_ law: Fields, _ value: (String) -> Double?) -> [Quantiles.Point]? {
    let named = law.keys.compactMap { key in percentileShare(key).map { (key: key, share: $0) } }
      .sorted { $0.share < $1.share }
    var points: [Quantiles.Point] = []
    for (key, share) in named { if let value = value(key) { points.append(Quantiles.Point(share, value)) } }
    for end in ["p0", "p100"] where !law.has(end) {
      law.missing(end, example: "...", because: "the law reaches from p0, the least, to p100, the greatest")
    }
    law.finish()
    for (lower, upper) in zip(points, points.dropFirst()) where lower.value > upper.value {
      let key = named.first { $0.share == upper.probability }?.key ?? ""
      reading.diagnostics.error(
        at: law.valuePlace(of: key), "the quantiles fall at \(key)", why: "each is at least the one before it",
        fix: "check \(key) and the percentile before it")
      return nil
    }
    guard points.count == named.count, points.first?.probability == 0, points.last?.probability == 1 else { return nil }
    return points
  }
}
