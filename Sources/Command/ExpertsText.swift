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

  /// Tokens that were decoded.
  private var decoded: Double { Double(load.requests) * Double(load.tokens) }

  /// A line for each share, a column of hit rates for each policy.
  func text(style: Style) -> String {
    let routing = isRecorded ? "recorded routing" : "seed \(seed)"
    let title =
      "\(model): \(shape.layers) layers of \(shape.experts) experts, \(shape.perToken) a token, "
      + "\(NumberText.bytes(bytes)) each; \(NumberText.count(load.requests)) requests of "
      + "\(NumberText.count(load.tokens)) tokens, \(load.batch) at a time, \(routing)\n"
    var names: [String] = []
    for point in points where !names.contains(point.policy) { names.append(point.policy) }
    var table = Table(["hits of a cache", "slots", "GB"] + names)
    for first in stride(from: 0, to: points.count, by: max(1, names.count)) {
      let row = points[first..<first + names.count]
      table.add(
        [
          NumberText.percent(points[first].share), NumberText.count(points[first].slots),
          NumberText.fixed(Double(points[first].slots) * bytes / 1e9, 1),
        ] + row.map { NumberText.percent($0.totals.hitRate) })
    }
    return title + table.text(style: style)
  }

  /// The document of `medley experts --json`.
  var json: JSON {
    .object([
      .init("format", .string("medley-experts/1")), .init("model", .string(model)),
      .init("layers", .integer(shape.layers)), .init("experts", .integer(shape.experts)),
      .init("experts_per_token", .integer(shape.perToken)), .init("expert_bytes", .number(bytes)),
      .init("caches", .array(points.map(json))),
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
