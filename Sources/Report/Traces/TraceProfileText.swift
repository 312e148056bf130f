import Units
import Workload

extension TraceProfile {
  /// The profile as a page of at most 100 columns: arrivals, lengths, what requests have in common, and pictures of the
  /// rate over time and of the lengths.
  ///
  /// Ends with a line feed. What the trace does not say is left out.
  public func text(name: String, style: Style = .plain) -> String {
    let arrivals = facts.hasArrivals ? [gapLines(style), windowLines(style), curveLines(style)] : []
    let sections = [[headline(name, style)]] + arrivals + [lengthLines(style), octaveLines(style), noteLines(style)]
    return Plot.page(sections)
  }

  private func headline(_ name: String, _ style: Style) -> String {
    let count = "\(NumberText.count(requests)) \(requests == 1 ? "request" : "requests")"
    let when =
      facts.hasArrivals
      ? "in \(NumberText.duration(span.seconds)), \(NumberText.significant(rate.value)) a second" : "without arrivals"
    return "\(style.strong(name)): \(count) \(when); format \(facts.format.rawValue)"
  }

  private func gapLines(_ style: Style) -> [String] {
    guard gaps.count > 0 else { return [] }
    var table = Table(["gaps", "mean", "p1", "p50", "p90", "p99", "p99.9", "cv", "correlation"])
    let quantiles = [0.01, 0.5, 0.9, 0.99, 0.999].map { Table.Cell(NumberText.time(gaps.quantile($0))) }
    table.add(
      ["", Table.Cell(NumberText.time(gaps.mean))] + quantiles + [
        Table.Cell(NumberText.fixed(gaps.variation, 2)), Table.Cell(NumberText.fixed(gaps.neighbourCorrelation, 3)),
      ])
    var lines = table.lines(style)
    if let step = coarseClock {
      lines.append(
        "\(NumberText.percent(Double(gaps.zeros) / Double(gaps.count))) of the gaps are 0: arrivals come in steps of "
          + "\(NumberText.time(step.seconds)); gaps say little of bursts")
    }
    return lines
  }

  private func windowLines(_ style: Style) -> [String] {
    var table = Table(["windows of", "whole", "mean rate", "highest rate", "dispersion"])
    for (seconds, counts) in zip(Self.windows, counts) where counts.windows > 0 {
      table.add([
        Self.label(seconds), NumberText.count(counts.windows),
        "\(NumberText.significant(counts.mean / seconds))/s",
        "\(NumberText.significant(Double(counts.peak) / seconds))/s",
        dispersion(seconds).map { NumberText.fixed($0, 2) } ?? "-",
      ])
    }
    return counts.contains { $0.windows > 0 } ? table.lines(style) : []
  }

  /// "0.1 s", "10 min", "1 h".
  private static func label(_ window: Double) -> String {
    let (size, unit) = window < 60 ? (1.0, "s") : window < 3600 ? (60, "min") : (3600, "h")
    return "\(JSON.shortest(window / size)) \(unit)"
  }

  private func curveLines(_ style: Style) -> [String] {
    let (seconds, rates) = curve.rates(columns: 80)
    return Plot.overTime(rates, seconds: seconds, style: style)
  }

  private func lengthLines(_ style: Style) -> [String] {
    var table = Table(["tokens", "mean", "cv", "least", "p10", "p50", "p90", "p99", "p99.9", "most", "in all"])
    for (title, lengths) in [("prompt", prompts), ("output", outputs)] {
      let quantiles = lengths.quantiles([0, 0.1, 0.5, 0.9, 0.99, 0.999, 1]).map { NumberText.count(Int($0)) }
      table.add(
        [title, NumberText.significant(lengths.mean), NumberText.fixed(lengths.variation, 2)] + quantiles + [
          NumberText.count(lengths.sum)
        ])
    }
    var lines = table.lines(style)
    if let rank = pairs.rankCorrelation {
      let logs = pairs.logCorrelation.map { ", \(NumberText.fixed($0, 3)) of logarithms" } ?? ""
      lines.append("correlation of prompt and output: \(NumberText.fixed(rank, 3)) of ranks\(logs)")
    }
    return lines
  }

  private func octaveLines(_ style: Style) -> [String] {
    let (prompt, output) = (prompts.octaves, outputs.octaves)
    let used = (0..<max(prompt.count, output.count)).filter { octave in
      [prompt, output].contains { octave < $0.count && $0[octave] > 0 }
    }
    guard let first = used.first, let last = used.last else { return [] }
    let top = Double(max(prompt.max() ?? 1, output.max() ?? 1))
    var table = Table(["tokens", "prompts", "", "outputs", ""], leading: [2, 4])
    for octave in first...last {
      func cells(_ counts: [Int]) -> [String] {
        let count = octave < counts.count ? counts[octave] : 0
        let bar = Plot.bar(Double(count) / top, width: 24)
        return [NumberText.count(count), bar]
      }
      let (low, high) = (1 << octave, 2 << octave)
      let range = octave == 0 ? "1" : "\(NumberText.count(low)) to \(NumberText.count(high - 1))"
      let (left, right) = (cells(prompt), cells(output))
      table.add([range, left[0], left[1], right[0], right[1]])
    }
    return table.lines(style)
  }

  /// What holds of some traces only.
  private func noteLines(_ style: Style) -> [String] {
    var table = Table(["also", ""], leading: [0, 1])
    if reuse.lookups > 0, let unit = facts.blockUnit {
      table.add([
        "prefixes",
        "\(NumberText.count(reuse.hits)) of \(NumberText.count(reuse.lookups)) blocks of \(unit) tokens found "
          + "(\(NumberText.percent(reuse.hitRate))), by \(NumberText.count(reuse.hitRequests)) requests, if",
      ])
      table.add([
        "", "requests came one by one to a cache without end; \(NumberText.count(reuse.distinct)) different blocks",
      ])
    }
    if turns > 0 {
      let sessions = max(1, facts.sessions)
      table.add([
        "sessions",
        "\(NumberText.count(sessions)) of \(NumberText.significant(Double(turns) / Double(sessions))) turns on average"
          + (followers > 0 ? "; \(NumberText.count(followers)) requests begin when another has ended" : ""),
      ])
    }
    for (name, count) in zip(facts.tenants, tenants) {
      let share = NumberText.percent(Double(count) / Double(max(1, requests)))
      table.add(["tenant", "\(name.shortened(to: 40)): \(NumberText.count(count)) requests, \(share)"])
    }
    for note in TraceTally(facts).notes { table.add(["rows", note]) }
    let lines = table.lines(style)
    return lines.count > 1 ? lines : []
  }
}
