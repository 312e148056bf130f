/// Pictures of block characters, each column or bar filled to an eighth of a character.
enum Plot {
  private static let levels = Array(" ▁▂▃▄▅▆▇█")
  private static let parts = Array(" ▏▎▍▌▋▊▉█")

  /// One character for each share from 0 to 1: blank for nothing, the lowest block for anything up to an eighth.
  static func line(_ shares: [Double]) -> String {
    String(shares.map { $0 > 0 ? levels[min(8, Int($0 * 8) + 1)] : " " })
  }

  /// `height` lines, the highest first, in which each value stands as a column; `top` fills it. What is above nothing
  /// shows at least an eighth of a character.
  static func columns(_ values: [Double], top: Double, height: Int) -> [String] {
    let eighths = values.map { value -> Int in
      guard value > 0, top > 0 else { return 0 }
      return min(height * 8, max(1, Int((value / top * Double(height * 8)).rounded())))
    }
    return (0..<height).reversed().map { row in
      String(eighths.map { levels[min(8, max(0, $0 - row * 8))] })
    }
  }

  /// A bar from the left that fills `width` characters at a share of 1, without blanks after it.
  static func bar(_ share: Double, width: Int) -> String {
    guard share > 0 else { return "" }
    let eighths = min(width * 8, max(1, Int((share * Double(width * 8)).rounded())))
    let rest = eighths % 8
    return String(repeating: "█", count: eighths / 8) + (rest > 0 ? String(parts[rest]) : "")
  }

  /// Rates in bins of `seconds` as columns over time under a title, in at most 80 columns; nothing for fewer than two
  /// bins.
  static func overTime(_ rates: [Double], seconds: Double, style: Style) -> [String] {
    let group = max(1, (rates.count + 79) / 80)
    let means = stride(from: 0, to: rates.count, by: group).map { bin in
      let members = rates[bin..<min(rates.count, bin + group)]
      return members.reduce(0, +) / Double(members.count)
    }
    guard means.count > 1, let top = means.max(), top > 0 else { return [] }
    let label = "\(NumberText.significant(top))/s"
    let lines = columns(means, top: top, height: 6).enumerated().map { row, line in
      let side = row == 0 ? label : row == 5 ? "0" : ""
      return String(repeating: " ", count: label.count - side.count) + side + " │" + line
    }
    return [style.strong("rate over time") + ", \(NumberText.duration(seconds * Double(group))) a column"] + lines
  }

  /// Sections of lines, blanks at their ends left out, with an empty line between; ends with a line feed.
  static func page(_ sections: [[String]]) -> String {
    sections.filter { !$0.isEmpty }.map { section in
      section.map { line in String(line.prefix(through: line.lastIndex { $0 != " " } ?? line.startIndex)) + "\n" }
        .joined()
    }.joined(separator: "\n")
  }
}
