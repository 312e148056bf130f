import Calibration
import Hardware
import Report
import Scenario

/// Comparisons of fitted kernels with measurements.
struct Validation {
  let catalogue: Catalogue
  /// The errors by regime.
  private(set) var rows: [KernelAccuracy] = []
  /// What perturbed coefficients do.
  private(set) var perturbations: [Perturbation] = []
  /// The rows that were compared.
  private(set) var pairs: [ValidationPair] = []
  /// Rows of measurements without a fitted kernel.
  private(set) var without = 0

  init(catalogue: Catalogue) { self.catalogue = catalogue }

  /// Compares the fitted kernels of each group's device with the rows held out.
  mutating func compare(_ groups: [KernelGroup], perturbing: Bool) throws {
    var tables: [String: (table: KernelTable, chip: Chip)] = [:]
    let known = Set(catalogue.names(.kernel))
    for group in groups {
      let name = group.key.device
      guard known.contains(name) else {
        without += group.count
        continue
      }
      if tables[name] == nil {
        let table = try catalogue.kernels(of: name)
        tables[name] = (table, table.chip(try catalogue.device(named: name)))
      }
      guard let (table, chip) = tables[name], let kernel = table.kernels.first(where: { $0.isOf(group) }) else {
        without += group.count
        continue
      }
      rows += KernelAccuracy.table(group, kernel, on: chip)
      pairs += KernelAccuracy.predictions(group, kernel, on: chip).map {
        ValidationPair(
          operatorName: group.key.operatorName, device: name, predicted: $0.predicted, measured: $0.measured)
      }
      if perturbing { perturbations += Perturbation.table(group, kernel, on: chip) }
    }
  }

  /// Compares composed kernels of processors with what their micro-benchmarks say.
  mutating func compare(_ processors: [(device: String, accuracy: ProcessorAccuracy)], perturbing: Bool) {
    for (device, accuracy) in processors {
      rows += accuracy.table
      pairs += accuracy.predictions.map {
        ValidationPair(
          operatorName: $0.operatorName, device: device, predicted: $0.prediction.predicted,
          measured: $0.prediction.measured)
      }
      if perturbing { perturbations += accuracy.perturbations }
    }
  }

  /// Compares all rows of `groups` with kernels of `name` as they follow from the fits of other devices: the median of
  /// each parameter over those with the same operator, framework and format.
  mutating func compareTransfer(_ groups: [KernelGroup], to name: String) throws {
    let own = try catalogue.kernels(of: name).chip(try catalogue.device(named: name))
    let donors = try catalogue.names(.kernel).filter { $0 != name }.map { donor in
      let table = try catalogue.kernels(of: donor)
      return (table, table.chip(try catalogue.device(named: donor)))
    }
    for group in groups {
      guard let kernel = Transfer.kernel(for: group, on: own, from: donors) else {
        without += group.count
        continue
      }
      rows += KernelAccuracy.table(group, kernel, on: own, .all)
    }
  }

  /// What `--write` writes.
  var files: ValidationFiles { ValidationFiles(rows: rows, perturbations: perturbations, pairs: pairs) }

  /// The errors as text.
  func table(_ style: Style) -> String {
    var table = Table(
      ["device", "operator", "framework", "format", "kernel", "regime", "rows", "MAPE", "median", "bias", "scatter"],
      leading: [0, 1, 2, 3, 4, 5])
    for row in rows { table.add(KernelText.cells(row.key) + KernelText.errors(row)) }
    return table.text(style: style)
  }

  /// The perturbations as text.
  func perturbationTable(_ style: Style) -> String {
    var table = Table(
      ["device", "operator", "framework", "format", "kernel", "coefficient", "MAPE", "-20 %", "+20 %"],
      leading: [0, 1, 2, 3, 4, 5])
    for row in perturbations {
      table.add(
        KernelText.cells(row.key) + [row.parameter] + [row.own, row.less, row.more].map(KernelText.percent))
    }
    return table.text(style: style)
  }
}

extension FittedKernel {
  /// Whether the kernel is that which the rows of `group` timed.
  func isOf(_ group: KernelGroup) -> Bool {
    let key = group.key
    return operatorName == key.operatorName && framework == key.framework && format.name == key.format
      && kernel == key.kernel
  }
}
