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
}
