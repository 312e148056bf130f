import Cluster
import Ledger
import Units

extension Summary {
  /// Every figure as a row, in a fixed order: the cluster's by the keys of `Figure`, how each objective was met, then
  /// each tenant's ("tenant chat"), each pool's ("pool decode") and each path's ("path prefill -> decode"). What was not measured has no row.
  public var rows: [MetricRow] {
    var rows = Rows(scope: "cluster", duration: duration)
    for figure in Figure.all { rows.add(figure.key, figure.value(self), figure.unit.rawValue) }
    rows.add("events", events)
    if let slo { rows.add(slo) }
    for tenant in tenants { rows.add(tenant) }
    for pool in pools { rows.add(pool) }
    for transfer in transfers { rows.add(transfer) }
    return rows.all
  }
}

/// Rows under construction.
private struct Rows {
  var scope: String
  /// The length of the run.
  var duration: Seconds
  var all: [MetricRow] = []

  mutating func add(_ name: String, _ value: Double?, _ unit: String = "share") {
    guard let value else { return }
    all.append(MetricRow(scope: scope, name: name, value: value, unit: unit))
  }

  mutating func add(_ name: String, _ count: Int) { add(name, Double(count), "count") }

  mutating func add(_ slo: SLOOutcome) {
    var seen: Set<SLOClause> = []
    for verdict in slo.verdicts where seen.insert(verdict.clause).inserted {
      add("within \(verdict.clause.name)", verdict.share)
    }
  }

  mutating func add(_ tenant: TenantSummary) {
    scope = "tenant \(tenant.tenant.name)"
    add("requests", tenant.requests)
    add("completed", tenant.completed)
    add("output_tokens", tenant.outputTokens)
    for (name, times) in [("ttft", tenant.ttft), ("tpot", tenant.tpot), ("e2e", tenant.e2e)] {
      for (percentile, value) in [("p50", times?.p50), ("p90", times?.p90), ("p99", times?.p99)] {
        add("\(name)_\(percentile)_s", value, "s")
      }
    }
    add("attainment", tenant.slo?.attainment)
    add("goodput_per_s", tenant.slo?.goodput?.value, "/s")
    if let slo = tenant.slo { add(slo) }
  }

  mutating func add(_ pool: PoolSummary) {
    scope = "pool \(pool.name)"
    add("replicas", pool.replicas)
    add("steps", pool.totals.steps)
    add("prefill_steps", pool.totals.prefillSteps)
    add("decode_steps", pool.totals.decodeSteps)
    add("mean_decode_batch", pool.meanDecodeBatch, "count")
    add("mean_prefill_tokens", pool.meanPrefillTokens, "count")
    add("prefill_share", pool.prefillShare)
    add("decode_share", pool.decodeShare)
    add("mfu", pool.mfu)
    add("mbu", pool.mbu)
    add("kv_blocks", pool.blocks)
    add("kv_occupancy_mean", pool.meanOccupancy)
    add("kv_occupancy_peak", pool.peakOccupancy)
    add("preemptions", pool.preemptions)
    add("swapped_bytes", pool.swapped.value, "B")
    add("energy_j", pool.energy.value, "J")
    add("average_power_w", pool.averagePower.value, "W")
    add("price_usd_per_h", pool.price.value, "$/h")
    if let prefixes = pool.prefixes {
      add("prefix_blocks_looked_up", prefixes.lookedUpBlocks)
      add("prefix_blocks_found", prefixes.foundBlocks)
      add("prefix_tokens_saved", prefixes.savedTokens)
      add("prefix_blocks_evicted", prefixes.evictedBlocks)
    }
    for (name, share) in pool.time.named { add("time_share_\(name)", share) }
    if let placement = pool.placement { add(placement, time: duration.value * Double(pool.replicas)) }
  }

  private mutating func add(_ placement: PlacementSummary, time: Double) {
    for stream in placement.streams {
      add("busy-\(stream.name)", time > 0 ? stream.busy.seconds / time : nil)
      add("busy-seconds-\(stream.name)", stream.busy.seconds, "s")
      if stream.carries { add("bytes-\(stream.name)", Double(stream.bytes), "B") }
    }
    for holding in placement.holdings {
      add("held-\(holding.memory)", holding.bytes, "B")
      add("held-share-\(holding.memory)", holding.capacity > 0 ? holding.bytes / holding.capacity : nil)
    }
    for figure in placement.figures { add(figure.name, figure.value, figure.unit) }
  }

  mutating func add(_ transfer: TransferSummary) {
    scope = "path \(transfer.from) -> \(transfer.to)"
    add("count", transfer.count)
    add("bytes", transfer.bytes.value, "B")
    add("mean_bytes_per_s", transfer.meanBandwidth.value, "B/s")
    add("busy_s", transfer.busy.value, "s")
    add("exposed_s", transfer.exposed.value, "s")
  }
}
