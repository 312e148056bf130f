import Foundation
import Hardware

/// Writes the file of a device's kernels, `scenarios/kernels/NAME.yaml`.
public enum KernelFileText {
  /// The text of a table.
  public static func of(_ table: KernelTable) -> String {
    var text = """
      # Kernels as measured, written by `medley calibrate --write`: values were fitted to 7 of 10 shapes, the errors are
      # those on the others. Parameters that move nothing are left out. scenarios/KERNELS.md says what they mean.
      device: \(table.device)
      chip:
        processors: {value: \(plain(table.processors.value)), source: \(quoted(table.processors.source))}
        cache: {value: \(plain(table.cache.value / 1_048_576)) MiB, source: \(quoted(table.cache.source))}\(parts(table.cacheParts))\(tuned(table.tunedExperts))
      kernels:\(table.kernels.isEmpty ? " []" : "")

      """
    for kernel in table.kernels {
      text += "  - operator: \(kernel.operatorName)\n"
      text += "    framework: \(kernel.framework)\n"
      text += "    format: \(kernel.format.name)\n"
      if !kernel.kernel.isEmpty { text += "    kernel: \(quoted(kernel.kernel))\n" }
      text += "    variant: \(quoted(kernel.variant))\n"
      text += "    source: \(quoted(kernel.source))\n"
      text += "    parameters:\n"
      let parameters = KernelClasses.of(kernel.operatorName)?.parameters(kernel.variant, kernel.format) ?? []
      for parameter in parameters {
        guard let value = kernel.values[parameter.name] else { continue }
        text += "      \(parameter.name): \(quantity(value, parameter.unit))\n"
      }
    }
    return text
  }

  private static func parts(_ parts: Sourced<Double>?) -> String {
    guard let parts else { return "" }
    return "\n  cache-parts: {value: \(plain(parts.value)), source: \(quoted(parts.source))}"
  }

  private static func tuned(_ experts: Sourced<[TunedExperts]>?) -> String {
    guard let experts else { return "" }
    let words = experts.value.map { "\(plain($0.experts)) x \(plain($0.inner))" }
    return "\n  tuned-experts:\n    value: [\(words.joined(separator: ", "))]\n    source: \(quoted(experts.source))"
  }

  /// A value with its unit and four significant digits: "2.563 us", "5.18 TB/s", "0.847".
  public static func quantity(_ value: Double, _ unit: KernelParameter.Unit) -> String {
    switch unit {
    case .one: digits(value)
    case .seconds: scaled(value, [("s", 1), ("ms", 1e-3), ("us", 1e-6), ("ns", 1e-9), ("ps", 1e-12)])
    case .bytesPerSecond: scaled(value, [("TB/s", 1e12), ("GB/s", 1e9), ("MB/s", 1e6), ("B/s", 1)])
    }
  }

  private static func scaled(_ value: Double, _ units: [(name: String, size: Double)]) -> String {
    let unit = units.first { value >= $0.size } ?? units[units.count - 1]
    return "\(digits(value / unit.size)) \(unit.name)"
  }

  private static func digits(_ value: Double) -> String {
    let text = String(format: "%.4g", value)
    return text.contains("e") ? String(format: "%.12f", value) : text
  }

  private static func plain(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
  }

  private static func quoted(_ text: String) -> String {
    "\"\(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
  }
}
