import Cluster
import Units

extension Summary {
  /// The run as a page of at most 100 columns: latencies, throughput, energy, cost, pools, transfers and SLO.
  ///
  /// Ends with a line feed. What was not measured stands as "-".
  public func text(name: String, style: Style = .plain) -> String {
    let sections = [
      [headline(name, style)], latencyLines(style), totalLines(style), poolLines(style), placementLines(style),
      cacheLines(style),
      prefixLines(style), transferLines(style), tenantLines(style), sloLines(style),
    ]
    return sections.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") + "\n" }.joined(separator: "\n")
  }

  private func headline(_ name: String, _ style: Style) -> String {
    let replicas = pools.reduce(0) { $0 + $1.replicas }
    let served = "\(NumberText.count(completed)) of \(NumberText.count(requests)) requests"
    let refused = rejected > 0 ? ", " + style.bad("\(NumberText.count(rejected)) rejected") : ""
    return style.strong(name.shortened(to: 40)) + ": \(served) in \(NumberText.duration(duration.value)) on "
      + "\(NumberText.count(replicas)) \(replicas == 1 ? "replica" : "replicas")\(refused)"
  }

  private func latencyLines(_ style: Style) -> [String] {
    var table = Table(["latency", "mean", "p50", "p90", "p95", "p99", "p99.9", "max"])
    for (title, distribution) in [
      ("queueing", queueing), ("TTFT", ttft), ("TPOT", tpot), ("ITL", itl), ("E2E", e2e),
    ] {
      let values = distribution.map { [$0.mean, $0.p50, $0.p90, $0.p95, $0.p99, $0.p999, $0.max] }
      let cells = values?.map { Table.Cell(NumberText.time($0)) } ?? Array(repeating: "-", count: 7)
      table.add([Table.Cell(title)] + cells)
    }
    return table.lines(style)
  }

  private func totalLines(_ style: Style) -> [String] {
    var table = Table(["totals", ""], leading: [0, 1])
    let rates = [(requestRate, "requests/s"), (outputTokenRate, "output tokens/s"), (tokenRate, "tokens/s")]
    table.add([
      "throughput", Table.Cell(rates.map { "\(NumberText.significant($0.0.value)) \($0.1)" }.joined(separator: ", ")),
    ])
    if let goodput = slo?.goodput, let attainment = slo?.attainment {
      table.add([
        "goodput",
        "\(NumberText.significant(goodput.value)) requests/s, \(NumberText.percent(attainment)) of all within the SLO",
      ])
    }
    if energy.value > 0 {
      let each = energyPerOutputToken.map { ", \(NumberText.energy($0.value)) per output token" } ?? ""
      table.add([
        "energy",
        """
        \(NumberText.energy(energy.value)), \(NumberText.power(averagePower.value)) on average, \
        \(NumberText.power(peakPower.value)) at most\(each)
        """,
      ])
    }
    if let price, let cost {
      let output = costPerMillionOutputTokens.map { ", \(NumberText.money($0))/Mtok of output" } ?? ""
      let all = costPerMillionTokens.map { ", \(NumberText.money($0))/Mtok of all" } ?? ""
      table.add(["cost", "\(NumberText.money(price.value))/h, \(NumberText.money(cost)) the run\(output)\(all)"])
    }
    let spent = latency.named.enumerated().filter { $0.element.share >= 0.0005 }
      .sorted { ($1.element.share, $0.offset) < ($0.element.share, $1.offset) }.map(\.element)
    if !spent.isEmpty {
      let shares = spent.map { "\($0.name) \(NumberText.percent($0.share))" }.joined(separator: ", ")
      table.add(["latency in", Table.Cell(shares)])
    }
    return table.lines(style)
  }

  private func poolLines(_ style: Style) -> [String] {
    var table = Table(
      ["pool", "n", "prefill", "decode", "MFU", "MBU", "batch", "energy", "power", "bound by"], leading: [0, 9])
    for pool in pools {
      table.add([
        Table.Cell(pool.name.shortened(to: 16)), Table.Cell(NumberText.count(pool.replicas)),
        Table.Cell(NumberText.percent(pool.prefillShare)), Table.Cell(NumberText.percent(pool.decodeShare)),
        Table.Cell(pool.mfu.map(NumberText.percent) ?? "-"), Table.Cell(pool.mbu.map(NumberText.percent) ?? "-"),
        Table.Cell(NumberText.significant(pool.meanDecodeBatch)), Table.Cell(NumberText.energy(pool.energy.value)),
        Table.Cell(NumberText.power(pool.averagePower.value)), Table.Cell(pool.time.bottleneck ?? "-"),
      ])
    }
    return table.lines(style)
  }

  private func cacheLines(_ style: Style) -> [String] {
    var table = Table(["KV cache", "mean", "most", "preempted", "swapped", "over time"], leading: [0, 5])
    for pool in pools {
      table.add([
        Table.Cell(pool.name.shortened(to: 16)), Table.Cell(NumberText.percent(pool.meanOccupancy)),
        Table.Cell(NumberText.percent(pool.peakOccupancy)), Table.Cell(NumberText.count(pool.preemptions)),
        Table.Cell(NumberText.bytes(pool.swapped.value)), Table.Cell("|\(curve(pool.occupancy))|"),
      ])
    }
    return table.lines(style)
  }

  private func prefixLines(_ style: Style) -> [String] {
    let kept = pools.compactMap { pool in pool.prefixes.map { (pool.name, $0) } }
    guard !kept.isEmpty else { return [] }
    var table = Table(["prefix cache", "blocks", "found", "hit rate", "tokens", "not computed", "share", "evicted"])
    for (name, did) in kept {
      table.add([
        Table.Cell(name.shortened(to: 16)), Table.Cell(NumberText.count(did.lookedUpBlocks)),
        Table.Cell(NumberText.count(did.foundBlocks)), Table.Cell(did.hitRate.map(NumberText.percent) ?? "-"),
        Table.Cell(NumberText.count(did.lookedUpTokens)), Table.Cell(NumberText.count(did.savedTokens)),
        Table.Cell(did.savedShare.map(NumberText.percent) ?? "-"), Table.Cell(NumberText.count(did.evictedBlocks)),
      ])
    }
    return table.lines(style)
  }

  /// Shares over time as bars, one for two values; an empty cache is blank and a full one a full block.
  private func curve(_ shares: [Double]) -> String {
    Plot.line(stride(from: 0, to: shares.count - 1, by: 2).map { (shares[$0] + shares[$0 + 1]) / 2 })
  }

  private func transferLines(_ style: Style) -> [String] {
    guard !transfers.isEmpty else { return [] }
    var table = Table(["transfer", "count", "bytes", "mean rate", "mean wait"])
    for transfer in transfers {
      table.add([
        "\(transfer.from.shortened(to: 20)) -> \(transfer.to.shortened(to: 20))",
        Table.Cell(NumberText.count(transfer.count)), Table.Cell(NumberText.bytes(transfer.bytes.value)),
        Table.Cell(NumberText.bandwidth(transfer.meanBandwidth.value)),
        Table.Cell(NumberText.time(transfer.count > 0 ? transfer.exposed.value / Double(transfer.count) : 0)),
      ])
    }
    return table.lines(style)
  }

  private func tenantLines(_ style: Style) -> [String] {
    guard !tenants.isEmpty else { return [] }
    var table = Table(
      ["tenant", "priority", "requests", "rejected", "TTFT p50", "TTFT p99", "TPOT p50", "E2E p99", "goodput", ""],
      leading: [0, 9])
    for own in tenants {
      let times = [own.ttft?.p50, own.ttft?.p99, own.tpot?.p50, own.e2e?.p99]
      let verdict =
        switch own.slo?.isMet {
        case true?: Table.Cell("met", mark: style.good)
        case false?: Table.Cell("missed", mark: style.bad)
        case nil: Table.Cell("-")
        }
      table.add(
        [
          Table.Cell(own.tenant.name.shortened(to: 16)), Table.Cell(String(own.tenant.priority)),
          Table.Cell(NumberText.count(own.requests)), Table.Cell(NumberText.count(own.rejected)),
        ] + times.map { Table.Cell($0.map(NumberText.time) ?? "-") } + [
          Table.Cell(own.slo?.goodput.map { "\(NumberText.significant($0.value))/s" } ?? "-"), verdict,
        ])
    }
    return table.lines(style)
  }

  private func sloLines(_ style: Style) -> [String] {
    guard let slo, !slo.verdicts.isEmpty else { return [] }
    var table = Table(["SLO", "measured", "within", ""], leading: [0, 3])
    for verdict in slo.verdicts {
      let measured =
        switch (verdict.measured, verdict.clause.bound) {
        case (nil, _): "-"
        case (let value?, .absolute): NumberText.time(value)
        case (let value?, .slowdown): NumberText.ratio(value)
        }
      table.add([
        Table.Cell(verdict.clause.name), Table.Cell(measured), Table.Cell(NumberText.percent(verdict.share)),
        verdict.isMet ? Table.Cell("met", mark: style.good) : Table.Cell("missed", mark: style.bad),
      ])
    }
    return table.lines(style)
  }
}

extension String {
  /// The text, its end replaced by "~" where it is longer than `limit` characters, and control characters by "?".
  func shortened(to limit: Int) -> String {
    let safe = String(map { $0.unicodeScalars.contains { $0.properties.generalCategory == .control } ? "?" : $0 })
    return safe.count > limit ? safe.prefix(limit - 1) + "~" : safe
  }
}
