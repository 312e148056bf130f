import Calibration
import Foundation
import Report

/// The files that `medley validate --write` makes: `README.md` with the errors, and a plot for each operator.
struct ValidationFiles {
  let rows: [KernelAccuracy]
  let perturbations: [Perturbation]
  let pairs: [ValidationPair]

  /// Writes the files into a folder.
  /// - Throws: `CocoaError`.
  func write(into folder: String) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try readme.write(toFile: "\(folder)/README.md", atomically: true, encoding: .utf8)
    for name in operators {
      try plot(name).svg.write(toFile: "\(folder)/\(file(name))", atomically: true, encoding: .utf8)
    }
  }

  private var operators: [String] {
    rows.reduce(into: []) { names, row in
      if !names.contains(row.key.operatorName) { names.append(row.key.operatorName) }
    }.sorted()
  }

  private func file(_ operatorName: String) -> String {
    "kernels-\(operatorName.replacing("_", with: "-")).svg"
  }

  private var readme: String {
    let outcomes = ValidationTarget.outcomes(rows)
    let compared = rows.filter { $0.regime == "all" }.reduce(0) { $0 + $1.rows }
    var text = """
      # Kernels against measurements

      Written by `medley validate --write`: |predicted / measured - 1| of the kernels in `scenarios/kernels` on the 3 of
      10 shapes that no fit saw, and of composed kernels of processors (framework `medley`), which only micro-benchmarks of the
      same run were fitted to: \(compared) rows. `scenarios/KERNELS.md` tells what rows, regimes and splits are; each
      kernel's file names the rows it was fitted to. Bias is the median of predicted / measured - 1.

      Whole servers have targets of their own: TPOT within 12 % and TTFT within 20 %, throughput of TensorRT-LLM within 15 %, batches
      of Splitwise within 8 %, llama.cpp on cards and at the edge within 20 %. [servers.md](servers.md) says which are met, and
      what bounds the others.

      ## Targets

      Each device and framework, its kernels and formats taken together. *Scatter* is what measurements of neighbouring shapes
      (which differ in one size alone) differ by beyond what any smooth formula would follow, as a share of a row's time:
      the spread of repetitions, and kernels that change from shape to shape. \(outcomes.count { $0.isMet }) of \(outcomes.count) are met; the others:


      """
    text += Markdown.table(
      ["target", "at most", "device", "framework", "rows", "MAPE", "scatter", "bounded by"],
      outcomes.filter { !$0.isMet }.map { outcome in
        [
          outcome.target.name, KernelText.percent(outcome.target.limit), outcome.device, outcome.framework,
          "\(outcome.rows)", KernelText.percent(outcome.meanError), outcome.scatter.map(KernelText.percent) ?? "-",
          outcome.bound,
        ]
      })
    text += """

      ## By device and operator

      Means over frameworks and formats, each row counted once.


      """
    text += Markdown.table(["device", "operator", "regime", "rows", "MAPE"], summaries)
    for name in operators {
      text += "\n## \(name)\n\n![predicted against measured](\(file(name)))\n\n"
      text += Markdown.table(
        ["device", "framework", "format", "kernel", "regime", "rows", "MAPE", "median", "bias", "scatter"],
        rows.filter { $0.key.operatorName == name }.map { row in
          let key = row.key
          return [key.device, key.framework, key.format, KernelText.family(key)] + KernelText.errors(row)
        })
    }
    text += """

      ## Coefficients

      What 20 % less and more of each kernel's least effective coefficient do to its error: none moves nothing.
      `medley validate --perturb` shows all \(perturbations.count).


      """
    text += Markdown.table(
      ["device", "operator", "framework", "format", "coefficient", "MAPE", "-20 %", "+20 %"],
      leastEffective.map { row in
        let key = row.key
        return [
          key.device, key.operatorName, key.framework, key.format, row.parameter, precise(row.own), precise(row.less),
          precise(row.more),
        ]
      })
    return text
  }

  private func precise(_ share: Double) -> String { String(format: "%.2f %%", share * 100) }

  /// Device, operator, regime, rows and mean error over all frameworks and formats.
  private var summaries: [[String]] {
    var sums: [[String]: (rows: Int, error: Double)] = [:]
    for row in rows {
      let key = [row.key.device, row.key.operatorName, row.regime]
      let old = sums[key] ?? (0, 0)
      sums[key] = (old.rows + row.rows, old.error + row.meanError * Double(row.rows))
    }
    return sums.keys.sorted { $0.lexicographicallyPrecedes($1) }.compactMap { key in
      sums[key].map { key + ["\($0.rows)", KernelText.percent($0.error / Double($0.rows))] }
    }
  }

  /// The perturbation of least effect of each kernel.
  private var leastEffective: [Perturbation] {
    var least: [KernelGroup.Key: Perturbation] = [:]
    for row in perturbations where row.effect < least[row.key]?.effect ?? .infinity { least[row.key] = row }
    return least.keys.sorted().compactMap { least[$0] }
  }

  /// Predicted against measured microseconds, a colour for each device.
  private func plot(_ name: String) -> LogScatter {
    let own = pairs.filter { $0.operatorName == name }
    let devices = Set(own.map(\.device)).sorted()
    return LogScatter(
      title: "\(name), shapes held out", xLabel: "measured, us", yLabel: "predicted, us",
      series: devices.map { device in
        LogScatter.Series(
          name: device,
          points: own.filter { $0.device == device }.map { ($0.measured * 1e6, $0.predicted * 1e6) })
      })
  }
}

/// A row as predicted and as measured, in seconds.
struct ValidationPair {
  var operatorName: String
  var device: String
  var predicted: Double
  var measured: Double
}

/// Tables in Markdown.
enum Markdown {
  /// A table with a header; every row has as many cells.
  static func table(_ header: [String], _ rows: [[String]]) -> String {
    let lines = [header, header.map { _ in "---" }] + rows
    return lines.map { "| \($0.joined(separator: " | ")) |\n" }.joined()
  }
}
