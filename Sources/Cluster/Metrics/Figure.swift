import Units

/// One number of a summary under a stable name: what files, comparisons, claims and ledgers refer to.
public struct Figure: Sendable {
  /// What a figure counts, which decides how it is written.
  public enum Unit: String, Hashable, Sendable {
    case count
    case seconds = "s"
    case perSecond = "/s"
    case share
    case bytes = "B"
    case joules = "J"
    case watts = "W"
    case dollars = "$"
    case dollarsPerHour = "$/h"
    case dollarsPerMillionTokens = "$/Mtok"
  }

  /// Which way is better.
  public enum Better: Hashable, Sendable {
    /// Smaller values.
    case lower
    /// Larger values.
    case higher
    /// Neither.
    case neither
  }

  /// The name in files, its unit at the end: "ttft_p99_s".
  public let key: String
  /// The name in tables: "TTFT p99".
  public let title: String
  /// What it counts.
  public let unit: Unit
  /// Which way is better.
  public let better: Better
  /// The value in a summary; nil where nothing was measured.
  public let value: @Sendable (Summary) -> Double?

  init(
    _ key: String, _ title: String, _ unit: Unit, _ better: Better, _ value: @escaping @Sendable (Summary) -> Double?
  ) {
    self.key = key
    self.title = title
    self.unit = unit
    self.better = better
    self.value = value
  }

  /// Every figure, in the order in which files list them.
  public static let all: [Figure] = counts + rates + latencies + resources + prefixes + shares

  /// The figure named `key`; nil where there is none.
  public static func named(_ key: String) -> Figure? { all.first { $0.key == key } }

  private static let counts = [
    Figure("requests", "requests", .count, .neither) { Double($0.requests) },
    Figure("completed", "completed", .count, .higher) { Double($0.completed) },
    Figure("rejected", "rejected", .count, .lower) { Double($0.rejected) },
    Figure("prompt_tokens", "prompt tokens", .count, .neither) { Double($0.promptTokens) },
    Figure("output_tokens", "output tokens", .count, .neither) { Double($0.outputTokens) },
    Figure("duration_s", "duration", .seconds, .lower) { $0.duration.value },
    Figure("preemptions", "preemptions", .count, .lower) { Double($0.preemptions) },
  ]

  private static let prefixes = [
    Figure("prefix_hit_rate", "prefix hit rate", .share, .higher) { $0.prefixes?.hitRate },
    Figure("prefix_saved_tokens", "prompt tokens found", .count, .higher) {
      $0.prefixes.map { Double($0.savedTokens) }
    },
    Figure("prefix_saved_share", "share of prompts found", .share, .higher) { $0.prefixes?.savedShare },
  ]

  private static let rates = [
    Figure("requests_per_s", "requests/s", .perSecond, .higher) { $0.requestRate.value },
    Figure("output_tokens_per_s", "output tokens/s", .perSecond, .higher) { $0.outputTokenRate.value },
    Figure("tokens_per_s", "tokens/s", .perSecond, .higher) { $0.tokenRate.value },
    Figure("goodput_per_s", "goodput, requests/s", .perSecond, .higher) { $0.slo?.goodput?.value },
    Figure("attainment", "attainment", .share, .higher) { $0.slo?.attainment },
    Figure("slo_met", "SLO clauses met", .share, .higher) { $0.slo?.clausesMet },
  ]

  private static let latencies: [Figure] = {
    let metrics: [(String, String, @Sendable (Summary) -> Percentiles?)] = [
      ("queueing", "queueing", { $0.queueing }), ("ttft", "TTFT", { $0.ttft }), ("tpot", "TPOT", { $0.tpot }),
      ("itl", "ITL", { $0.itl }), ("e2e", "E2E", { $0.e2e }),
    ]
    let statistics: [(String, @Sendable (Percentiles) -> Double)] = [
      ("mean", { $0.mean }), ("p50", { $0.p50 }), ("p90", { $0.p90 }), ("p95", { $0.p95 }), ("p99", { $0.p99 }),
      ("p999", { $0.p999 }), ("max", { $0.max }),
    ]
    return metrics.flatMap { key, title, distribution in
      statistics.map { name, value in
        Figure("\(key)_\(name)_s", "\(title) \(name == "p999" ? "p99.9" : name)", .seconds, .lower) {
          distribution($0).map(value)
        }
      }
    }
  }()

  private static let resources = [
    Figure("transferred_bytes", "transferred", .bytes, .lower) { $0.transfers.reduce(0) { $0 + $1.bytes.value } },
    Figure("swapped_bytes", "swapped", .bytes, .lower) { $0.pools.reduce(0) { $0 + $1.swapped.value } },
    Figure("energy_j", "energy", .joules, .lower) { $0.energy.value },
    Figure("energy_per_output_token_j", "energy per output token", .joules, .lower) { $0.energyPerOutputToken?.value },
    Figure("average_power_w", "average power", .watts, .lower) { $0.averagePower.value },
    Figure("peak_power_w", "peak power", .watts, .lower) { $0.peakPower.value },
    Figure("price_usd_per_h", "price", .dollarsPerHour, .lower) { $0.price?.value },
    Figure("cost_usd", "cost", .dollars, .lower) { $0.cost },
    Figure("cost_usd_per_mtok_output", "cost of output", .dollarsPerMillionTokens, .lower) {
      $0.costPerMillionOutputTokens
    },
    Figure("cost_usd_per_mtok", "cost of all tokens", .dollarsPerMillionTokens, .lower) { $0.costPerMillionTokens },
  ]

  private static let shares = TimeShares().named.indices.dropLast().map { index in
    let name = TimeShares().named[index].name
    return Figure("latency_share_\(name)", "latency in \(name)", .share, .neither) { $0.latency.named[index].share }
  }
}
