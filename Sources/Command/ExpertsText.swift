import Cluster
import Models
import Report
import Study

/// What `medley experts` shows.
struct ExpertsText {
  var model: String
  var shape: ExpertShape
  var load: ExpertCaching.Load
  var seed: UInt64
  /// Whether the routing is a recorded one.
  var isRecorded: Bool
  /// Bytes of one expert.
  var bytes: Double
  /// In the order of shares, and of policies within each.
  var points: [ExpertCaching.Point]
  /// The most hits of any policy, by share.
  var bounds: [Int]

  /// Tokens that were decoded.
  private var decoded: Double { Double(load.requests) * Double(load.tokens) }

  /// A line for each share, a column of hit rates for each policy and one for what bounds them.
  func text(style: Style) -> String {
    let routing = isRecorded ? "recorded routing" : "seed \(seed)"
    let title =
      "\(model): \(shape.layers) layers of \(shape.experts) experts, \(shape.perToken) a token, "
      + "\(NumberText.bytes(bytes)) each; \(NumberText.count(load.requests)) requests of "
      + "\(NumberText.count(load.tokens)) tokens, \(load.batch) at a time, \(routing)\n"
    var table = Table(["hits of a cache", "slots", "GB"] + (rows.first?.points.map(\.policy) ?? []) + ["bound"])
    for (first, points, bound) in rows {
      table.add(
        [
          NumberText.percent(first.share), NumberText.count(first.slots),
          NumberText.fixed(Double(first.slots) * bytes / 1e9, 1),
        ] + points.map { NumberText.percent($0.totals.hitRate) } + [NumberText.percent(bound)])
    }
    return title + table.text(style: style)
  }

  /// The points of each share, the first of them apart too, and the highest hit rate there.
  private var rows: [(first: ExpertCaching.Point, points: ArraySlice<ExpertCaching.Point>, bound: Double)] {
    let width = points.count / max(1, bounds.count)
    return bounds.enumerated().compactMap { index, most in
      let row = points[index * width..<(index + 1) * width]
      guard let first = row.first else { return nil }
      return (first, row, Double(most) / Double(max(1, first.totals.hits + first.totals.misses)))
    }
  }

  /// The document of `medley experts --json`.
  var json: JSON {
    .object([
      .init("format", .string("medley-experts/1")), .init("model", .string(model)),
      .init("layers", .integer(shape.layers)), .init("experts", .integer(shape.experts)),
      .init("experts_per_token", .integer(shape.perToken)), .init("expert_bytes", .number(bytes)),
      .init("caches", .array(points.map(json))),
      .init(
        "bounds",
        .array(
          rows.map { first, _, bound in
            .object([
              .init("share", .number(first.share)), .init("slots", .integer(first.slots)),
              .init("hit_rate", .number(bound)),
            ])
          })),
    ])
  }

  private func json(_ point: ExpertCaching.Point) -> JSON {
    let totals = point.totals
    return .object([
      .init("share", .number(point.share)), .init("slots", .integer(point.slots)),
      .init("evict", .string(point.policy)), .init("hit_rate", .number(totals.hitRate)),
      .init("hits", .integer(totals.hits)), .init("misses", .integer(totals.misses)),
      .init("streamed", .integer(totals.streamed)), .init("evictions", .integer(totals.evictions)),
      .init("fetched_bytes_per_token", .number(Double(totals.fetches) * bytes / decoded)),
    ])
  }
}
