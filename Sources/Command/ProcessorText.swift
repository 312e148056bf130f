import Calibration
import Foundation
import Kernels

/// What `medley measure --predict` prints.
enum ProcessorText {
  /// The ratios that kernels reach, the parameters, and the errors of what was predicted from them.
  static func text(_ timings: [Timing], _ fit: ProcessorFit) -> String {
    ([reached(timings)] + fit.models.map(parameters) + [errors(fit.comparisons)]).joined(separator: "\n")
  }

  private static func parameters(_ model: ProcessorModel) -> String {
    let values = ProcessorModel.Parameter.allCases.map { parameter in
      "  \(pad(parameter.rawValue, 12))\(String(format: "%10.4g", model[parameter])) \(parameter.unit)\n"
    }
    return "\(model.format.rawValue) on \(model.threads) threads, from micro-benchmarks alone\n" + values.joined()
  }

  private static func errors(_ comparisons: [ProcessorFit.Comparison]) -> String {
    "predicted from micro-benchmarks, against the same run\n"
      + "threads operator   format  rows   MAPE median  worst   bias spread\n"
      + ProcessorErrors.table(comparisons).map { row in
        let figures = [row.mean, row.median, row.worst, row.bias, row.spread].map {
          String(format: "%5.1f %%", $0 * 100)
        }
        return pad("\(row.threads)", 8) + pad(row.operator.rawValue, 11) + pad(row.format?.rawValue ?? "all", 8)
          + pad("\(row.rows)", 4) + figures.joined() + "\n"
      }.joined()
  }

  /// Shares of the peak that large products reach, and of the bandwidth of a plain read of as many bytes that products
  /// with one row and decode attention reach.
  private static func reached(_ timings: [Timing]) -> String {
    var lines: [String] = []
    for threads in Set(timings.filter { $0.operator == .launch }.map(\.threads)).sorted() {
      let own = timings.filter { $0.threads == threads }
      func rate(_ timing: Timing) -> Double { timing.bytes / timing.time }
      guard let read = own.filter({ $0.operator == .read }).max(by: { $0.bytes < $1.bytes }) else { continue }
      if let peak = own.first(where: { $0.operator == .peak && $0.format == "fp32" }) {
        for row in own where row.operator == .product && row.format == "fp32" && row.shape.rows >= 64 {
          let operations = 2 * Double(row.shape.rows) * Double(row.shape.outputs) * Double(row.shape.inputs)
          let share = operations / row.time / (peak.operations / peak.time)
          let shape = "\(row.shape.rows) x \(row.shape.outputs) x \(row.shape.inputs)"
          lines.append(String(format: "GEMM fp32 \(shape) on \(threads) threads: %.2f of the FMA peak", share))
        }
      }
      for row in own where row.bytes >= 5e7 && row.shape.rows <= 8 {
        let isStream = row.operator == .product && row.shape.rows == 1
        let isDecode = row.operator == .attention && row.shape.queries == 1 && row.shape.heads == row.shape.kvHeads
        guard isStream || isDecode else { continue }
        let what = isStream ? "GEMV" : "decode attention"
        lines.append(
          String(
            format: "\(what) \(row.format), %.0f MB on \(threads) threads: %.2f of the read bandwidth",
            row.bytes / 1e6, rate(row) / rate(read)))
      }
    }
    return lines.map { $0 + "\n" }.joined()
  }

  private static func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
