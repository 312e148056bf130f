import Cluster
import Timeline
import Units

/// What a recording says, in words and tables.
public enum TimelineText {
  /// How long each step took, what each stream did, and why the time passed.
  public static func text(_ placed: PlacedRecording, style: Style) -> String {
    let recording = placed.recording
    guard let start = recording.steps.first?.release, let end = recording.steps.last?.end, start < end else {
      return "nothing ran\n"
    }
    let span = (end - start).seconds
    let explanation = recording.explanation(streams: placed.streams.count)
    var lines = [style.strong("steps")]
    let lengths = recording.steps.map { ($0.end - $0.release).seconds }
    for (index, length) in lengths.prefix(mostLines).enumerated() {
      let tasks = recording.tasks.count { $0.plan == index }
      lines.append("  \(index): \(NumberText.time(length)), \(tasks) tasks")
    }
    if lengths.count > mostLines {
      let mean = lengths.reduce(0, +) / Double(lengths.count)
      lines.append(
        "  ... \(NumberText.count(lengths.count)) in all: \(NumberText.time(lengths.min() ?? 0)) to "
          + "\(NumberText.time(lengths.max() ?? 0)), \(NumberText.time(mean)) in the mean, \(NumberText.count(recording.tasks.count)) tasks"
      )
    }
    lines.append("")
    var table = Table(["stream", "busy", "on the critical path", "bytes", "idle: waited for"], leading: [0, 4])
    for (index, name) in placed.streams.enumerated() {
      guard recording.tasks.contains(where: { $0.stream == index }) else { continue }
      let busy = recording.busy(index).seconds
      let bytes = recording.bytes(index)
      let waits = explanation.bubbles[index].enumerated().filter { $0.element > 0 }.sorted { $0.element > $1.element }
        .prefix(3).map { cause, picoseconds in
          let what = cause < placed.streams.count ? placed.streams[cause] : "the next step"
          return "\(share(Double(picoseconds) * 1e-12 / span)) \(what)"
        }
      table.add([
        name, share(busy / span),
        share(Double(explanation.path[index]) * 1e-12 / span),
        bytes > 0 ? NumberText.bytes(Double(bytes)) : "-",
        waits.joined(separator: ", "),
      ])
    }
    lines.append(table.text(style: style))
    for figure in placed.figures {
      guard let value = figure.value else { continue }
      lines.append("\(figure.name): \(figure.text(value))")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Most steps that have a line of their own.
  private static let mostLines = 20

  /// The same for programs.
  public static func json(_ placed: PlacedRecording) -> JSON {
    let explanation = placed.recording.explanation(streams: placed.streams.count)
    let steps = placed.recording.steps.map { step in
      JSON.number((step.end - step.release).seconds)
    }
    let streams = placed.streams.enumerated().map { index, name in
      JSON.object([
        JSON.Member("name", .string(name)),
        JSON.Member("busy_s", .number(placed.recording.busy(index).seconds)),
        JSON.Member("critical_s", .number(Double(explanation.path[index]) * 1e-12)),
        JSON.Member("bytes", .integer(Int(placed.recording.bytes(index)))),
        JSON.Member(
          "idle_s",
          .object(
            explanation.bubbles[index].enumerated().filter { $0.element > 0 }.map { cause, picoseconds in
              JSON.Member(
                cause < placed.streams.count ? placed.streams[cause] : "step", .number(Double(picoseconds) * 1e-12))
            })),
      ])
    }
    return .object([JSON.Member("steps_s", .array(steps)), JSON.Member("streams", .array(streams))])
  }

  private static func share(_ value: Double) -> String { NumberText.percent(value) }
}
