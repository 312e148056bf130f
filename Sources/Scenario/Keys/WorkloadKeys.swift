import Cluster
import Units
import Workload

extension KeyTable {
  private static let presets = Generator.Preset.allCases.map(\.rawValue)

  static let workload = [
    Key("trace", trace, "Recorded requests: a published trace, a file, or a file with its format."),
    Key("generator", .oneOf(generators), "The law of arrivals."),
    Key("rate", .quantity(Rate.self), "Requests a second on average; a trace is brought to it."),
    Key("rate-scale", .number(1e-6...1e6), "What the rate of a trace is multiplied by."),
    Key("first", .count(1...100_000_000), "Only so many requests from the beginning of a trace."),
    Key("window", .section(window), "Only the requests that arrive in this part of a trace."),
    Key("sample", .quantity(Fraction.self), "The share of a trace's requests that is kept; sessions are kept whole."),
    Key("max-prompt", .quantity(TokenCount.self), "Longer prompts are cut to this."),
    Key("max-output", .quantity(TokenCount.self), "Longer outputs are cut to this."),
    Key("lengths", lengths, "The lengths of prompts and outputs."),
    Key("requests", .count(1...TraceReader.rowLimit), "How many requests are drawn."),
    Key("duration", .quantity(Seconds.self), "For how long requests are drawn."),
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

  private static let generators =
    [
      Alternative("constant", "Equal gaps."),
      Alternative(
        "gamma", "Gaps of a gamma law.",
        settings: [Key("cv", .number(0.01...10), "Their coefficient of variation.", isRequired: true)]),
      Alternative("poisson", "Memoryless arrivals."),
    ] + presets.map { Alternative($0, "Rate, gaps and lengths like those of the published trace.") }

  private static let lengths = Shape.either([
    .choice(presets),
    .section([
      Key("resample", .section(resample), "Lengths of a trace's requests, drawn with replacement."),
      Key("prompt", law, "Tokens of a prompt."),
      Key("output", law, "Tokens of an output."),
    ]),
  ])

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
        ])
    ]),
  ])

  static let objectives =
    SLOMetric.allCases.map { metric in
      Key(metric.rawValue, metric == .itl ? gapBound : bound, Self.summary(metric))
    } + [
      Key("attainment", .quantity(Fraction.self), "The share of requests that bounds without percentile hold for."),
      Key("strict", .flag, "Whether a value equal to its bound is too late."),
      Key("reference", .section(reference), "What slowdowns are counted against, without load."),
    ]

  private static let percentile = #"^p[0-9]+(\.[0-9]+)?$"#
  private static let bound = Shape.either([
    .quantity(Seconds.self), .quantity(Slowdown.self),
    .entries(named: percentile, .either([.quantity(Seconds.self), .quantity(Slowdown.self)])),
  ])
  private static let gapBound = Shape.either([
    .quantity(Seconds.self), .entries(named: percentile, .quantity(Seconds.self)),
  ])

  private static func summary(_ metric: SLOMetric) -> String {
    switch metric {
    case .ttft: "A bound of the time to the first token, or one for each percentile."
    case .tpot: "A bound of the mean time between a request's tokens, or one for each percentile."
    case .itl: "A bound of the gaps between tokens, or one for each percentile."
    case .e2e: "A bound of the time to the last token, or one for each percentile."
    }
  }

  private static let reference =
    [
      Key("device", .name(.device), "The device.", isRequired: true)
    ] + layout
}
