import Calibration
import Foundation
import Report

/// The files that `medley validate SCENARIO... --write` makes: `servers.md` with the errors, and a plot for each figure.
struct ServerFiles {
  let replays: [ServerReplay]
  let runs: [RunComparison]

  /// Writes the files into a folder.
  /// - Throws: `CocoaError`, or ``MeasurementFault`` of a record.
  func write(into folder: String) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try text().write(toFile: "\(folder)/servers.md", atomically: true, encoding: .utf8)
    for figure in figures {
      try plot(figure).svg.write(toFile: "\(folder)/\(file(figure))", atomically: true, encoding: .utf8)
    }
  }

  private var figures: [ServerRun.Figure] {
    ServerRun.Figure.allCases.filter { figure in runs.contains { $0.pairs.contains { $0.figure == figure } } }
  }

  private func file(_ figure: ServerRun.Figure) -> String { "servers-\(figure.key).svg" }

  private func text() throws -> String {
    let judged = runs.flatMap { comparison in comparison.rows.compactMap { comparison.isMet($0) } }
    let met = judged.count { $0 }
    var text = """
      # Servers against measurements

      Written by `medley validate scenarios/studies/servers/*.yaml --write`: |predicted / measured - 1| of simulated servers,
      as mean (MAPE) and median over runs; bias is the median of predicted / measured - 1. Each scenario says where its
      settings come from and what, if anything, was fitted to which runs.
      `scenarios/studies/servers/README.md` lists the rows that cannot be compared, and why.

      ## Whole runs

      A row of the record is a figure of a run under a stated load; the load is simulated. \(met) targets of \(judged.count)
      are met.


      """
    text += Markdown.table(
      ["scenario", "figure", "runs", "MAPE", "median", "bias", "target", ""],
      runs.flatMap { comparison in
        comparison.rows.map { comparison.errors($0) + comparison.verdict($0) }
      })
    text += "\n" + figures.map { "![\($0.rawValue), predicted against measured](\(file($0)))\n" }.joined()
    if !replays.isEmpty {
      text += """

        ## Request by request

        The requests that a server got, replayed; MAPE is over single requests.


        """
      text += Markdown.table(
        ["scenario", "latency", "requests", "mean off", "p99 off", "MAPE"],
        replays.flatMap { replay in
          replay.accuracy.rows.map { row in
            [
              replay.name, row.name, "\(row.requests)", KernelText.percent(row.mean.predicted / row.mean.served - 1),
              KernelText.percent(row.tail.predicted / row.tail.served - 1), KernelText.percent(row.error),
            ]
          }
        })
    }
    return text + (try coverage())
  }

  /// How many rows of each record and source were compared.
  private func coverage() throws -> String {
    var text = "\n## Rows of the records\n"
    var names: [(path: String, name: String)] = []
    for run in runs where !names.contains(where: { $0.path == run.record.path }) { names.append(run.record) }
    for (path, name) in names {
      let compared = RunComparison.rowsBySource(runs.filter { $0.record.path == path }.flatMap(\.pairs))
      let rows = try ServerRuns.sources(path)
      text += "\n`\(name)`: \(compared.values.reduce(0, +)) of \(rows.values.reduce(0, +)) rows.\n\n"
      text += Markdown.table(
        ["source", "rows", "compared"],
        rows.keys.sorted().map { [$0, "\(rows[$0] ?? 0)", "\(compared[$0] ?? 0)"] })
    }
    return text
  }

  /// Predicted against measured figures, a colour for each scenario.
  private func plot(_ figure: ServerRun.Figure) -> LogScatter {
    let unit = [.ttft, .tpot, .e2e].contains(figure) ? "ms" : "tokens/s"
    let scale = unit == "ms" ? 1e3 : 1
    return LogScatter(
      title: "\(figure.rawValue) of whole runs", xLabel: "measured, \(unit)", yLabel: "predicted, \(unit)",
      series: runs.compactMap { comparison in
        let own = comparison.pairs.filter { $0.figure == figure }
        guard !own.isEmpty else { return nil }
        return LogScatter.Series(
          name: comparison.name, points: own.map { ($0.measured * scale, $0.predicted * scale) })
      })
  }
}
