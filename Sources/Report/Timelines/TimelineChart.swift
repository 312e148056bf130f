import Foundation
import Timeline
import Units

/// A recording as bars over time, a row for each stream, as SVG.
public struct TimelineChart {
  private let recording: Recording
  private let streams: [String]
  private let title: String

  private static let width = 1_000.0
  private static let left = 170.0
  private static let row = 34.0

  /// A chart of `recording`.
  public init(_ recording: Recording, streams: [String], title: String) {
    self.recording = recording
    self.streams = streams
    self.title = title
  }

  /// The chart: tasks in the colour of their label, those that the step does not wait for paler, ends of steps dashed;
  /// empty without tasks.
  public var svg: String {
    guard let first = recording.tasks.map(\.start).min(), let last = recording.tasks.map(\.end).max(), first < last
    else { return "" }
    let span = (last - first).seconds
    let used = streams.indices.filter { index in recording.tasks.contains { $0.stream == index } }
    let labels = recording.tasks.reduce(into: [String]()) { if !$0.contains($1.label) { $0.append($1.label) } }
    func x(_ moment: Instant) -> Double { Self.left + (moment - first).seconds / span * Self.width }
    let bottom = 50 + Double(used.count) * Self.row
    let height = bottom + 60 + 20 * Double((labels.count + 5) / 6)
    var lines = [
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(SVGText.number(Self.left + Self.width + 50)) "
        + "\(SVGText.number(height))\" font-family=\"sans-serif\" font-size=\"13\">",
      "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>",
      "<text x=\"10\" y=\"24\" font-size=\"16\">\(SVGText.escaped(title))</text>",
    ]
    for (place, stream) in used.enumerated() {
      let top = 44 + Double(place) * Self.row
      lines.append(
        "<text x=\"\(SVGText.number(Self.left - 8))\" y=\"\(SVGText.number(top + 18))\" text-anchor=\"end\">"
          + "\(SVGText.escaped(streams[stream]))</text>")
      for task in recording.tasks where task.stream == stream && task.start < task.end {
        let colour = SVGText.colours[(labels.firstIndex(of: task.label) ?? 0) % SVGText.colours.count]
        let width = max(0.3, x(task.end) - x(task.start))
        lines.append(
          "<rect x=\"\(SVGText.number(x(task.start)))\" y=\"\(SVGText.number(top))\" width=\"\(SVGText.number(width))\" "
            + "height=\"\(SVGText.number(Self.row - 8))\" fill=\"\(colour)\" fill-opacity=\"\(task.isAhead ? 0.45 : 0.9)\""
            + (width > 3 ? " stroke=\"white\" stroke-width=\"0.4\"" : "") + "/>")
      }
    }
    for step in recording.steps {
      let end = SVGText.number(x(min(step.end, last)))
      lines.append(
        "<path d=\"M\(end) 40V\(SVGText.number(bottom))\" stroke=\"#333\" stroke-dasharray=\"3 3\" fill=\"none\"/>")
    }
    for tick in 0...5 {
      let part = Double(tick) / 5
      lines.append(
        "<text x=\"\(SVGText.number(Self.left + part * Self.width))\" y=\"\(SVGText.number(bottom + 18))\" "
          + "text-anchor=\"middle\">\(SVGText.escaped(NumberText.time(span * part)))</text>")
    }
    for (index, label) in labels.enumerated() {
      let (column, row) = (Double(index % 6), Double(index / 6))
      let (left, top) = (Self.left + column * 160, bottom + 34 + row * 20)
      lines.append(
        "<rect x=\"\(SVGText.number(left))\" y=\"\(SVGText.number(top))\" width=\"12\" height=\"12\" "
          + "fill=\"\(SVGText.colours[index % SVGText.colours.count])\"/>"
          + "<text x=\"\(SVGText.number(left + 18))\" y=\"\(SVGText.number(top + 11))\">\(SVGText.escaped(label))</text>"
      )
    }
    return (lines + ["</svg>"]).joined(separator: "\n") + "\n"
  }
}
