import Hardware
import Report
import Units

/// Devices, links and tiers of the catalogue as tables and as JSON.
enum HardwareText {
  /// Formats with a column of their own, from wide to narrow.
  private static let formats: [Format] = [.fp64, .fp32, .tf32, .bf16, .fp16, .fp8, .fp4, .int8, .int4]

  /// A device and the name scenarios use.
  typealias Named<Thing> = (name: String, thing: Thing)

  /// One line for each device: memory, peaks, ridge point, power, price, forms.
  static func devices(_ devices: [Named<Device>], style: Style) -> String {
    let used = formats.filter { format in devices.contains { $0.thing.compute[format] != nil } }
    var table = Table(
      ["device", "kind", "memory", "bandwidth"] + used.map(\.rawValue) + ["ridge", "power", "price", "forms"],
      leading: [0, 1, used.count + 7])
    for (name, device) in devices {
      let tier = device.memory.first
      let ridge = device.ridges.first { $0.format == device.widest }?.peak
      table.add(
        [
          name, device.kind.rawValue, NumberText.bytes(tier?.capacity.value.value ?? 0),
          NumberText.bandwidth(tier?.bandwidth.value.value ?? 0),
        ]
          + used.map { device.compute[$0].map { NumberText.significant($0.rate.value.value / 1e12) } ?? "-" }
          + [
            ridge.map(NumberText.significant) ?? "-", NumberText.power(device.power.peak.value.value),
            device.price.map { NumberText.money($0.price.value.value) } ?? "-",
            device.forms.names.isEmpty ? "-" : device.forms.names.joined(separator: " "),
          ])
    }
    return table.text(style: style) + """

      Rates are peaks in TFLOP/s (TOP/s for integers), dense, a multiply-add counted as two; '-' runs at a wider format.
      Ridge: operations per byte at which peak arithmetic and peak bandwidth take equally long, in 16-bit formats where
      there are any. Power: the most one device draws. Price: dollars an hour. Forms: what its kind adds to the roofline.

      """
  }

  /// One line for each link.
  static func links(_ links: [Named<Link>], style: Style) -> String {
    var table = Table(["link", "bandwidth", "latency", "what"], leading: [0, 3])
    for (name, link) in links {
      table.add([
        name, NumberText.bandwidth(link.bandwidth.value.value), NumberText.time(link.latency.value.value), link.name,
      ])
    }
    return table.text(style: style) + "\nBandwidth is that of one direction of one port.\n"
  }

  /// One line for each tier.
  static func tiers(_ tiers: [Named<Tier>], style: Style) -> String {
    var table = Table(
      ["tier", "kind", "capacity", "reads", "writes", "latency", "alone", "deep", "what"], leading: [0, 1, 8])
    for (name, tier) in tiers {
      table.add([
        name, tier.kind.rawValue, NumberText.bytes(tier.capacity.value.value),
        NumberText.bandwidth(tier.bandwidth.value.value), NumberText.bandwidth(tier.writeBandwidth.value.value),
        NumberText.time(tier.latency.value.value), NumberText.bandwidth(tier.read(bytes: 4096, depth: 1)),
        NumberText.bandwidth(tier.read(bytes: 4096, depth: 256)), tier.name,
      ])
    }
    return table.text(style: style)
      + "\nAlone and deep: reads of 4 KiB, one at a time and 256 in flight. Reads and writes: peaks, large and deep.\n"
  }

  /// The document of `list devices --json`.
  static func json(_ devices: [Named<Device>]) -> JSON {
    document("medley-devices/1", "devices", devices.map { json($0.name, $0.thing) })
  }

  /// The document of `list links --json`.
  static func json(_ links: [Named<Link>]) -> JSON {
    document(
      "medley-links/1", "links",
      links.map { name, link in
        .object([
          .init("name", .string(name)), .init("title", .string(link.name)),
          .init("bandwidth_bytes_per_s", .number(link.bandwidth.value.value)),
          .init("latency_s", .number(link.latency.value.value)),
        ])
      })
  }

  /// The document of `list tiers --json`.
  static func json(_ tiers: [Named<Tier>]) -> JSON {
    document(
      "medley-tiers/1", "tiers",
      tiers.map { name, tier in
        .object([
          .init("name", .string(name)), .init("title", .string(tier.name)), .init("kind", .string(tier.kind.rawValue)),
          .init("capacity_bytes", .number(tier.capacity.value.value)),
          .init("read_bytes_per_s", .number(tier.bandwidth.value.value)),
          .init("write_bytes_per_s", .number(tier.writeBandwidth.value.value)),
          .init("latency_s", .number(tier.latency.value.value)),
          .init("request_bytes", .number(tier.request.value.value)),
          .init("requests_per_s", .optional(tier.requestRate?.value.value)),
        ])
      })
  }

  private static func document(_ format: String, _ key: String, _ things: [JSON]) -> JSON {
    .object([.init("format", .string(format)), .init(key, .array(things))])
  }

  /// A device with its ridge points.
  static func json(_ name: String, _ device: Device) -> JSON {
    .object([
      .init("name", .string(name)), .init("title", .string(device.name)), .init("kind", .string(device.kind.rawValue)),
      .init("capacity_bytes", .optional(device.memory.first?.capacity.value.value)),
      .init("bandwidth_bytes_per_s", .optional(device.memory.first?.bandwidth.value.value)),
      .init("peak_w", .number(device.power.peak.value.value)),
      .init("price_per_h", .optional(device.price?.price.value.value)),
      .init("forms", .array(device.forms.names.map { .string($0) })),
      .init("formats", .array(device.ridges.map(json))),
    ])
  }

  private static func json(_ ridge: Device.Ridge) -> JSON {
    .object([
      .init("format", .string(ridge.format.rawValue)), .init("peak_operations_per_s", .number(ridge.operations)),
      .init("ridge_operations_per_byte", .number(ridge.peak)),
      .init("dense_ridge_operations_per_byte", .number(ridge.dense)),
      .init("attention_ridge_operations_per_byte", .number(ridge.attention)),
    ])
  }
}
