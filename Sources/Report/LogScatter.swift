import Foundation

/// A plot of pairs on logarithmic axes, as SVG.
public struct LogScatter {
  /// Pairs of one colour.
  public struct Series {
    /// The name in the legend.
    public var name: String
    /// Pairs, both above 0.
    public var points: [(x: Double, y: Double)]

    /// A series.
    public init(name: String, points: [(x: Double, y: Double)]) {
      self.name = name
      self.points = points
    }
  }

  /// The title.
  public var title: String
  /// What the horizontal axis shows.
  public var xLabel: String
  /// What the vertical axis shows.
  public var yLabel: String
  /// What is drawn, the first at the back.
  public var series: [Series]

  /// A plot.
  public init(title: String, xLabel: String, yLabel: String, series: [Series]) {
    self.title = title
    self.xLabel = xLabel
    self.yLabel = yLabel
    self.series = series
  }

  private static let size = 560.0
  private static let left = 70.0
  private static let top = 40.0
  /// The plot, with the diagonal of equal pairs and lines at 20 % to either side; empty without points. Both axes span
  /// the same whole decades.
  public var svg: String {
    let all = series.flatMap(\.points).flatMap { [$0.x, $0.y] }.filter { $0 > 0 && $0.isFinite }
    guard let least = all.min(), let most = all.max() else { return "" }
    let low = log10(least).rounded(.down)
    let high = max(low + 1, log10(most).rounded(.up))
    func place(_ value: Double) -> Double { (log10(value) - low) / (high - low) * Self.size }
    func across(_ value: Double) -> String { text(Self.left + place(value)) }
    func down(_ value: Double) -> String { text(Self.top + Self.size - place(value)) }
    let (right, bottom) = (Self.left + Self.size, Self.top + Self.size)
    // Seven pixels a letter, as wide as most are at this size.
    let legend = max(170, 40 + 7 * Double(series.map(\.name.count).max() ?? 0))
    var lines = [
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(text(right + legend)) \(text(bottom + 60))\" "
        + "font-family=\"sans-serif\" font-size=\"13\">",
      "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>",
      "<text x=\"\(text(Self.left))\" y=\"24\" font-size=\"16\">\(SVGText.escaped(title))</text>",
    ]
    for power in Int(low)...Int(high) {
      let value = pow(10, Double(power))
      lines += [
        "<path d=\"M\(across(value)) \(text(Self.top))V\(text(bottom))M\(text(Self.left)) \(down(value))H\(text(right))\" "
          + "stroke=\"#ddd\" fill=\"none\"/>",
        "<text x=\"\(across(value))\" y=\"\(text(bottom + 18))\" text-anchor=\"middle\">\(tick(power))</text>",
        "<text x=\"\(text(Self.left - 6))\" y=\"\(down(value))\" dy=\"4\" text-anchor=\"end\">\(tick(power))</text>",
      ]
    }
    let (first, last) = (pow(10, low), pow(10, high))
    lines.append("<g clip-path=\"url(#a)\" fill=\"none\" stroke=\"#000\">")
    for (factor, dash) in [(1, "none"), (1.2, "4 4"), (1 / 1.2, "4 4")] {
      let path = "M\(across(first)) \(down(first * factor))L\(across(last)) \(down(last * factor))"
      lines.append("<path d=\"\(path)\" stroke-width=\"0.7\" stroke-dasharray=\"\(dash)\"/>")
    }
    lines.append("</g>")
    let frame =
      "x=\"\(text(Self.left))\" y=\"\(text(Self.top))\" width=\"\(text(Self.size))\" height=\"\(text(Self.size))\""
    lines.append("<clipPath id=\"a\"><rect \(frame)/></clipPath>")
    for (index, series) in series.enumerated() {
      let colour = SVGText.colours[index % SVGText.colours.count]
      lines.append("<g fill=\"\(colour)\" fill-opacity=\"0.5\">")
      for point in series.points where point.x > 0 && point.y > 0 {
        lines.append("<circle cx=\"\(across(point.x))\" cy=\"\(down(point.y))\" r=\"2\"/>")
      }
      lines.append("</g>")
      let y = Self.top + 14 + 20 * Double(index)
      lines += [
        "<circle cx=\"\(text(right + 16))\" cy=\"\(text(y - 4))\" r=\"5\" fill=\"\(colour)\"/>",
        "<text x=\"\(text(right + 28))\" y=\"\(text(y))\">\(SVGText.escaped(series.name))</text>",
      ]
    }
    let middle = text(Self.top + Self.size / 2)
    lines += [
      "<rect \(frame) fill=\"none\" stroke=\"#888\"/>",
      "<text x=\"\(text(Self.left + Self.size / 2))\" y=\"\(text(bottom + 44))\" text-anchor=\"middle\">"
        + "\(SVGText.escaped(xLabel))</text>",
      "<text x=\"18\" y=\"\(middle)\" text-anchor=\"middle\" transform=\"rotate(-90 18 \(middle))\">"
        + "\(SVGText.escaped(yLabel))</text>", "</svg>",
    ]
    return lines.joined(separator: "\n") + "\n"
  }

  private func text(_ value: Double) -> String { SVGText.number(value) }

  private func tick(_ power: Int) -> String {
    switch power {
    case 0: "1"
    case 1: "10"
    case 2: "100"
    default: "1e\(power)"
    }
  }
}
