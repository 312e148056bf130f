import Cluster
import Units

extension KeyTable {
  /// What a tenant may be promised.
  static let promises =
    SLOMetric.allCases.map { metric in
      Key(metric.rawValue, metric == .itl ? gapBound : bound, Self.summary(metric))
    } + [
      Key("attainment", .quantity(Fraction.self), "The share of requests that bounds without percentile hold for."),
      Key("strict", .flag, "Whether a value equal to its bound is too late."),
    ]

  static let objectives =
    promises + [Key("reference", .section(reference), "What slowdowns are counted against, without load.")]

  static let percentile = #"^p[0-9]+(\.[0-9]+)?$"#
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
