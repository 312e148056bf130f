import Cluster
import Models
import Units

extension Summary {
  /// The summary as JSON in format `medley-summary/1`: keys in a fixed order, each with its unit at its end
  /// (`_s` seconds, `_j` joules, `_w` watts, `_usd` dollars, `_bytes`; shares are from 0 to 1), `null` for what was
  /// not measured. Fingerprints are 16 hexadecimal digits.
  public func json(name: String) -> JSON {
    .object([
      .init("format", "medley-summary/1"),
      .init("name", .string(name)),
      .init("figures", .object(Figure.all.map { .init($0.key, .optional($0.value(self))) })),
      .init("slo", slo?.json ?? .null),
      .init("tenants", .array(tenants.map(\.json))),
      .init("pools", .array(pools.map(\.json))),
      .init("transfers", .array(transfers.map(\.json))),
      .init("latency_shares", latency.json),
      .init("events", .integer(events)),
      .init(
        "fingerprints",
        .object([
          .init("trajectory", .string(hexadecimal(fingerprints.trajectory))),
          .init("decisions", .string(hexadecimal(fingerprints.decisions))),
          .init("metrics", .string(hexadecimal(fingerprints.metrics))),
        ])),
    ])
  }

}

extension SLOOutcome {
  fileprivate var json: JSON {
    .object([
      .init("is_met", .bool(isMet)),
      .init("attained", attained.map { .integer($0) } ?? .null),
      .init("attainment", .optional(attainment)),
      .init("goodput_per_s", .optional(goodput?.value)),
      .init(
        "clauses",
        .array(
          verdicts.map { verdict in
            let key =
              switch verdict.clause.bound {
              case .absolute: "measured_s"
              case .slowdown: "measured_slowdown"
              }
            return .object([
              .init("clause", .string(verdict.clause.name)), .init(key, .optional(verdict.measured)),
              .init("share_within", .number(verdict.share)), .init("is_met", .bool(verdict.isMet)),
            ])
          })),
    ])
  }
}

extension TenantSummary {
  fileprivate var json: JSON {
    .object([
      .init("name", .string(tenant.name)), .init("priority", .integer(tenant.priority)),
      .init("requests", .integer(requests)), .init("completed", .integer(completed)),
      .init("rejected", .integer(rejected)), .init("output_tokens", .integer(outputTokens)),
      .init("ttft", ttft?.json ?? .null), .init("tpot", tpot?.json ?? .null), .init("e2e", e2e?.json ?? .null),
      .init("slo", slo?.json ?? .null),
    ])
  }
}

extension Percentiles {
  fileprivate var json: JSON {
    .object([
      .init("mean_s", .number(mean)), .init("p50_s", .number(p50)), .init("p90_s", .number(p90)),
      .init("p95_s", .number(p95)), .init("p99_s", .number(p99)), .init("p999_s", .number(p999)),
      .init("max_s", .number(max)),
    ])
  }
}

extension PoolSummary {
  fileprivate var json: JSON {
    .object([
      .init("name", .string(name)),
      .init("replicas", .integer(replicas)),
      .init("steps", .integer(totals.steps)),
      .init("prefill_steps", .integer(totals.prefillSteps)),
      .init("decode_steps", .integer(totals.decodeSteps)),
      .init("mean_decode_batch", .number(meanDecodeBatch)),
      .init("mean_prefill_tokens", .number(meanPrefillTokens)),
      .init("prefill_share", .number(prefillShare)),
      .init("decode_share", .number(decodeShare)),
      .init("mfu", .optional(mfu)),
      .init("mbu", .optional(mbu)),
      .init("operations_per_device", .optional(work?.operations)),
      .init("memory_bytes_per_device", .optional(work?.memoryBytes)),
      .init("link_bytes_per_device", .optional(work?.linkBytes)),
      .init("kv_blocks", .integer(blocks)),
      .init("kv_occupancy_mean", .number(meanOccupancy)),
      .init("kv_occupancy_peak", .number(peakOccupancy)),
      .init("kv_occupancy_series", .array(occupancy.map { .number($0) })),
      .init("preemptions", .integer(preemptions)),
      .init("swapped_bytes", .number(swapped.value)),
      .init("prefix_cache", prefixes?.json ?? .null),
      .init("energy_j", .number(energy.value)),
      .init("average_power_w", .number(averagePower.value)),
      .init("price_usd_per_h", .number(price.value)),
      .init("time_shares", time.json),
      .init("placement", placement?.json ?? .null),
    ])
  }
}

extension PrefixTotals {
  fileprivate var json: JSON {
    .object([
      .init("blocks_looked_up", .integer(lookedUpBlocks)), .init("blocks_found", .integer(foundBlocks)),
      .init("hit_rate", .optional(hitRate)), .init("tokens_looked_up", .integer(lookedUpTokens)),
      .init("tokens_saved", .integer(savedTokens)), .init("saved_share", .optional(savedShare)),
      .init("tokens_regained", .integer(regainedTokens)), .init("blocks_evicted", .integer(evictedBlocks)),
    ])
  }
}

extension TransferSummary {
  fileprivate var json: JSON {
    .object([
      .init("from", .string(from)), .init("to", .string(to)), .init("count", .integer(count)),
      .init("bytes", .number(bytes.value)), .init("mean_bytes_per_s", .number(meanBandwidth.value)),
      .init("busy_s", .number(busy.value)), .init("exposed_s", .number(exposed.value)),
    ])
  }
}

extension TimeShares {
  fileprivate var json: JSON { .object(named.map { .init($0.name, .number($0.share)) }) }
}

/// 16 hexadecimal digits.
func hexadecimal(_ value: UInt64) -> String {
  let digits = String(value, radix: 16)
  return String(repeating: "0", count: 16 - digits.count) + digits
}
