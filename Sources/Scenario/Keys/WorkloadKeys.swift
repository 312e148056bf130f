import Units
import Workload

extension KeyTable {
  private static let presets = Generator.Preset.allCases.map(\.rawValue)

  static let workload =
    source + [
      Key("tenants", .entries(named: "", .section(tenant)), "Those who send the requests, by name."),
      Key(
        "clock", .choice(["own", "shared"]),
        "Whether each of several traces begins with its first request, or all keep what their clocks say of each other."
      ),
    ]

  private static let source = [
    Key("trace", trace, "Recorded requests: a published trace, a file, or a file with its format."),
    Key("generator", .oneOf(generators), "The law of arrivals."),
    Key(
      "rate", .quantity(Rate.self),
      "Requests a second on average, further turns and samples counted; a trace is brought to it."),
    Key("rate-scale", .number(1e-6...1e6), "What the rate of a trace is multiplied by."),
    Key("first", .count(1...100_000_000), "Only so many requests from the beginning of a trace."),
    Key("window", .section(window), "Only the requests that arrive in this part of a trace."),
    Key("sample", .quantity(Fraction.self), "The share of a trace's requests that is kept; sessions are kept whole."),
    Key("max-prompt", .quantity(TokenCount.self), "Longer prompts are cut to this."),
    Key("max-output", .quantity(TokenCount.self), "Longer outputs are cut to this."),
    Key("lengths", lengths, "The lengths of prompts and outputs."),
    Key("system-prompt", .quantity(TokenCount.self), "Tokens that all prompts begin with, besides their own."),
    Key("samples", .count(1...1024), "Requests of each prompt, which come together with outputs of their own."),
    Key("sessions", .section(sessions), "What makes each arrival the first turn of a conversation."),
    Key("requests", .count(1...TraceReader.rowLimit), "How many requests are drawn."),
    Key("duration", .quantity(Seconds.self), "For how long requests are drawn."),
  ]

  private static let tenant = [
    Key("share", .quantity(Fraction.self), "Its share of the whole workload's requests; sessions are kept whole."),
    Key("workload", .section(source), "Where its requests come from, instead of a share."),
    Key("priority", .count(-1000...1000), "Requests of higher numbers go first wherever several wait."),
    Key("slo", .section(promises), "What is asked of its latencies, instead of the scenario's SLO."),
  ]

  private static let trace = Shape.either([
    .name(.trace),
    .section([
      Key("path", .name(.file), "A file beside the scenario or under a data root.", isRequired: true),
      Key("format", .choice(TraceFormat.allCases.map(\.rawValue)), "Its layout; told by its first line unless given."),
    ]),
  ])

  private static let window = [
    Key("from", .quantity(Seconds.self), "Where it begins; the start of the trace unless given."),
    Key("to", .quantity(Seconds.self), "Where it ends.", isRequired: true),
  ]

  private static let variation = Key("cv", .number(0.01...10), "Their coefficient of variation.", isRequired: true)

  private static let generators =
    [
      Alternative(
        "closed-loop", "Users who wait for their answer, and think before they ask again.",
        settings: [
          Key("users", .count(1...1_000_000), "How many there are.", isRequired: true),
          Key("think", times, "How long each thinks before the first and after every answer.", isRequired: true),
        ]),
      Alternative("constant", "Equal gaps."),
      Alternative("diurnal", "A rate that follows a profile over and over.", settings: diurnal),
      Alternative("gamma", "Gaps of a gamma law.", settings: [variation]),
      Alternative(
        "mmpp", "Memoryless at a rate that changes between states: a Markov-modulated Poisson process.",
        settings: [Key("states", .list(.section(state)), "The states, two or more.", isRequired: true)]),
      Alternative("poisson", "Memoryless arrivals."),
      Alternative("weibull", "Gaps of a Weibull law.", settings: [variation]),
    ] + presets.map { Alternative($0, "Rate, gaps and lengths like those of the published trace.") }

  private static let diurnal = [
    Key(
      "profile", .list(.number(0...1e9)), "Rates of the equal parts of a period, of which only the ratios count.",
      isRequired: true),
    Key("period", .quantity(Seconds.self), "The length of a period; a day unless given."),
    Key("start", .quantity(Seconds.self), "Where in the period the workload begins."),
    Key("cv", .number(0.01...10), "How bursty arrivals are at the rate of the moment; 1, memoryless, unless given."),
  ]

  private static let state = [
    Key("multiple", .number(0...1e6), "The rate in this state, of which only the ratios count.", isRequired: true),
    Key("dwell", .quantity(Seconds.self), "The mean time that the rate stays so.", isRequired: true),
  ]

  private static let sessions = [
    Key("turns", turns, "How many turns a session has.", isRequired: true),
    Key("think", times, "How long users read and think after an answer.", isRequired: true),
    Key(
      "max-context", .quantity(TokenCount.self),
      "A session ends before a turn whose prompt and output would have more than this."),
  ]

  private static let turns = Shape.either([
    .count(1...TurnLaw.limit),
    .oneOf([
      Alternative(
        "geometric", "A session goes on with the same chance after every turn.",
        settings: [Key("mean", .number(1...100), "Turns on average.", isRequired: true)]),
      Alternative(
        "quantiles", "A measured law, by its percentiles from p0 to p100.",
        .entries(named: percentile, .count(1...TurnLaw.limit))),
    ]),
  ])

  private static let times = Shape.either([
    .quantity(Seconds.self),
    .oneOf([
      Alternative(
        "exponential", "An exponential law.",
        settings: [Key("mean", .quantity(Seconds.self), "Its mean.", isRequired: true)]),
      Alternative(
        "lognormal", "A lognormal law.",
        settings: [
          Key("mean", .quantity(Seconds.self), "Its mean.", isRequired: true),
          Key("cv", .number(0...100), "Its coefficient of variation.", isRequired: true),
        ]),
      Alternative(
        "quantiles", "A measured law, by its percentiles from p0 to p100.",
        .entries(named: percentile, .quantity(Seconds.self))),
    ]),
  ])

  private static let lengths = Shape.either([
    .choice(presets),
    .section([
      Key("resample", .section(resample), "Lengths of a trace's requests, drawn with replacement."),
      Key("pairs", .list(pair), "Prompts, outputs and weights that belong together."),
      Key("prompt", law, "Tokens of a prompt; of a turn's question in a session."),
      Key("output", law, "Tokens of an output."),
    ]),
  ])

  private static let pair = Shape.list(.either([.quantity(TokenCount.self), .number(0...1e12)]))

  private static let resample = [
    Key("trace", trace, "Whose requests.", isRequired: true),
    Key("independent", .flag, "Whether prompt and output come from different requests."),
  ]

  private static let law = Shape.either([
    .quantity(TokenCount.self),
    .oneOf([
      Alternative(
        "lognormal", "A lognormal law.",
        settings: [
          Key("mean", .quantity(TokenCount.self), "Its mean.", isRequired: true),
          Key("cv", .number(0...100), "Its coefficient of variation.", isRequired: true),
          Key("max", .quantity(TokenCount.self), "The longest that is drawn.", isRequired: true),
        ]),
      Alternative(
        "quantiles", "A measured law, by its percentiles from p0 to p100.",
        .entries(named: percentile, .quantity(TokenCount.self))),
    ]),
  ])
}
