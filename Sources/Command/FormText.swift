import Hardware
import Report
import Units

/// What a device's kind adds to the roofline, as `medley explain` shows it.
enum FormText {
  /// A line for each form with its source, and for each partner; nothing for a plain roofline.
  static func forms(_ device: Device, name: String, style: Style) -> String {
    let lines = lines(device)
    guard !lines.isEmpty else { return "" }
    var table = Table(["beyond the roofline of \(name)", "is", "from"], leading: [0, 1, 2])
    for line in lines { table.add([line.form, line.value, line.source]) }
    return table.text(style: style)
  }

  /// What a step's tokens run as; nothing where they are not padded.
  static func padding(_ device: Device, tokens: Int) -> String {
    let all = [device] + device.partners.map(\.device)
    return all.compactMap { device in
      guard let padded = device.forms.rounding?.padded(tokens) else { return nil }
      let passes = padded.passes == 1 ? "one pass" : "\(padded.passes) passes"
      return "\(NumberText.count(tokens)) tokens run as \(NumberText.count(padded.tokens)) in \(passes) "
        + "on \(device.name)\n"
    }.joined()
  }

  private static func lines(_ device: Device) -> [(form: String, value: String, source: String)] {
    let forms = device.forms
    var lines: [(String, String, String)] = []
    for units in forms.units {
      let count = NumberText.significant(units.count.value)
      lines.append(("units", "\(count) \(units.name) at \(units.clock.value.text)", units.count.source))
    }
    for cache in forms.caches {
      let value = "\(cache.name): activations up to \(cache.capacity.value.text) at \(cache.bandwidth.value.text)"
      lines.append(("caches", value, cache.capacity.source))
    }
    if let tile = forms.tile {
      lines.append(("tile", "\(tile.rows) tokens x \(tile.inner) x \(tile.columns) columns", tile.source))
    }
    if let shapes = forms.shapes {
      lines.append(
        ("shapes", "tokens padded to \(shapes.tokens.map(String.init).joined(separator: ", "))", shapes.source))
    }
    if let order = forms.order {
      lines.append(("order", "\(order.value.text) with more tokens than columns", order.source))
    }
    if let aspect = forms.aspect {
      lines.append(("aspect", "\(aspect.value.text) with more rows of weights than columns", aspect.source))
    }
    if let handOver = forms.handOver { lines.append(("hand-over", "\(handOver.value.text) a pass", handOver.source)) }
    if let numa = forms.numa {
      let value = "\(numa.remote.value.text) over \(numa.link.name): at most \(NumberText.bandwidth(numa.bandwidth))"
      lines.append(("numa", value, numa.remote.source))
    }
    if let group = forms.memoryGroup {
      lines.append(("memory-group", "\(group.name): \(group.together.value.text) together", group.together.source))
    }
    for partner in device.partners {
      let value =
        "\(NumberText.percent(partner.share)) of every product on \(partner.device.name), "
        + "\(partner.handOver.text) to meet"
      lines.append(("beside", value, "the scenario"))
    }
    return lines
  }
}
