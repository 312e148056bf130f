import Calibration
import Foundation
import Hardware

/// How fits of kernels are told.
enum KernelText {
  /// "h100-sxm gemm of vllm in bf16 (torch_flow)".
  static func title(_ group: KernelGroup) -> String {
    let key = group.key
    return "\(key.device) \(key.operatorName) of \(key.framework) in \(key.format)"
      + (key.kernel.isEmpty ? "" : " (\(key.kernel))")
  }

  /// The parameters with intervals, what was removed, strong correlations, and the errors.
  static func fit(_ fit: KernelFit, _ fitted: [KernelAccuracy], _ heldOut: [KernelAccuracy]) -> String {
    var text = "  variant: \(fit.variant)\n"
    for value in fit.values {
      text +=
        "  \(value.parameter.name) = \(KernelFileText.quantity(value.value, value.parameter.unit)) (\(interval(value)))"
      text += "  \(value.parameter.summary)\n"
    }
    if !fit.removed.isEmpty { text += "  without effect: \(fit.removed.joined(separator: ", "))\n" }
    for (i, row) in fit.correlations.enumerated() {
      for (j, value) in row.enumerated() where j < i && abs(value) > 0.9 {
        let names = "\(fit.values[j].parameter.name) and \(fit.values[i].parameter.name)"
        text += "  correlated: \(names), \(String(format: "%.2f", value))\n"
      }
    }
    for (name, rows) in [("fitted", fitted), ("held out", heldOut)] {
      for row in rows {
        text += "  \(name), \(row.regime): MAPE \(percent(row.meanError)), median \(percent(row.medianError)), "
        text += "bias \(percent(row.bias)) of \(row.rows) rows\n"
      }
    }
    return text
  }

  /// Where the numbers come from, for the device's file.
  static func source(_ group: KernelGroup, _ heldOut: [KernelAccuracy]) -> String {
    let errors = heldOut.map { "\($0.regime) \(percent($0.meanError)) of \($0.rows)" }.joined(separator: ", ")
    let fitted = group.count - group.heldOutCount
    return "fit to \(fitted) rows of \(group.provenance); MAPE on rows held out: \(errors.isEmpty ? "none" : errors)"
  }

  private static func interval(_ value: KernelFit.Value) -> String {
    let (low, high) = (value.interval.lowerBound, value.interval.upperBound)
    guard low > 0, high.isFinite, high / low < 1e3 else { return "hardly identified" }
    let unit = value.parameter.unit
    return "\(KernelFileText.quantity(low, unit)) to \(KernelFileText.quantity(high, unit))"
  }

  /// A kernel's device, operator class, framework, formats and family, as cells of a table.
  static func cells(_ key: KernelGroup.Key) -> [String] {
    [key.device, key.operatorName, key.framework, key.format, family(key)]
  }

  /// The family of kernels; "-" where the framework has one.
  static func family(_ key: KernelGroup.Key) -> String { key.kernel.isEmpty ? "-" : key.kernel }

  /// The regime, rows, mean and median error, bias and scatter of a kernel, as cells of a table.
  static func errors(_ row: KernelAccuracy) -> [String] {
    [
      row.regime, "\(row.rows)", percent(row.meanError), percent(row.medianError), percent(row.bias),
      row.scatter.map(percent) ?? "-",
    ]
  }

  /// "5.3 %".
  static func percent(_ share: Double) -> String { String(format: "%.1f %%", share * 100) }
}
