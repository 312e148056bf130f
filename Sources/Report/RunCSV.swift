import Cluster
import Units
import Workload

/// The files of a run as comma-separated values.
///
/// Each begins with a header whose names end in their units; a field is empty where nothing was measured. Bytes go to
/// a sink in pieces, so that no file is held whole.
public enum RunCSV {
  /// Takes the next bytes of a file.
  public typealias Sink = ([UInt8]) throws -> Void

  /// `requests.csv`: a line for each request in the order of the workload, times exact to the picosecond.
  public static func writeRequests(
    _ trace: Trace, _ summary: Summary, _ result: RunResult, to sink: Sink
  ) rethrows {
    var csv = CSV([
      "request", "arrival_s", "prompt_tokens", "output_tokens", "status", "queueing_s", "ttft_s", "tpot_s", "e2e_s",
      "preemptions", "prefill_replica", "decode_replica", "tenant",
    ])
    let outcomes = result.outcomes
    for (index, request) in trace.requests.enumerated() {
      let latency = RequestLatency(request, index, outcomes)
      csv.add(index)
      csv.add(picoseconds: request.arrival.picoseconds)
      csv.add(Int(request.promptTokens))
      csv.add(Int(request.outputTokens))
      csv.add(latency == nil ? "rejected" : "completed")
      csv.add(picoseconds: latency?.queueing)
      csv.add(picoseconds: latency?.ttft)
      csv.add(picoseconds: latency?.tpot)
      csv.add(picoseconds: latency?.e2e)
      csv.add(Int(outcomes.preemptions[index]))
      csv.add(Int(outcomes.prefillReplica[index]))
      csv.add(Int(outcomes.decodeReplica[index]))
      csv.add(summary.tenants.isEmpty ? "" : summary.tenants[Int(trace.tenants[index])].tenant.name)
      csv.endLine()
      try csv.flush(to: sink)
    }
    try csv.flush(ifOver: 0, to: sink)
  }

  /// `occupancy.csv`: blocks in use by replica and moment.
  public static func writeOccupancy(_ cluster: ClusterDescription, _ result: RunResult, to sink: Sink) rethrows {
    var csv = CSV(["replica", "pool", "time_s", "blocks", "occupancy"])
    for (index, replica) in result.replicas.enumerated() {
      let pool = cluster.pools[replica.pool]
      for sample in replica.occupancy {
        csv.add(index)
        csv.add(pool.name)
        csv.add(picoseconds: sample.instant.picoseconds)
        csv.add(Int(sample.blocks))
        csv.add(Double(sample.blocks) / Double(max(1, pool.engine.cache.blocks)))
        csv.endLine()
        try csv.flush(to: sink)
      }
    }
    try csv.flush(ifOver: 0, to: sink)
  }

  /// `tenants.csv`: a line for each tenant.
  public static func writeTenants(_ summary: Summary, to sink: Sink) rethrows {
    let metrics = ["ttft", "tpot", "e2e"].flatMap { name in ["mean", "p50", "p90", "p99"].map { "\(name)_\($0)_s" } }
    var csv = CSV(
      ["tenant", "priority", "requests", "completed", "rejected", "output_tokens"] + metrics
        + ["attainment", "goodput_per_s", "slo_met"])
    for tenant in summary.tenants {
      csv.add(tenant.tenant.name)
      csv.add(tenant.tenant.priority)
      csv.add(tenant.requests)
      csv.add(tenant.completed)
      csv.add(tenant.rejected)
      csv.add(tenant.outputTokens)
      for values in [tenant.ttft, tenant.tpot, tenant.e2e] {
        for value in [values?.mean, values?.p50, values?.p90, values?.p99] { csv.add(value) }
      }
      csv.add(tenant.slo?.attainment)
      csv.add(tenant.slo?.goodput?.value)
      csv.add(tenant.slo.map { $0.isMet ? "true" : "false" } ?? "")
      csv.endLine()
      try csv.flush(to: sink)
    }
    try csv.flush(ifOver: 0, to: sink)
  }

  /// `pools.csv`: a line for each pool.
  public static func writePools(_ summary: Summary, to sink: Sink) rethrows {
    let shares = TimeShares().named.map(\.name).filter { $0 != "queue" && $0 != "transfer" }
    var csv = CSV(
      [
        "pool", "replicas", "steps", "prefill_steps", "decode_steps", "mean_decode_batch", "mean_prefill_tokens",
        "prefill_share", "decode_share", "mfu", "mbu", "kv_blocks", "kv_occupancy_mean", "kv_occupancy_peak",
        "preemptions", "swapped_bytes", "link_bytes_per_device", "energy_j", "average_power_w", "price_usd_per_h",
      ] + shares.map { "time_share_\($0)" }
        + ["prefix_blocks_looked_up", "prefix_blocks_found", "prefix_tokens_saved", "prefix_blocks_evicted"])
    for pool in summary.pools {
      csv.add(pool.name)
      for count in [pool.replicas, pool.totals.steps, pool.totals.prefillSteps, pool.totals.decodeSteps] {
        csv.add(count)
      }
      for value in [
        pool.meanDecodeBatch, pool.meanPrefillTokens, pool.prefillShare, pool.decodeShare, pool.mfu, pool.mbu,
      ] as [Double?] {
        csv.add(value)
      }
      csv.add(pool.blocks)
      csv.add(pool.meanOccupancy)
      csv.add(pool.peakOccupancy)
      csv.add(pool.preemptions)
      for value in [
        pool.swapped.value, pool.work?.linkBytes, pool.energy.value, pool.averagePower.value, pool.price.value,
      ] as [Double?] {
        csv.add(value)
      }
      for entry in pool.time.named where shares.contains(entry.name) { csv.add(entry.share) }
      let did = pool.prefixes
      for count in [did?.lookedUpBlocks, did?.foundBlocks, did?.savedTokens, did?.evictedBlocks] {
        csv.add(count.map { Double($0) })
      }
      csv.endLine()
    }
    try csv.flush(ifOver: 0, to: sink)
  }

  /// `transfers.csv`: a line for each path between pools.
  public static func writeTransfers(_ summary: Summary, to sink: Sink) rethrows {
    var csv = CSV(["from", "to", "count", "bytes", "mean_bytes_per_s", "busy_s", "exposed_s"])
    for transfer in summary.transfers {
      csv.add(transfer.from)
      csv.add(transfer.to)
      csv.add(transfer.count)
      csv.add(transfer.bytes.value)
      csv.add(transfer.meanBandwidth.value)
      csv.add(transfer.busy.value)
      csv.add(transfer.exposed.value)
      csv.endLine()
    }
    try csv.flush(ifOver: 0, to: sink)
  }

  /// `summary.csv`: a line for each run, a column for each figure.
  public static func writeSummaries(_ runs: [(name: String, summary: Summary)], to sink: Sink) rethrows {
    var csv = CSV(["run"] + Figure.all.map(\.key))
    for run in runs {
      csv.add(run.name)
      for figure in Figure.all { csv.add(figure.value(run.summary)) }
      csv.endLine()
    }
    try csv.flush(ifOver: 0, to: sink)
  }
}
