import Units

extension KeyTable {
  private static let mark = Key(
    "mark", .choice(Claim.Mark.allCases.map(\.rawValue)),
    "Where it was read: A abstract, P paper, F file of the artifact, D documentation, N third-party note, R recalled.",
    isRequired: true)
  private static let source = Key("source", .text, "The citation.", isRequired: true)
  private static let figure = Shape.number(-1e15...1e15)

  /// The keys of a claim.
  static let claim = [
    Key("name", .text, "A name for fitted parameters to refer to."),
    Key("says", .text, "The claim in words."),
    Key(
      "metric", .either([.choice(Claim.metrics), .text]),
      "What is measured: of the cluster, or any row of the results of a pool, path or tenant.", isRequired: true),
    Key("pool", .name(.pool), "The pool whose figure it is."),
    Key("path", .text, "The path between two pools whose figure it is: prefill -> decode."),
    Key("tenant", .text, "The tenant whose figure it is."),
    Key("over-pool", .name(.pool), "The pool of 'over', where it has another name."),
    Key("per", .text, "A figure by which the metric is divided on each variant."),
    Key("times", .text, "A figure by which the metric is multiplied on each variant."),
    Key("of", .list(.name(.variant)), "The variant it is measured on, or several in order.", isRequired: true),
    Key("over", .list(.name(.variant)), "What it is compared with: one variant for all, or one for each."),
    Key(
      "as", .choice(Claim.Comparison.allCases.map(\.rawValue)),
      "How it is compared: ratio unless given, difference, saving (1 - ratio), or recovery of a gap between two."),
    Key("take", .choice(Claim.Taking.allCases.map(\.rawValue)), "What is taken of several variants."),
    Key("at", .list(figure), "A number for each variant, upwards: a batch, a size, a rate."),
    Key(
      "level", .either([figure, .text]), "What the figures cross: a number, or a multiple of the first as in 1.1x."),
    Key("published", figure, "The published figure."),
    mark, source,
    Key(
      "also", .list(.section([Key("value", figure, "The figure.", isRequired: true), mark, source])),
      "The same figure as other versions or files state it."),
    Key(
      "within", .either([.range, .spelled("^ *[0-9.]+ *%$")]),
      "The figures that count as reproduced, or how far from the published one they may be."),
    Key("at-least", figure, "The least figure that counts as reproduced."),
    Key("at-most", figure, "The greatest figure that counts as reproduced."),
    Key("reason", .text, "Why the result is not within, as far as we know."),
  ]

  /// The keys of a free parameter.
  static let free = [
    Key("path", .text, "The path of the setting.", isRequired: true),
    Key("value", .text, "Its value, which is laid over the variants.", isRequired: true),
    Key("range", .list(.text), "The least and the greatest that it may have been.", isRequired: true),
    Key("variants", .list(.name(.variant)), "The variants it concerns, all that have its pool unless given."),
    Key("source", .text, "Where the value comes from.", isRequired: true),
    Key("note", .text, "What else is to be said of it."),
    Key("fitted-to", .text, "The name of the claim that it was fitted to, which does not count then."),
  ]
}
