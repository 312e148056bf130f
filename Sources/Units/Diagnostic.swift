/// A text that people wrote, under the name they know it by, in lines for diagnostics to show.
public final class SourceText: Hashable, Sendable {
  /// The path as the user gave it, or "--set workload.rate-scale=2".
  public let name: String
  /// The lines without their ends.
  public let lines: [String]
  /// The number of the first of them, where only a part of a long text is at hand.
  public let firstLine: Int

  /// A text of `lines`.
  public init(name: String, lines: [String], firstLine: Int = 1) {
    self.name = name
    self.lines = lines
    self.firstLine = firstLine
  }

  /// A text that is split at line feeds; a carriage return before one belongs to it.
  public convenience init(name: String, text: String) {
    var lines: [String] = []
    var line = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      if scalar == "\n" {
        if line.last == "\r" { line.removeLast() }
        lines.append(String(line))
        line = String.UnicodeScalarView()
      } else {
        line.append(scalar)
      }
    }
    if !line.isEmpty { lines.append(String(line)) }
    self.init(name: name, lines: lines)
  }

  /// Whether name and lines are equal.
  public static func == (a: SourceText, b: SourceText) -> Bool {
    a.name == b.name && a.firstLine == b.firstLine && a.lines == b.lines
  }
  /// Feeds the name.
  public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

/// A place in a text: where a caret points.
public struct Place: Hashable, Sendable {
  /// The text.
  public var source: SourceText
  /// Line, from 1.
  public var line: Int
  /// Column in Unicode scalars, from 1.
  public var column: Int

  /// The place `line`:`column` of `source`.
  public init(source: SourceText, line: Int, column: Int) {
    self.source = source
    self.line = line
    self.column = column
  }

  /// The place `columns` further right on the same line.
  public func advanced(by columns: Int) -> Place { Place(source: source, line: line, column: column + columns) }

  /// "file:line", as tables cite it.
  public var citation: String { "\(source.name):\(line)" }
}

/// Something to tell the author of a text: where, what, why, and how to mend it.
public struct Diagnostic: Error, Hashable, Sendable, CustomStringConvertible {
  /// How bad it is.
  public enum Severity: String, Hashable, Sendable {
    /// The text cannot be used.
    case error
    /// The text can be used; its author may not have meant what it says.
    case warning
    /// Something worth knowing.
    case note
  }

  /// How bad it is.
  public var severity: Severity
  /// Where; nil where no text is to blame.
  public var place: Place?
  /// What is wrong, in one line.
  public var what: String
  /// The rule or the arithmetic behind it; empty where there is nothing to add.
  public var why: String
  /// What to do; empty where nothing can be said.
  public var fix: String

  /// A diagnostic.
  public init(_ severity: Severity = .error, at place: Place?, _ what: String, why: String = "", fix: String = "") {
    self.severity = severity
    self.place = place
    self.what = what
    self.why = why
    self.fix = fix
  }

  /// The diagnostic as it is printed, without a line feed at the end: place, severity and what; the line and a caret
  /// under the place; why; fix.
  public var description: String {
    var text = "\(severity.rawValue): \(printable(what))"
    if let place {
      text = "\(printable(place.source.name)):\(place.line):\(place.column): " + text
      let index = place.line - place.source.firstLine
      if place.source.lines.indices.contains(index) {
        text += "\n" + Self.excerpt(place.source.lines[index], column: place.column)
      }
    }
    if !why.isEmpty { text += "\n  why: " + printable(why) }
    if !fix.isEmpty { text += "\n  fix: " + printable(fix) }
    return text
  }

  /// A line, cut to 100 columns around the caret, and the caret under it.
  private static func excerpt(_ line: String, column: Int) -> String {
    let scalars = Array(line.unicodeScalars)
    let caret = min(max(1, column), scalars.count + 1) - 1
    let first = caret < 90 ? 0 : caret - 60
    let shown = scalars[min(first, scalars.count)..<min(first + 100, scalars.count)]
    let before = first > 0 ? "..." : ""
    let after = first + 100 < scalars.count ? "..." : ""
    let text = before + printable(String(String.UnicodeScalarView(shown)), newlines: false) + after
    return "  " + text + "\n  " + String(repeating: " ", count: before.count + caret - first) + "^"
  }
}

/// The text with every control character replaced by one visible character, so that no file can drive a terminal.
func printable(_ text: String, newlines: Bool = true) -> String {
  var safe = String.UnicodeScalarView()
  for scalar in text.unicodeScalars {
    switch scalar.properties.generalCategory {
    case .control where scalar == "\t": safe.append(" ")
    case .control where scalar == "\n" && newlines: safe.append(scalar)
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: safe.append("\u{FFFD}")
    default: safe.append(scalar)
    }
  }
  return String(safe)
}
