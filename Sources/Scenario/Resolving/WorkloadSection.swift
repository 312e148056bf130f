import Units
import Workload

/// Reads `workload: {trace: ..., rate-scale: 2, first: 1000, window: {from: 0 s, to: 600 s}, sample: 10 %}` or
/// `workload: {generator: poisson, rate: 4 /s, requests: 1000, lengths: azure-2023-conv-like}`, with its tenants.
struct WorkloadSection {
  let reading: Reading
  let lookup: Lookup
  let objectives: SLOSection

  private var traces: TraceSection { TraceSection(reading: reading, lookup: lookup) }

  /// The workload under the key `workload`; nil with diagnostics.
  func workload(_ root: Fields) -> WorkloadPlan? {
    guard root.required("workload", example: "{trace: azure-2023-conv}") != nil else { return nil }
    let fields = root.fields("workload")
    let section = TenantSection(
      reading: reading, objectives: objectives, hasReference: root.fields("slo").has("reference"),
      workload: { fields in
        defer { fields.finish() }
        return source(fields)
      })
    let tenants = section.tenants(fields)
    defer { fields.finish() }
    let hasSource = fields.has("trace") || fields.has("generator")
    guard hasSource || fields.has("tenants") else { return source(fields) }
    guard let tenants else {
      if hasSource { _ = source(fields) }
      return nil
    }
    if !hasSource, tenants.allSatisfy({ $0.workload != nil }) {
      var plan = WorkloadPlan(.tenants)
      plan.tenants = tenants
      readClock(fields, &plan)
      return plan
    }
    guard var plan = source(fields) else { return nil }
    if case .generator = plan.source, !tenants.isEmpty, !tenants.contains(where: { $0.share > 0 }) {
      reading.diagnostics.error(
        at: fields.valuePlace(of: "tenants"), "no tenant sends what the generator draws",
        why: "none of them has a share", fix: "give tenants shares of 100 % in all, or each a 'workload' of its own")
    }
    plan.tenants = tenants
    readClock(fields, &plan)
    return plan
  }

  /// Whether several traces are as far apart as they were recorded.
  private func readClock(_ fields: Fields, _ plan: inout WorkloadPlan) {
    let several = plan.parts.count(where: \.isRecorded) > 1
    let told = fields.choice(
      "clock", of: ["own", "shared"], default: several ? "own" : nil,
      because: "each trace begins with its first request")
    plan.sharesClock = several && told == "shared"
    guard !several, let clock = fields.element("clock") else { return }
    reading.diagnostics.error(
      at: clock.place, "the workload has no two traces, and so no clock to share", why: "a single trace begins at 0",
      fix: "leave 'clock' away, or give tenants traces of their own")
  }

  /// A trace or a generator; nil with diagnostics.
  private func source(_ fields: Fields) -> WorkloadPlan? {
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
    let prompt = fields.quantity("max-prompt", TokenCount.self, in: LawSection.tokens)
    let output = fields.quantity("max-output", TokenCount.self, in: LawSection.tokens)
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
    plan.rate = fields.quantity("rate", Rate.self, in: ArrivalSection.rates)
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

  private func generated(_ fields: Fields) -> WorkloadPlan? {
    let arrivals = ArrivalSection(reading: reading).arrivals(fields)
    let lengths = LengthSection(reading: reading, traces: traces).lengths(fields, arrivals?.preset)
    let pattern = pattern(fields, arrivals?.process)
    let system = fields.quantity("system-prompt", TokenCount.self, in: LawSection.tokens)
    let extent = extent(fields, arrivals?.process)
    guard let arrivals, let lengths, let pattern, let extent else { return nil }
    var plan = GeneratorPlan(arrivals: arrivals.process, lengths: lengths, extent: extent)
    plan.pattern = pattern
    plan.systemPrompt = system.map { Int32($0.value) } ?? 0
    return WorkloadPlan(.generator(plan))
  }

  /// What comes at each arrival; nil with diagnostics.
  private func pattern(_ fields: Fields, _ arrivals: ArrivalProcess?) -> Generator.Pattern? {
    let samples = fields.count("samples", in: 1...1024)
    let sessions = fields.has("sessions") ? sessions(fields.fields("sessions")) : nil
    let both = ["samples", "sessions"].filter(fields.has)
    if both.count == 2 {
      reading.diagnostics.error(
        at: fields.place(of: "samples"), "the workload has both samples and sessions",
        why: "a session goes on from one answer", fix: "remove one of them")
      return nil
    }
    if let key = both.first, case .closedLoop = arrivals {
      reading.diagnostics.error(
        at: fields.place(of: key), "a closed loop has no \(key)", why: "a user has one request at a time",
        fix: "remove '\(key)', or choose another generator")
      return nil
    }
    if fields.has("sessions") { return sessions.map { .sessions($0) } }
    if fields.has("samples") { return samples.map { .samples($0) } }
    return .single
  }

  private func sessions(_ fields: Fields) -> Sessions? {
    let section = LawSection(reading: reading)
    let turns = section.turns(fields, "turns")
    let think = section.times(fields, "think")
    let context = fields.quantity(
      "max-context", TokenCount.self, in: LawSection.tokens, default: LawSection.tokens.upperBound,
      because: "the longest that medley serves")
    fields.finish()
    guard let turns, let think, let context else { return nil }
    return Sessions(turns: turns, think: think, maxContext: Int32(context.value))
  }

  private func extent(_ fields: Fields, _ arrivals: ArrivalProcess?) -> Generator.Extent? {
    let count = fields.count("requests", in: 1...TraceReader.rowLimit)
    let duration = fields.quantity("duration", Seconds.self, in: Seconds(1e-6)...Seconds(4e6))
    switch (fields.element("requests"), fields.element("duration")) {
    case (.some, nil): return count.map { .requests($0) }
    case (nil, .some(let element)):
      if case .closedLoop = arrivals {
        reading.diagnostics.error(
          at: element.place, "a closed loop has no duration",
          why: "how long users take follows from how they are served",
          fix: "write 'requests: 1000' instead")
        return nil
      }
      return duration.flatMap { Interval(seconds: $0.value) }.map { .duration($0) }
    case (nil, nil): fields.missing("requests", example: "1000' or 'duration: 600 s")
    case (_, .some(let duration)):
      reading.diagnostics.error(
        at: duration.place, "the workload has both a number of requests and a duration",
        why: "it ends by one of them", fix: "remove one of them")
    }
    return nil
  }
}
