import Cluster
import Units

extension Summary {
  /// What the streams of placed pools did, what their memories hold and what their policies counted; nothing where no
  /// pool is placed.
  func placementLines(_ style: Style) -> [String] {
    var lines: [String] = []
    for pool in pools {
      guard let placement = pool.placement else { continue }
      let time = duration.value * Double(pool.replicas)
      var table = Table(["\(pool.name.shortened(to: 16)): stream", "busy", "busy time", "bytes", "rate while busy"])
      for stream in placement.streams where stream.busy > .zero || stream.bytes > 0 {
        let busy = stream.busy.seconds
        table.add([
          Table.Cell(stream.name.shortened(to: 24)), Table.Cell(time > 0 ? NumberText.percent(busy / time) : "-"),
          Table.Cell(NumberText.time(busy)),
          Table.Cell(stream.carries ? NumberText.bytes(Double(stream.bytes)) : "-"),
          Table.Cell(stream.carries && busy > 0 ? NumberText.bandwidth(Double(stream.bytes) / busy) : "-"),
        ])
      }
      lines += table.lines(style)
      let held = placement.holdings.map {
        "\($0.memory) holds \(NumberText.bytes($0.bytes)) of \(NumberText.bytes($0.capacity))"
      }
      let counted = placement.figures.compactMap { figure in figure.value.map { "\(figure.name) \(figure.text($0))" } }
      for part in [held, counted] where !part.isEmpty { lines.append("  " + part.joined(separator: ", ")) }
    }
    return lines
  }
}

extension PlacedFigure {
  /// A value of the figure with its unit.
  func text(_ value: Double) -> String {
    switch unit {
    case "share": NumberText.percent(value)
    case "B": NumberText.bytes(value)
    case "s": NumberText.time(value)
    case "J": NumberText.energy(value)
    case "count": NumberText.significant(value)
    default: "\(NumberText.significant(value)) \(unit)"
    }
  }
}

extension PlacementSummary {
  /// The same for programs.
  var json: JSON {
    .object([
      .init("tasks", .integer(Int(tasks))),
      .init(
        "streams",
        .array(
          streams.map { stream in
            .object([
              .init("name", .string(stream.name)), .init("busy_s", .number(stream.busy.seconds)),
              .init("bytes", .integer(Int(stream.bytes))),
            ])
          })),
      .init(
        "holdings",
        .array(
          holdings.map { holding in
            .object([
              .init("memory", .string(holding.memory)), .init("bytes", .number(holding.bytes)),
              .init("capacity", .number(holding.capacity)),
            ])
          })),
      .init("figures", .object(figures.map { .init($0.name, .optional($0.value)) })),
    ])
  }
}
