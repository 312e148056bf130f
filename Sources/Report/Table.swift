#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// How a report may mark its text.
public enum Style: Hashable, Sendable {
  /// Characters only.
  case plain
  /// ANSI escapes for weight and colour.
  case terminal

  /// `text` in bold.
  func strong(_ text: String) -> String { mark(text, "1") }
  /// `text` as something good.
  func good(_ text: String) -> String { mark(text, "32") }
  /// `text` as something bad.
  func bad(_ text: String) -> String { mark(text, "31") }
  /// `text` as something of less weight.
  func faint(_ text: String) -> String { mark(text, "2") }

  private func mark(_ text: String, _ code: String) -> String {
    self == .plain || text.isEmpty ? text : "\u{1b}[\(code)m\(text)\u{1b}[0m"
  }
}

extension Style {
  /// The style for a file descriptor, standard output by default: marked where it is a terminal that knows escapes and
  /// the user has not set NO_COLOR. Source: no-color.org.
  public static func detected(_ descriptor: Int32 = 1) -> Style {
    guard isatty(descriptor) == 1, getenv("NO_COLOR") == nil, let terminal = getenv("TERM") else { return .plain }
    return strcmp(terminal, "dumb") == 0 ? .plain : .terminal
  }
}

/// Rows of text under a header, in aligned columns two blanks apart.
public struct Table {
  /// What stands in one column of one row.
  public struct Cell: ExpressibleByStringInterpolation {
    var text: String
    /// How the padded text is marked.
    var mark: ((String) -> String)?

    /// A text without a mark.
    public init(stringLiteral text: String) { self.text = text }
    init(_ text: String, mark: ((String) -> String)? = nil) {
      self.text = text
      self.mark = mark
    }
  }

  private var header: [String]
  private let leading: Set<Int>
  private var rows: [[Cell]] = []

  /// A table of columns titled `header`, numbers to the right; the columns in `leading` are text, to the left.
  public init(_ header: [String], leading: Set<Int> = [0]) {
    self.header = header
    self.leading = leading
  }

  /// Adds a row with a cell for each column.
  mutating func add(_ cells: [Cell]) { rows.append(cells) }

  /// Adds a row with a text for each column.
  public mutating func add(_ texts: [String]) { rows.append(texts.map { Cell($0) }) }

  /// The table, each line ended by a line feed.
  public func text(style: Style = .plain) -> String { lines(style).map { $0 + "\n" }.joined() }

  /// The lines of the table.
  func lines(_ style: Style) -> [String] {
    let widths = header.indices.map { column in
      rows.reduce(header[column].count) { max($0, $1[column].text.count) }
    }
    func line(_ cells: [Cell]) -> String {
      var text = ""
      for (column, cell) in cells.enumerated() {
        if column > 0 { text += "  " }
        let padding = String(repeating: " ", count: widths[column] - cell.text.count)
        let marked = cell.mark?(cell.text) ?? cell.text
        if !leading.contains(column) {
          text += padding + marked
        } else {
          text += column == cells.count - 1 ? marked : marked + padding
        }
      }
      return text
    }
    let title = line(header.map { Cell($0) })
    return [style.strong(String(title.prefix(through: title.lastIndex { $0 != " " } ?? title.startIndex)))]
      + rows.map(line)
  }
}
