import Units
import Workload

/// Reads `workload: {trace: ..., rate-scale: 2, first: 1000, window: {from: 0 s, to: 600 s}, sample: 10 %}` or
/// `workload: {generator: poisson, rate: 4 /s, requests: 1000, lengths: azure-2023-conv-like}`.
struct WorkloadSection {
  let reading: Reading
  let lookup: Lookup

  private var traces: TraceSection { TraceSection(reading: reading, lookup: lookup) }

  /// The workload under the key `workload`; nil with diagnostics.
  func workload(_ root: Fields) -> WorkloadPlan? {
    guard root.required("workload", example: "{trace: azure-2023-conv}") != nil else { return nil }
    let fields = root.fields("workload")
    defer { fields.finish() }
    switch (fields.element("trace"), fields.element("generator")) {
    case (.some(let trace), nil): return limited(recorded(trace, fields), fields)
    case (nil, .some): return limited(generated(fields), fields)
    case (nil, nil):
      fields.missing("trace", example: "azure-2023-conv' or 'generator: poisson")
      return nil
    case (_, .some(let generator)):
      reading.diagnostics.error(
        at: generator.place, "the workload has both a trace and a generator",
        why: "requests come from one of them", fix: "remove one of them")
      return nil
    }
  }

  /// The plan with the longest lengths that it may have.
  private func limited(_ plan: WorkloadPlan?, _ fields: Fields) -> WorkloadPlan? {
    let tokens = TokenCount(1)...TokenCount(Double(Request.tokenLimit))
    let prompt = fields.quantity("max-prompt", TokenCount.self, in: tokens)
    let output = fields.quantity("max-output", TokenCount.self, in: tokens)
    guard var plan else { return nil }
    plan.maxPrompt = prompt.map { Int32($0.value) }
    plan.maxOutput = output.map { Int32($0.value) }
    return plan
  }

  private func recorded(_ element: Element, _ fields: Fields) -> WorkloadPlan? {
    guard let trace = traces.trace(element, path: fields.path("trace")) else {
      for key in ["rate", "rate-scale", "first", "window", "sample"] { _ = fields.element(key) }
      return nil
    }
    var plan = WorkloadPlan(.trace(trace))
    plan.rate = fields.quantity("rate", Rate.self, in: Self.rates)
    if plan.rate != nil, let scale = fields.element("rate-scale") {
      reading.diagnostics.error(
        at: scale.place, "the trace has both a rate and a rate-scale", why: "each of them sets its rate",
        fix: "remove one of them")
    } else if plan.rate == nil {
      let because = "the trace as it was recorded"
      plan.rateScale = fields.number("rate-scale", in: 1e-6...1e6, default: 1, because: because) ?? 1
    }
    plan.first = fields.count("first", in: 1...100_000_000)
    plan.window = window(fields)
    plan.sample = fields.quantity("sample", Fraction.self, in: Fraction(1e-6)...Fraction(1))?.value ?? 1
    return plan
  }

  private func window(_ fields: Fields) -> Range<Instant>? {
    guard fields.has("window") else { return nil }
    let bounds = fields.fields("window")
    let from = bounds.quantity("from", Seconds.self, default: Seconds(0), because: "the start of the trace")
    let to = bounds.required("to", Seconds.self)
    bounds.finish()
    guard let from, let to, let start = Interval(seconds: from.value), let end = Interval(seconds: to.value) else {
      return nil
    }
    guard start < end else {
      fields.diagnostics.error(
        at: bounds.valuePlace(of: "to"), "the window is empty", why: "it ends at or before \(from.text)",
        fix: "write a later end")
      return nil
    }
    return (.start + start)..<(.start + end)
  }

  private static let rates = Rate(1e-6)...Rate(1e9)
  private static let presets = Generator.Preset.allCases.map(\.rawValue)

  private func generated(_ fields: Fields) -> WorkloadPlan? {
    let arrivals = arrivals(fields)
    var preset: Generator.Preset?
    if case .preset(let named) = arrivals { preset = named }
    let rate = fields.quantity(
      "rate", Rate.self, in: Self.rates, default: preset?.traceRate, because: "the rate of \(preset?.rawValue ?? "")")
    if arrivals != nil, preset == nil, !fields.has("rate") { fields.missing("rate", example: "4 /s") }
    let lengths = LengthSection(reading: reading, traces: traces).lengths(fields, preset)
    let extent = extent(fields)
    guard let arrivals, let rate, let lengths, let extent else { return nil }
    return WorkloadPlan(.generator(GeneratorPlan(arrivals: arrivals, rate: rate, lengths: lengths, extent: extent)))
  }

  private func arrivals(_ fields: Fields) -> GeneratorPlan.Arrivals? {
    let names = (["constant", "gamma", "poisson"] + Self.presets).sorted()
    guard
      let (name, settings) = fields.named(
        "generator", "generator", "generators", among: names, default: "poisson", because: "")
    else { return nil }
    defer { settings.finish() }
    switch name {
    case "constant": return .constant
    case "poisson": return .poisson
    case "gamma":
      if !settings.has("cv") { settings.missing("cv", example: "1.5") }
      return settings.number("cv", in: 0.01...10).map { .gamma($0) }
    default: return Generator.Preset(rawValue: name).map { .preset($0) }
    }
  }

  private func extent(_ fields: Fields) -> Generator.Extent? {
    let count = fields.count("requests", in: 1...TraceReader.rowLimit)
    let duration = fields.quantity("duration", Seconds.self, in: Seconds(1e-6)...Seconds(4e6))
    switch (fields.element("requests"), fields.element("duration")) {
    case (.some, nil): return count.map { .requests($0) }
    case (nil, .some): return duration.flatMap { Interval(seconds: $0.value) }.map { .duration($0) }
    case (nil, nil): fields.missing("requests", example: "1000' or 'duration: 600 s")
    case (_, .some(let duration)):
      reading.diagnostics.error(
        at: duration.place, "the workload has both a number of requests and a duration",
        why: "it ends by one of them", fix: "remove one of them")
    }
    return nil
  }
}

/// Reads `lengths: PRESET`, `lengths: {resample: {trace: ...}}` or `lengths: {prompt: 1000 tokens, output: ...}`.
struct LengthSection {
  let reading: Reading
  let traces: TraceSection

  /// The laws under the key `lengths`, those of `preset` where it is absent; nil with diagnostics.
  func lengths(_ fields: Fields, _ preset: Generator.Preset?) -> GeneratorPlan.Lengths? {
    guard let element = fields.element("lengths") else {
      if let preset {
        fields.note("lengths", preset.rawValue, because: "as the generator")
        return .preset(preset)
      }
      fields.missing("lengths", example: Generator.Preset.azure2023ConversationLike.rawValue)
      return nil
    }
    if element.text != nil {
      let names = Generator.Preset.allCases.map(\.rawValue)
      return fields.choice("lengths", of: names).flatMap(Generator.Preset.init(rawValue:)).map { .preset($0) }
    }
    let laws = fields.fields("lengths")
    defer { laws.finish() }
    if laws.has("resample") { return resampled(laws.fields("resample")) }
    let prompt = law(laws, "prompt")
    let output = law(laws, "output")
    guard let prompt, let output else { return nil }
    return .laws(prompt: prompt, output: output)
  }

  private func resampled(_ fields: Fields) -> GeneratorPlan.Lengths? {
    let element = fields.required("trace", example: "azure-2023-conv")
    let trace = element.flatMap { traces.trace($0, path: fields.path("trace")) }
    let independent = fields.flag(
      "independent", default: false, because: "what prompt and output of a request have in common is kept")
    fields.finish()
    return trace.map { .resampled($0, independent: independent) }
  }

  private func law(_ fields: Fields, _ key: String) -> LengthLaw? {
    let tokens = TokenCount(1)...TokenCount(Double(Request.tokenLimit))
    guard let element = fields.required(key, example: "1000 tokens") else { return nil }
    guard element.entries != nil else {
      return fields.quantity(key, TokenCount.self, in: tokens).map { .constant(Int($0.value)) }
    }
    guard
      let (_, law) = fields.named(key, "law", "laws", among: ["lognormal"], default: "lognormal", because: "")
    else { return nil }
    let mean = law.required("mean", TokenCount.self, in: tokens)
    if !law.has("cv") { law.missing("cv", example: "1.2") }
    let variation = law.number("cv", in: 0...100)
    let maximum = law.required("max", TokenCount.self, in: tokens)
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
}
