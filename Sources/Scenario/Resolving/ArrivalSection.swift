import Units
import Workload

/// Reads the law of arrivals: `generator: poisson`, `{gamma: {cv: 2}}`, `{weibull: {cv: 2}}`, `{mmpp: {states: [...]}}`,
/// `{diurnal: {profile: [...]}}`, `{closed-loop: {users: 50, think: 5 s}}` or a preset, with its `rate`.
struct ArrivalSection {
  let reading: Reading

  static let rates = Rate(1e-6)...Rate(1e9)
  static let names = (["closed-loop", "constant", "diurnal", "gamma", "mmpp", "poisson", "weibull"] + presets).sorted()
  private static let presets = Generator.Preset.allCases.map(\.rawValue)

  /// The arrivals and the preset they are of, if any; nil with diagnostics.
  func arrivals(_ fields: Fields) -> (process: ArrivalProcess, preset: Generator.Preset?)? {
    guard
      let (name, settings) = fields.named(
        "generator", "generator", "generators", among: Self.names, default: "poisson", because: "")
    else {
      _ = fields.quantity("rate", Rate.self, in: Self.rates)
      return nil
    }
    let preset = Generator.Preset(rawValue: name)
    let process = preset.map { Generator($0, extent: .requests(1)).arrivals } ?? process(name, settings)
    settings.finish()
    if name == "closed-loop" { return process.map { ($0, nil) } }
    let rate = fields.quantity(
      "rate", Rate.self, in: Self.rates, default: preset?.traceRate, because: "the rate of \(preset?.rawValue ?? "")")
    if preset == nil, !fields.has("rate") { fields.missing("rate", example: "4 /s") }
    guard let process, let rate else { return nil }
    return (process.at(rate), preset)
  }

  /// The process of a name at any rate; nil with diagnostics.
  private func process(_ name: String, _ settings: Fields) -> ArrivalProcess? {
    let rate = Rate(1)
    switch name {
    case "constant": return .constant(rate)
    case "gamma": return variation(settings).map { .gamma(rate, variation: $0) }
    case "weibull": return variation(settings).map { .weibull(rate, variation: $0) }
    case "mmpp": return states(settings).map { .switching(rate, states: $0) }
    case "diurnal": return profile(settings).map { .diurnal(rate, $0) }
    case "closed-loop":
      if !settings.has("users") { settings.missing("users", example: "50") }
      let users = settings.count("users", in: 1...1_000_000)
      let think = LawSection(reading: reading).times(settings, "think")
      guard let users, let think else { return nil }
      return .closedLoop(ClosedLoop(users: users, think: think))
    default: return .poisson(rate)
    }
  }

  private func variation(_ settings: Fields) -> Double? {
    if !settings.has("cv") { settings.missing("cv", example: "1.5") }
    return settings.number("cv", in: 0.01...10)
  }

  private func states(_ settings: Fields) -> [RateState]? {
    guard settings.required("states", example: "[{multiple: 0.5, dwell: 60 s}, {multiple: 5, dwell: 5 s}]") != nil
    else { return nil }
    let listed = settings.elements("states")
    let states = listed.compactMap { element, path -> RateState? in
      let state = Fields(element, path: path, reading: reading)
      if !state.has("multiple") { state.missing("multiple", example: "2") }
      let multiple = state.number("multiple", in: 0...1e6)
      let dwell = state.required("dwell", Seconds.self, in: Seconds(0.01)...Seconds(31 * 86_400))
        .flatMap { Interval(seconds: $0.value) }
      state.finish()
      guard let multiple, let dwell else { return nil }
      return RateState(multiple: multiple, dwell: dwell)
    }
    guard 2...RateState.limit ~= listed.count,
      states.count < listed.count || states.contains(where: { $0.multiple > 0 })
    else {
      reading.diagnostics.error(
        at: settings.valuePlace(of: "states"), "the rate has nothing to change between",
        why: "there are 2 to \(RateState.limit) states, of which at least one has a multiple above 0",
        fix: "write 'states: [{multiple: 0.5, dwell: 60 s}, {multiple: 5, dwell: 5 s}]'")
      return nil
    }
    return states.count == listed.count ? states : nil
  }

  private func profile(_ settings: Fields) -> RateProfile? {
    let rates = rates(settings)
    let period = settings.quantity(
      "period", Seconds.self, in: Seconds(1)...Seconds(31 * 86_400), default: Seconds(86_400), because: "a day")
    let start = settings.quantity(
      "start", Seconds.self, in: Seconds(0)...Seconds(31 * 86_400), default: Seconds(0), because: "the period begins")
    let variation = settings.number("cv", in: 0.01...10, default: 1, because: "memoryless at the rate of the moment")
    guard let rates, let period, let start, let variation, let length = Interval(seconds: period.value),
      let offset = Interval(seconds: start.value)
    else { return nil }
    guard offset < length else {
      reading.diagnostics.error(
        at: settings.valuePlace(of: "start"), "the workload begins after the period",
        why: "\(start.text) is not before \(period.text)", fix: "write a time within the period")
      return nil
    }
    return RateProfile(period: length, rates: rates, variation: variation, start: offset)
  }

  private func rates(_ settings: Fields) -> [Double]? {
    guard settings.required("profile", example: "[1, 1, 2, 4, 4, 2]") != nil else { return nil }
    let listed = settings.elements("profile")
    let rates = listed.compactMap { element, _ in element.text.flatMap(Double.init) }
    let range = 0...1e9
    guard rates.count == listed.count, 1...RateProfile.limit ~= rates.count, rates.allSatisfy(range.contains),
      rates.contains(where: { $0 > 0 })
    else {
      let faulty = listed.first { !($0.element.text.flatMap(Double.init).map(range.contains) ?? false) }
      reading.diagnostics.error(
        at: faulty?.element.place ?? settings.valuePlace(of: "profile"), "the profile is no list of rates",
        why: "it has 1 to \(RateProfile.limit) numbers without unit, none below 0 and not all 0: what the parts of the "
          + "period are to each other",
        fix: "write 'profile: [1, 1, 2, 4, 4, 2]'")
      return nil
    }
    settings.note("profile", rates.map { exact($0) }.joined(separator: ", "), because: "")
    return rates
  }
}
