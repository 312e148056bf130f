import Workload

extension TraceProfile {
  /// The profile in format `medley-trace/1`, `null` for what the trace does not say. Times are in seconds, rates per
  /// second, lengths in tokens; an octave k holds the lengths from 2^k to 2^(k+1) - 1.
  public func json(name: String) -> JSON {
    .object([
      .init("format", "medley-trace/1"), .init("file", .string(name)),
      .init("trace_format", .string(facts.format.rawValue)), .init("requests", .integer(requests)),
      .init("arrivals", facts.hasArrivals ? arrivals : .null),
      .init("prompt_tokens", lengths(prompts)), .init("output_tokens", lengths(outputs)),
      .init("rank_correlation", .optional(pairs.rankCorrelation)),
      .init("log_correlation", .optional(pairs.logCorrelation)),
      .init("prefixes", reuse.lookups > 0 ? prefixes : .null),
      .init("sessions", turns > 0 ? .integer(facts.sessions) : .null), .init("turns", .integer(turns)),
      .init("followers", .integer(followers)),
      .init(
        "tenants",
        .array(
          zip(facts.tenants, tenants).map { name, count in
            .object([.init("name", .string(name)), .init("requests", .integer(count))])
          })),
      .init("rows_left_out", .integer(facts.leftOut)), .init("lengths_estimated", .integer(facts.estimated)),
    ])
  }

  private var arrivals: JSON {
    let shares = [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999]
    return .object([
      .init("span_s", .number(span.seconds)), .init("rate_per_s", .number(rate.value)),
      .init("gap_mean_s", .number(gaps.mean)), .init("gap_cv", .number(gaps.variation)),
      .init("gap_neighbour_correlation", .number(gaps.neighbourCorrelation)),
      .init("gaps_of_zero", .integer(gaps.zeros)), .init("coarse_clock_s", .optional(coarseClock?.seconds)),
      .init(
        "gap_quantiles_s", .object(shares.map { .init(Self.percentile($0), .number(gaps.quantile($0))) })),
      .init(
        "windows",
        .array(
          zip(Self.windows, counts).map { seconds, counts in
            .object([
              .init("seconds", .number(seconds)), .init("whole", .integer(counts.windows)),
              .init("mean_per_s", .number(counts.mean / seconds)),
              .init("highest_per_s", .optional(peak(seconds)?.value)),
              .init("dispersion", .optional(dispersion(seconds))),
            ])
          })),
      .init("curve_bin_s", .number(Double(curve.width) * 1e-12)),
      .init("curve_requests", .array(curve.counts.map { .integer($0) })),
    ])
  }

  private func lengths(_ table: CountTable) -> JSON {
    let shares = [0, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1]
    return .object([
      .init("sum", .integer(table.sum)), .init("mean", .number(table.mean)), .init("cv", .number(table.variation)),
      .init(
        "quantiles",
        .object(zip(shares, table.quantiles(shares)).map { .init(Self.percentile($0), .integer(Int($1))) })),
      .init("octaves", .array(table.octaves.map { .integer($0) })),
    ])
  }

  private var prefixes: JSON {
    .object([
      .init("block_tokens", facts.blockUnit.map { .integer($0) } ?? .null), .init("looked_up", .integer(reuse.lookups)),
      .init("found", .integer(reuse.hits)), .init("hit_rate", .number(reuse.hitRate)),
      .init("requests_that_find", .integer(reuse.hitRequests)), .init("distinct", .integer(reuse.distinct)),
    ])
  }

  /// "p50", "p99.9".
  private static func percentile(_ share: Double) -> String { "p" + JSON.shortest((share * 1000).rounded() / 10) }
}
