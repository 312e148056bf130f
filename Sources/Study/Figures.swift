import Cluster
import Ledger
import Units

extension Summary {
  /// Every figure as a row, in a fixed order: the cluster's, each pool's ("pool decode"), each path's ("path prefill
  /// -> decode"). What was not measured has no row. Units are SI base units, shares have none.
  public var rows: [MetricRow] {
    var rows = Rows(scope: "cluster")
    rows.add("requests", requests)
    rows.add("completed", completed)
    rows.add("rejected", rejected)
    rows.add("prompt-tokens", promptTokens)
    rows.add("output-tokens", outputTokens)
    rows.add("duration", duration)
    rows.add("queueing", queueing)
    rows.add("ttft", ttft)
    rows.add("tpot", tpot)
    rows.add("itl", itl)
    rows.add("e2e", e2e)
    rows.add("request-rate", requestRate)
    rows.add("output-token-rate", outputTokenRate)
    rows.add("token-rate", tokenRate)
    if let slo { rows.add(slo) }
    rows.add("preemptions", preemptions)
    rows.add("peak-power", peakPower)
    rows.add("average-power", averagePower)
    rows.add("energy", energy)
    rows.add("energy-per-output-token", energyPerOutputToken)
    rows.add("price", price)
    rows.add("cost", cost, "$")
    rows.add("cost-per-million-output-tokens", costPerMillionOutputTokens, "$")
    rows.add("cost-per-million-tokens", costPerMillionTokens, "$")
    rows.add("latency-share", latency)
    rows.add("events", events)
    for pool in pools { rows.add(pool) }
    for transfer in transfers { rows.add(transfer) }
    return rows.all
  }
}

/// Rows under construction.
private struct Rows {
  var scope: String
  var all: [MetricRow] = []

  mutating func add(_ name: String, _ value: Double?, _ unit: String = "") {
    guard let value else { return }
    all.append(MetricRow(scope: scope, name: name, value: value, unit: unit))
  }

  mutating func add(_ name: String, _ count: Int) { add(name, Double(count)) }

  mutating func add<D: Dimension>(_ name: String, _ quantity: Quantity<D>?) { add(name, quantity?.value, D.symbol) }

  mutating func add(_ name: String, _ distribution: Percentiles?) {
    guard let distribution else { return }
    add("\(name)-mean", distribution.mean, "s")
    add("\(name)-p50", distribution.p50, "s")
    add("\(name)-p90", distribution.p90, "s")
    add("\(name)-p95", distribution.p95, "s")
    add("\(name)-p99", distribution.p99, "s")
    add("\(name)-p99.9", distribution.p999, "s")
    add("\(name)-max", distribution.max, "s")
  }

  mutating func add(_ name: String, _ shares: TimeShares) {
    for (part, share) in shares.named { add("\(name)-\(part)", share) }
  }

  mutating func add(_ slo: SLOOutcome) {
    add("slo-met", slo.isMet ? 1 : 0)
    add("attainment", slo.attainment)
    add("goodput", slo.goodput)
    var seen: Set<SLOClause> = []
    for verdict in slo.verdicts where seen.insert(verdict.clause).inserted {
      add("share of \(verdict.clause.name)", verdict.share)
    }
  }

  mutating func add(_ pool: PoolSummary) {
    scope = "pool \(pool.name)"
    add("replicas", pool.replicas)
    add("steps", pool.totals.steps)
    add("prefill-steps", pool.totals.prefillSteps)
    add("decode-steps", pool.totals.decodeSteps)
    add("mean-decode-batch", pool.meanDecodeBatch)
    add("mean-prefill-tokens", pool.meanPrefillTokens)
    add("mfu", pool.mfu)
    add("mbu", pool.mbu)
    add("prefill-share", pool.prefillShare)
    add("decode-share", pool.decodeShare)
    add("time-share", pool.time)
    add("kv-blocks", pool.blocks)
    add("kv-occupancy-mean", pool.meanOccupancy)
    add("kv-occupancy-peak", pool.peakOccupancy)
    add("preemptions", pool.preemptions)
    add("swapped", pool.swapped)
    add("energy", pool.energy)
    add("average-power", pool.averagePower)
    add("price", pool.price)
  }

  mutating func add(_ transfer: TransferSummary) {
    scope = "path \(transfer.from) -> \(transfer.to)"
    add("transfers", transfer.count)
    add("bytes", transfer.bytes)
    add("mean-bandwidth", transfer.meanBandwidth)
    add("busy", transfer.busy)
    add("exposed", transfer.exposed)
  }
}

/// Figures as text for other programs.
public enum Figures {
  /// The rows as a JSON object of scopes, each an object of names, each `{"value": ..., "unit": ...}`, in the order of
  /// the rows; a number that JSON cannot write is null.
  public static func json(_ rows: [MetricRow]) -> String {
    var scopes: [String] = []
    var scope: String?
    for row in rows {
      let value = row.value.isFinite ? "\(row.value)" : "null"
      let entry = "\(quoted(row.name)):{\"value\":\(value),\"unit\":\(quoted(row.unit))}"
      if row.scope == scope {
        scopes[scopes.count - 1] += "," + entry
      } else {
        scopes.append("\(quoted(row.scope)):{" + entry)
        scope = row.scope
      }
    }
    return "{" + scopes.map { $0 + "}" }.joined(separator: ",") + "}"
  }

  /// A text as a JSON string.
  public static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
