import Calibration
import Kernels
import Report

/// Overlapping work as it was measured, beside what a timeline predicts from its parts.
enum OverlapText {
  static func text(_ trials: OverlapTrials, style: Style) -> String {
    var table = Table(["what overlaps", "parts alone", "measured", "predicted", "error"], leading: [0, 1])
    var worst = 0.0
    func add(_ what: String, _ parts: String, _ measured: Double, _ predicted: Double) {
      let error = predicted / measured - 1
      worst = max(worst, abs(error))
      table.add([
        what, parts, NumberText.time(measured), NumberText.time(predicted), NumberText.percent(error),
      ])
    }
    for trial in trials.streaming {
      add(
        "\(trial.layers) layers of \(NumberText.bytes(Double(trial.bytes))), \(trial.rows) rows, \(trial.prefetch) ahead",
        "read \(NumberText.time(trial.read)), compute \(NumberText.time(trial.compute))", trial.whole,
        OverlapPrediction.seconds(trial))
    }
    if let beside = trials.beside {
      add(
        "a copy beside a product of one row",
        "copy \(NumberText.time(beside.copy)), product \(NumberText.time(beside.product)), two copies "
          + NumberText.time(beside.copies), beside.whole, OverlapPrediction.seconds(beside))
    }
    return table.text(style: style) + "\nworst error \(NumberText.percent(worst))\n"
  }
}
