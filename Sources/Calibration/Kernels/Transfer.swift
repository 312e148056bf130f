import Hardware
import Statistics

/// Kernels of a device that nobody measured, from those of others.
public enum Transfer {
  /// The kernel of `group` on a chip, each parameter the median of what the donors' kernels of the same operator and
  /// format give there; of the same framework where any has it, of the same variant as most, among those that its family
  /// may have. Rates go with the bandwidth of the chips' memories, the rest stays. nil where no donor has such a kernel.
  public static func kernel(
    for group: KernelGroup, on chip: Chip, from donors: [(table: KernelTable, chip: Chip)]
  ) -> FittedKernel? {
    let key = group.key
    var found = donors.flatMap { donor in
      donor.table.kernels.filter { $0.operatorName == key.operatorName && $0.format.name == key.format }
        .map { (kernel: $0, chip: donor.chip) }
    }
    guard let model = KernelClasses.of(key.operatorName) else { return nil }
    let possible = model.variants(of: key.kernel, in: group.format, on: chip)
    found.removeAll { !possible.contains($0.kernel.variant) }
    let same = found.filter { $0.kernel.framework == key.framework }
    if !same.isEmpty { found = same }
    var counts: [String: Int] = [:]
    for (kernel, _) in found { counts[kernel.variant, default: 0] += 1 }
    let most = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.first?.key
    guard let variant = most else { return nil }
    found = found.filter { $0.kernel.variant == variant }
    var values: [String: Double] = [:]
    for parameter in model.parameters(variant, group.format) {
      let given = found.compactMap { kernel, from in
        kernel.values[parameter.name].map { parameter.transferred($0, from: from, to: chip) }
      }
      // Absent from most, it is absent.
      guard 2 * given.count >= found.count, let summary = Summary(given) else { continue }
      values[parameter.name] = summary.quantile(0.5)
    }
    return FittedKernel(
      operatorName: key.operatorName, framework: key.framework, format: group.format, kernel: key.kernel,
      variant: variant, values: values,
      source: "median of \(found.count) kernels of other devices, scaled by bandwidth")
  }
}
