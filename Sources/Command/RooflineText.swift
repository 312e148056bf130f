import Cluster
import Hardware
import Models
import Report
import Units

/// The operators of one step under the roofs of a device.
struct RooflineStep {
  /// The name of the device.
  var device: String
  /// "prefill" or "decode".
  var phase: String
  /// What is shown.
  var title: String
  /// Peak rates of one device.
  var peak: DevicePeak
  /// The operators.
  var operators: [OperatorCost]

  /// An operator's operations per byte of memory; nil where it moves none.
  func intensity(_ cost: OperatorCost) -> Double? { OperatorRow(cost).intensity }

  /// The time of an operator's operations or bytes at the device's peaks over the time it takes; nil where it has
  /// neither.
  func share(_ cost: OperatorCost) -> Double? {
    guard cost.seconds > 0, peak.operations > 0, peak.bytes > 0 else { return nil }
    let bytes = cost.byteRoof == .memory ? cost.bytes : 0
    let ideal = max(cost.operations / peak.operations, bytes / peak.bytes)
    return ideal > 0 ? ideal / cost.seconds : nil
  }

  /// The operators as a table.
  func text(style: Style) -> String {
    var table = Table(
      ["operator", "calls", "time", "FLOP/B", "bound by", "operations/s", "bytes/s", "of roof"], leading: [0, 4])
    for cost in operators {
      let rates = cost.seconds > 0 ? (cost.operations / cost.seconds, cost.bytes / cost.seconds) : (0, 0)
      table.add([
        cost.name, NumberText.count(cost.calls), NumberText.time(cost.seconds),
        intensity(cost).map(NumberText.significant) ?? "-", cost.bound.name,
        rates.0 > 0 ? NumberText.operations(rates.0) + "/s" : "-",
        rates.1 > 0 ? NumberText.bandwidth(rates.1) : "-", share(cost).map(NumberText.percent) ?? "-",
      ])
    }
    let total = operators.reduce(0) { $0 + $1.seconds }
    let ridge = NumberText.significant(peak.operations / peak.bytes)
    return "\(title): \(NumberText.time(total)), ridge \(ridge) FLOP/B\n" + table.text(style: style)
  }

  /// The operators as JSON.
  var json: JSON {
    .object([
      .init("device", .string(device)), .init("phase", .string(phase)),
      .init("time_s", .number(operators.reduce(0) { $0 + $1.seconds })),
      .init("ridge_operations_per_byte", .number(peak.operations / peak.bytes)),
      .init(
        "operators",
        .array(
          operators.map { cost in
            .object([
              .init("name", .string(cost.name)), .init("calls", .integer(cost.calls)),
              .init("time_s", .number(cost.seconds)), .init("operations", .number(cost.operations)),
              .init("bytes", .number(cost.bytes)), .init("bytes_cross", .string(cost.byteRoof.name)),
              .init("operations_per_byte", .optional(intensity(cost))), .init("bound", .string(cost.bound.name)),
              .init("share_of_roof", .optional(share(cost))),
            ])
          })),
    ])
  }
}

/// Ridge points as text and as JSON.
enum RooflineText {
  /// A line for each format of each device.
  static func ridges(_ devices: [HardwareText.Named<Device>], style: Style) -> String {
    var table = Table(
      ["device", "format", "peak", "bandwidth", "ridge FLOP/B", "of products", "of attention"], leading: [0, 1])
    for (name, device) in devices {
      for ridge in device.ridges {
        table.add([
          name, ridge.format.rawValue, NumberText.operations(ridge.operations) + "/s",
          NumberText.bandwidth(device.memory.first?.bandwidth.value.value ?? 0), NumberText.significant(ridge.peak),
          NumberText.significant(ridge.dense), NumberText.significant(ridge.attention),
        ])
      }
    }
    return table.text(style: style)
  }

  /// The document of `medley roofline --json`.
  static func json(_ devices: [HardwareText.Named<Device>], _ steps: [RooflineStep]) -> JSON {
    .object([
      .init("format", .string("medley-roofline/1")),
      .init("devices", .array(devices.map { HardwareText.json($0.name, $0.thing) })),
      .init("steps", .array(steps.map(\.json))),
    ])
  }
}
